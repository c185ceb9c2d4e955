#!/bin/sh
# What goes wrong on real machines: two writers, planted links, power losses, altered files, hostile
# names, closed streams, limits.  Each is refused in words, and nothing that is kept is lost.
PATH=${BINDIR:-$PWD}:$PATH
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

exits() { # STATUS COMMAND...: it ends so; above 1 with one line on standard error
  want=$1
  shift
  "$@" >out 2>err
  [ $? = "$want" ] || return 1
  [ "$want" -lt 2 ] || [ "$(grep -c '^tpsim: ' err) $(wc -l <err)" = "1 1" ]
}

says() { # TEXT
  grep -q "$1" err
}

sweep() { # OUT [OPTIONS]
  out=$1
  shift
  tpsim sweep --model ladder-1b,llama-3.1-8b --platform dgx-h100 --tp 1,2,4 --batch 1:30 \
    --generate 2 -o "$out" "$@"
}
check "a sweep" exits 0 sweep r.csv
cp r.csv whole.csv && mv r.csv.json whole.json && rm r.csv

# Two writers of one file: the second is refused, and the first goes on.
mkfifo gate
sh -c 'exec 9<>r.csv.part; flock 9; echo held >gate; read -r go <gate' &
holder=$!
read -r held <gate
check "another process writes it" exits 3 sweep r.csv
check "which is said" says 'r.csv: another process is writing it; wait'
check "of --resume, too" exits 3 sweep r.csv --resume
check "of serve" exits 3 tpsim serve --model ladder-1b --platform dgx-h100 -c 2 --generate 2 -o r.csv
check "which it says, too" says 'r.csv: another process is writing it; wait'
echo go >gate
wait $holder
check "when it is done there is no hindrance" exits 0 sweep r.csv
check "the same bytes" cmp whole.csv r.csv
check "serve leaves nothing but its result" sh -c 'tpsim serve --model ladder-1b --platform dgx-h100 \
  -c 2 --generate 2 -o served.csv && [ "$(echo served.csv*)" = "served.csv served.csv.json" ]'
echo kept >cut.csv.part
check "and of a sweep that was cut off its rows" sh -c 'tpsim serve --model ladder-1b \
  --platform dgx-h100 -c 2 --generate 2 -o cut.csv && [ "$(cat cut.csv.part)" = kept ]'
tpsim sweep --model llama-3.1-8b --platform dgx-h100 --tp 1,2,4,8 --batch 1:400 -o two.csv 2>one.err &
first=$!
tpsim sweep --model llama-3.1-8b --platform dgx-h100 --tp 1,2,4,8 --batch 1:400 -o two.csv 2>two.err
second_status=$?
wait $first
first_status=$?
check "of two at once none mixes rows" sh -c "[ $first_status$second_status = 00 ] ||
  [ $first_status$second_status = 30 ] || [ $first_status$second_status = 03 ]"
check "the result is one sweep's" [ "$(wc -l <two.csv) $(cut -d, -f5,8 two.csv | sort -u | wc -l)" = "1601 1601" ]

