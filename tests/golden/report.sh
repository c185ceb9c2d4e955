#!/bin/sh
# A report: one page that needs nothing beside it, well-formed whatever stands in the rows.  In
# Chromium, where that is installed, it sorts.
command -v gnuplot >/dev/null || { echo 'no gnuplot to draw with'; exit 77; }
PATH=${BINDIR:-$PWD}:$PATH
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# fails STATUS WORDS...: `tpsim report` ends so, says one line, and leaves no file.
fails() {
  want=$1
  shift
  tpsim report "$@" 2>err
  [ $? = "$want" ] && [ "$(wc -l <err)" = 1 ] && [ -z "$(ls | grep '^x')" ]
}

tpsim sweep --model ladder-1b --platform dgx-h100 --tp 2,8 --batch 1,16 --variant standard,ladder \
  -o sweep.csv
check "report" tpsim report sweep.csv -o a.html
check "again" tpsim report sweep.csv -o b.html
check "the same bytes" cmp a.html b.html
check "five pictures" [ "$(grep -c '<figure><svg' a.html)" = 5 ]
check "a line a row" [ "$(grep -c '^<tr><td>ladder-1b<' a.html)" = 8 ]
check "nothing from elsewhere" sh -c "! grep -qE '(src|href)=.?(https?:|//|file:)' a.html"
check "the command" grep -q '<code>tpsim sweep --model ladder-1b ' a.html
check "a hash that holds" grep -q '<td>models/ladder-1b.json</td><td>[0-9a-f]\{16\}</td><td>as it was<' a.html
check "what was held against measurements" \
  grep -q 'devices/h100-sxm.json</td><td>gemm</td><td>fitted</td>.*held out' a.html
sed 's/"fnv1a64": "[0-9a-f]*"/"fnv1a64": "0123456789abcdef"/' sweep.csv.json >moved.csv.json
cp sweep.csv moved.csv
check "changed inputs" tpsim report moved.csv -o c.html
check "are named" grep -q 'models/ladder-1b.json.*has changed since' c.html
{
  echo 'model,variant,tp,speedup,e2e_s,comm_exposed_s'
  printf '<script>alert(1)</script>\351,"</td>&#0;",2,1.5,1,0.5\n'
} >hostile.csv
check "hostile names" tpsim report hostile.csv -o d.html
check "are data" grep -q '^<tr><td>&lt;script&gt;alert(1)&lt;/script&gt;.*&lt;/td&gt;&amp;' d.html
check "are UTF-8" iconv -f UTF-8 -t UTF-16 -o /dev/null d.html
check "no sidecar is said" grep -q 'there is no hostile.csv.json' d.html
tpsim sweep --model ladder-1b --platform dgx-h100 --stack gpt-fast-compile,ideal -o stacks.csv
check "rows of two stacks" tpsim report stacks.csv -o e.html
check "a missing picture is said" \
  grep -q 'kind <code>speedup</code>.*: 2 values of stack in one picture' e.html
tpsim reproduce ladder --format csv >published.csv
check "published rows" tpsim report published.csv -o f.html
check "have their picture" [ "$(grep -c '<figure><svg' f.html)" = 1 ]

head -1 sweep.csv >empty.csv
check "no rows" fails 2 empty.csv -o x.html
check "no result" fails 2 none.csv -o x.html
check "no page" fails 2 sweep.csv
check "no place for it" fails 3 sweep.csv -o none/x.html

# dom PAGE: what Chromium makes of it.
dom() {
  HOME=$work timeout 60 chromium --headless --no-sandbox --disable-gpu --dump-dom \
    "file://$work/$1" 2>/dev/null
}
if command -v chromium >/dev/null; then
  dom 'a.html#sort=tpot_s' >sorted.html
  check "sorted by a column" grep -q '<th aria-sort="ascending">tpot_s</th>' sorted.html
  column=$(head -1 sweep.csv | tr , '\n' | grep -n '^tpot_s$' | cut -d: -f1)
  sed 's/<tr><td>/\
&/g' sorted.html | grep '^<tr><td>ladder-1b' | sed 's/<tr>//; s/<td[^>]*>//g; s/<.td>/,/g' |
    cut -d, -f"$column" >column
  check "with all rows" [ "$(wc -l <column)" = 8 ]
  check "in order" sort -gc column
  check "not as they were" sh -c "sed 1d sweep.csv | cut -d, -f$column | sort -gc 2>/dev/null; [ \$? != 0 ]"
  dom d.html >hostile-dom.html
  check "nothing hostile ran" sh -c "grep -q '&lt;script&gt;alert' hostile-dom.html"
else
  echo "# no chromium to open it with"
fi
finish
