#!/bin/sh
# Pictures: written whole or not at all, the same bytes each time.
command -v gnuplot >/dev/null || { echo 'no gnuplot to draw with'; exit 77; }
PATH=${BINDIR:-$PWD}:$PATH
. "$(dirname "$0")/../tap.sh"
models=$(cd "${SRCDIR:-.}/models" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# fails STATUS WORDS...: `tpsim plot` ends so, says one line, and leaves no file.
fails() {
  want=$1
  shift
  tpsim plot "$@" 2>err
  [ $? = "$want" ] && [ "$(wc -l <err)" = 1 ] && [ -z "$(ls | grep '^x')" ]
}

is_svg() { [ "$(wc -c <"$1")" -gt 10000 ] && tail -3 "$1" | grep -q '</svg>'; }
is_png() { [ "$(wc -c <"$1")" -gt 20000 ] && [ "$(head -c 4 "$1" | tail -c 3)" = PNG ]; }

tpsim sweep --model ladder-1b,ladder-405b --platform dgx-h100 --tp 1,2,4,8 --batch 1,4 \
  --variant standard,ladder,no-comm -o sweep.csv
tpsim reproduce all --format csv >published.csv
cat >hostile.csv <<'EOF'
model,variant,tp,speedup,e2e_s,comm_exposed_s
"'; system(""touch ran""); #",ladder,8,1.5,1,0.5
"'; system(""touch ran""); #",`touch ran`,8,1.25,1,0.5
"it's
!touch ran
$(touch ran) @x \",ladder,8,1.5,1,0.5
"<b>&#0;{/:Bold a}_b^c &amp; %s''",ladder,8,1.5,1,0.5
EOF
printf 'caf\351,ladder,8,1.5,1,0.5\n' >>hostile.csv
tpsim compare --collectives --platform l40-x4,dgx-h100 --tp 2,4 --format csv >collectives.csv

check "speedup" tpsim plot sweep.csv -o a.png -o a.svg
check "speedup is PNG" is_png a.png
check "speedup is SVG" is_svg a.svg
check "speedup names what does not fit" grep -q 'does not fit' a.svg
check "speedup says which batch" grep -q 'batch 1 (smallest of 2)' a.svg
check "again" tpsim plot speedup sweep.csv -o b.svg
check "the same bytes" cmp a.svg b.svg
check "breakdown" tpsim plot breakdown sweep.csv --model ladder-1b --batch 4 -o c.png -o c.svg
check "breakdown is PNG" is_png c.png
check "breakdown is SVG" is_svg c.svg
check "published" tpsim plot published published.csv -o d.png -o d.svg
check "published is PNG" is_png d.png
check "published is SVG" is_svg d.svg
check "collectives" tpsim plot collectives collectives.csv --platform l40-x4 -o e.png -o e.svg
check "collectives is PNG" is_png e.png
check "collectives is SVG" is_svg e.svg
check "collectives has the platform asked for" sh -c '! grep -q dgx e.svg'
check "collectives has both degrees" grep -q '>2 ranks: bus GB/s<' e.svg
tpsim compare --model ladder-1b --platform dgx-h100 --tp 2 --variant standard,ladder \
  --timeline spans.csv >/dev/null
for kind in batch pareto heatmap; do
  check "$kind" tpsim plot $kind sweep.csv --model ladder-1b -o $kind.png -o $kind.svg
  check "$kind is PNG" is_png $kind.png
  check "$kind is SVG" is_svg $kind.svg
done
for kind in gantt roofline; do
  check "$kind" tpsim plot $kind spans.csv -o $kind.png -o $kind.svg
  check "$kind is PNG" is_png $kind.png
  check "$kind is SVG" is_svg $kind.svg
done
check "heatmap of other axes" tpsim plot heatmap sweep.csv --tp 8 --x model --y variant \
  --value tokens_per_s --batch 4 -o other.svg
check "has their names" grep -q '>ladder-1b<' other.svg
sed 's/,mlp[^,]*,/,"it'"'"'s `touch ran` @x {\/:Bold a}",/' spans.csv >hostile-spans.csv
check "hostile ops" tpsim plot gantt hostile-spans.csv -o hostile.svg
hub=
# Models as the hub's cache names them: what both begin with is longer than a title.
for size in 8 70; do
  folder=models--meta-llama--Llama-3.1-${size}B-Instruct/snapshots/0e9e39f249a16976918f6564b8830bc894c89659
  mkdir -p "hub/$folder"
  cp "$models/llama-3.1-${size}b.json" "hub/$folder/config.json"
  hub=$hub${hub:+,}hub/$folder
done
tpsim sweep --model "$hub" --platform dgx-h100 --tp 8 --variant ladder -o hub.csv
tpsim report hub.csv -o hub.html
for kind in speedup breakdown batch pareto heatmap; do
  check "$kind of models of the hub" tpsim plot $kind hub.csv -o hub.svg
  check "$kind tells them apart" sh -c 'grep -q "3.1-8B-In" hub.svg && grep -q "3.1-70B-In" hub.svg'
done
check "a report tells them apart" [ "$(grep -c '<text>.*3.1-70B-In' hub.html)" = 5 ]
check "breakdown of one variant" tpsim plot breakdown hub.csv -o one.svg -o one.png
for entry in compute 'exposed communication, %' '10 to 90 % quantile'; do
  check "its key has $entry" grep -q ">$entry<" one.svg
done
tpsim sweep --model ladder-1b --platform dgx-h100 --tp 2,4 --variant ladder --batch 1:128 \
  -o wide.csv
check "heatmap of 128 batches" tpsim plot heatmap wide.csv -o wide.svg -o wide.png
check "its scale has a name and figures" grep -q '>speedup<' wide.svg
check "its batches are thinned" sh -c 'grep -q ">120<" wide.svg && ! grep -q ">121<" wide.svg'
rm -r hub hub.* one.* wide.*
check "PDF" tpsim plot sweep.csv -o f.pdf
check "PDF is PDF" [ "$(head -c 5 f.pdf)" = %PDF- ]
check "hostile names" tpsim plot hostile.csv -o g.svg -o g.png
check "hostile names of bars" tpsim plot breakdown hostile.csv -o h.svg
check "none of them ran" [ ! -e ran ]
check "a quote is data" grep -q "it's !touch ran" g.svg
check "markup is data" grep -q '#0;{/:Bold a}_b^c' h.svg
check "bytes that are no UTF-8 do not get there" iconv -f UTF-8 -t UTF-16 -o /dev/null g.svg
check "without standard input" sh -c 'tpsim plot sweep.csv -o i.svg <&-'
check "is the same picture" cmp a.svg i.svg
check "nothing beside them" [ "$(ls | wc -l)" = 33 ]

cp a.svg kept.svg
check "a limit on files" sh -c '(ulimit -f 40; tpsim plot sweep.csv -o a.svg 2>err); [ $? = 3 ]'
check "which is said" grep -q "a.svg: cannot be written: File too large" err
check "keeps the picture that was there" cmp a.svg kept.svg
rm kept.svg
sed "s/ladder-1b/100%d/" sweep.csv >percent.csv
check "a percent sign on an axis" tpsim plot heatmap percent.csv --tp 8 --x model --y variant -o p.svg
check "is data" grep -q ">100%d<" p.svg
rm percent.csv p.svg

check "no such kind" fails 2 speedups sweep.csv -o x.svg
check "all-reduces have no model" fails 2 collectives collectives.csv --model m -o x.svg
check "no such machine" fails 2 collectives collectives.csv --tp 3 -o x.svg
check "not all-reduces" fails 2 collectives sweep.csv -o x.svg
check "no such axis" fails 2 heatmap sweep.csv --x batches -o x.svg
check "one axis twice" fails 2 heatmap sweep.csv --x tp -o x.svg
check "axes of another kind" fails 2 speedup sweep.csv --x tp -o x.svg
check "no spans" fails 2 gantt sweep.csv -o x.svg
check "no such batch" fails 2 sweep.csv --batch 3 -o x.svg
check "no such format" fails 2 sweep.csv -o x.svg -o x.gif
check "no picture named" fails 2 sweep.csv
check "no place for the second" fails 3 sweep.csv -o x.svg -o none/x.png
mkdir bin
ln -s "$(command -v tpsim)" bin/tpsim
check "no gnuplot" sh -c 'PATH=$PWD/bin tpsim plot sweep.csv -o x.svg 2>err; [ $? = 3 ]'
check "no gnuplot names the package" grep -q gnuplot-nox err
printf '#!/bin/sh\necho half\necho "line 1: out of ink" >&2\nexit 1\n' >bin/gnuplot
chmod +x bin/gnuplot
PATH=$work/bin:$PATH
check "gnuplot fails" fails 3 sweep.csv -o x.svg
check "gnuplot says why" grep -q 'out of ink' err
finish