# Links: an output that is one is written through, alike everywhere; planted ones are not followed.
mkdir far && : >far/r.csv && ln -s far/r.csv link.csv
check "a link as output" exits 0 sweep link.csv
check "stays a link" [ -L link.csv ]
check "its file is the result" cmp whole.csv far/r.csv
check "with the sidecar beside it" [ -s far/r.csv.json ]
: >far/t.json && ln -s far/t.json t.json
check "the same of a timeline" exits 0 tpsim predict --model ladder-1b --platform dgx-h100 --timeline t.json
check "written through" sh -c '[ -L t.json ] && [ -s far/t.json ]'
ln -s nowhere/x.csv dangling.csv
check "a link to nothing" exits 3 sweep dangling.csv
check "is said" says 'dangling.csv: cannot be written: it links to a file that is not there'
# Streams of the shell: a pipe has no name to rename, and what a file held before stays.
check "a sweep into a pipe" sh -c 'tpsim sweep --model ladder-1b --platform dgx-h100 -o /dev/stdout | grep -q "^ladder-1b,"'
check "a timeline, too" sh -c 'tpsim predict --model ladder-1b --platform dgx-h100 --timeline /dev/fd/3 3>&1 >/dev/null | grep -q traceEvents'
check "a load" sh -c 'tpsim serve --model ladder-1b --platform dgx-h100 --concurrency 2 -o /dev/stdout | grep -q "^ladder-1b,"'
echo before >log.csv
check "what is there stays" sh -c 'tpsim sweep --model ladder-1b --platform dgx-h100 -o /dev/stdout >>log.csv && grep -qx before log.csv'
echo precious >precious
for end in csv.part csv.part.json; do
  rm -f p.*
  ln -s precious p.$end
  check "a planted .$end" exits 3 sweep p.csv
  check "is named" says "p.$end, which it grows as, is a link or no file"
  rm p.$end && ln precious p.$end
  check "a hard link .$end, too" exits 3 sweep p.csv
done
rm -f p.* && ln -s precious p.json.tmp
check "a planted .tmp" exits 3 tpsim predict --model ladder-1b --platform dgx-h100 --timeline p.json
check "nothing was followed" [ "$(cat precious)" = precious ]

# --resume: what it keeps it never takes away, and what was altered is noticed.
part() { # BYTES of an earlier run
  rm -f r.csv r.csv.json
  head -c "$1" whole.csv >r.csv.part
  cp whole.json r.csv.part.json
}
bytes=$(wc -c <whole.csv)
part $((bytes / 2))
check "a resume that fails soon" exits 3 prlimit --fsize=$((bytes / 2 + 500)) \
  sh -c 'tpsim sweep "$@"' sh --model ladder-1b,llama-3.1-8b --platform dgx-h100 --tp 1,2,4 \
  --batch 1:30 --generate 2 -o r.csv --resume
check "leaves what was there" [ "$(wc -c <r.csv.part)" -ge $((bytes / 2 - 400)) ]
check "and is resumed" exits 0 sweep r.csv --resume
check "to the same bytes" cmp whole.csv r.csv
part $((bytes / 2)) && head -c 5000 /dev/zero >>r.csv.part
check "zeros after a power loss are cut" exits 0 sweep r.csv --resume
check "with their torn line" cmp whole.csv r.csv
part 40 && head -c 5000 /dev/zero >>r.csv.part
check "zeros in the header, too" exits 0 sweep r.csv --resume
check "the same bytes again" cmp whole.csv r.csv
part $((bytes / 2)) && { head -c 50 /dev/zero && tail -c 300 whole.csv; } >>r.csv.part
check "zeros between rows" exits 2 sweep r.csv --resume
check "are said" says 'zero bytes between rows'
alter() { # NAME SED-SCRIPT WORDS
  part $((bytes / 2))
  sed -i "$2" r.csv.part
  check "$1" exits 2 sweep r.csv --resume
  check "is said: $3" says "r.csv.part:[0-9]*: $3"
  check "and nothing is lost" [ "$(wc -l <r.csv.part)" -ge 80 ]
}
alter "a number that is none" '7s/,analytic,[^,]*,/,analytic,nan,/' "column 'ttft_s' is no number"
alter "a number written otherwise" '7s/,analytic,0/,analytic,00/' "column 'ttft_s' is no number"
alter "another digit" '7s/\(,analytic,[0-9.]*\)[1-8],/\19,/;t
  7s/\(,analytic,[0-9.]*\)9,/\18,/' 'not what its point gives'
alter "an emptied cell" '9s/,analytic,[^,]*,/,analytic,,/' 'not what its point gives'
alter "another point" '9s/^ladder-1b/llama-3.1-8b/' 'not point 8 of this sweep'
alter "a carriage return" '5s/$/\r/' "column '[a-z_]*' is no number\|not what its point gives\|not point"
alter "a blank line" '5s/$/\n/' '1 cells where the header names'
alter "carriage returns throughout" 's/$/\r/' 'not the columns'

# A name may be anything that a file's can.
odd=$(printf 'a\nb\033[31m\001 "c", =d.json')
cp "${SRCDIR:-.}/models/ladder-1b.json" "./$odd"
hostile() { # OPTIONS
  printf 'model,tp\n"%s",1\nladder-1b,2\n"%s",2\n' "$(echo "./$odd" | sed 's/"/""/g')" \
    "$(echo "./$odd" | sed 's/"/""/g')" >points.csv
  tpsim sweep --points points.csv --platform dgx-h100 --batch 1:70 --generate 2 "$@"
}
check "a hostile name" exits 0 hostile -o h1.csv
check "by two workers" exits 0 hostile -o h2.csv -j 2
check "gives the same bytes" cmp h1.csv h2.csv
check "given back, too" exits 0 tpsim sweep --points h1.csv -o h3.csv
check "the same rows" cmp h1.csv h3.csv
plain=$(printf 'a\nb\033[31m\001.json') # a comma parts a list
cp "${SRCDIR:-.}/models/ladder-1b.json" "./$plain"
for format in "" "--batch 1,2"; do
  # shellcheck disable=SC2086 # words
  check "a table of it" exits 0 tpsim predict --model "./$plain" --platform dgx-h100 -f table $format
  check "without a control character" sh -c '! tr -d "\n" <out | od -An -c | grep -q "033\|001"'
done
check "a message of it" exits 2 tpsim predict --model "./$plain" --platform dgx-h100 --tp 7 -f csv
check "the same" sh -c '! tr -d "\n" <err | od -An -c | grep -q "033\|001"'

# Spreadsheets work out what begins like a formula: it gets an apostrophe, and comes back without.
for formula in '=1+1' '@SUM(1)' '+cmd|x' '-1+1' "'=1"; do
  cp "${SRCDIR:-.}/models/ladder-1b.json" "./$formula.json"
  tpsim sweep --model "$formula.json" --platform dgx-h100 --generate 2 -o f.csv
  check "$formula is marked" grep -qF "'$formula.json," f.csv
  check "and reads back" exits 0 tpsim sweep --points f.csv -o f2.csv
  check "as itself" cmp f.csv f2.csv
done

# Streams, limits and places.
check "standard input closed" sh -c 'tpsim cost -d h100-sxm - <&- 2>err; [ $? = 2 ] && grep -q "standard input:1: empty" err'
check "standard output closed" sh -c 'tpsim list models >&- 2>err; [ $? = 3 ] && grep -q "standard output: cannot be written" err'
if [ -w /dev/full ]; then
  check "a full disk" exits 3 sweep /dev/full
  check "says file, reason and mend" says '/dev/full: .*No space left on device; free space, or give another'
fi
(
  ulimit -f 8
  exits 3 sweep small.csv
)
check "a limit on file sizes" [ $? = 0 ]
check "says file, reason and mend" says 'small.csv: .*File too large; free space, or give'
if ! grep -q __asan_init "$(command -v tpsim)"; then # which reserves more address space than any limit
  { echo 'model: [ladder-1b]' && echo 'platform: dgx-h100' && echo 'generate: 2' && echo 'batch:' &&
    seq 20000 | sed 's/^/  - /'; } >long.yaml
  (
    ulimit -v 500000
    exits 0 tpsim sweep long.yaml -o long.csv
  )
  check "a list of 20,000 values takes little memory" [ $? = 0 ]
  head -c 60000000 /dev/zero | tr '\0' x >large.csv
  (
    ulimit -v 100000
    exits 3 tpsim cost -d h100-sxm large.csv
  )
  check "out of memory" [ $? = 0 ]
  check "in words" says 'out of memory; '
fi
check "TPSIM_DATA that is no folder" exits 2 env TPSIM_DATA=whole.csv tpsim list models
check "is said" says "TPSIM_DATA: 'whole.csv' is no folder"
check "so is one that is gone" exits 2 env TPSIM_DATA=gone tpsim predict --model ladder-1b --platform dgx-h100
finish
