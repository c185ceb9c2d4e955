#!/bin/sh
# tpsim-cuda bench without a GPU: its options, its files, and that tpsim reads them.
bindir=${BINDIR:-$PWD}
PATH=$bindir/tests/cuda/cpu:$bindir:$PATH
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# exits STATUS TEXT COMMAND...: it ends so and says so on standard error.
# shellcheck disable=SC2317 # check calls it
exits() {
  want=$1 text=$2
  shift 2
  "$@" >out 2>err </dev/null
  [ $? = "$want" ] && grep -q -- "$text" err
}

host="--device host --platform dgx-h200"
# shellcheck disable=SC2086 # words
bench() {
  tpsim-cuda bench "$@" $host
}

example=$(tpsim-cuda bench --help | sed -n '/^example:/,$s/^  //p' | head -1)
check "example: $example" sh -c "$example >out"
check "what is missing" exits 2 "what to measure is missing" tpsim-cuda bench
check "a close word" exits 2 "did you mean 'layers'" bench layer
check "a wrong option" exits 2 "did you mean '--batch'" bench ops --bach 1
check "no figures of its own" exits 2 "say whose it takes with --platform" \
  tpsim-cuda bench ops --device host
check "a wrong stand-in" exits 2 "give sms:N, or copy" bench layers --standin cores
check "more SMs than there are" exits 2 "h200-sxm has 132 SMs" \
  tpsim-cuda bench layers --device host --platform dgx-h200 --standin sms:200
check "both degrees" exits 2 "give one" bench layers --tp 2 --emulate-tp 2
check "a wrong degree" exits 2 "give whole numbers from 1 to 4096" bench layers --emulate-tp 0
check "a model that is not there" exits 2 "did you mean 'llama-3.1-8b'" bench layers --model llama-3.1-8
check "a wrong type" exits 2 "no 'int8'" bench layers --dtype int8
check "a degree that the model does not allow" exits 2 "no point to measure: .*tp 3 does not divide" \
  tpsim-cuda bench layers --device host --platform dgx-h200 --emulate-tp 3 --variant standard
for unused in "gemm --dtype fp8" "ops --batch 1" "ops --generate 5" "layers --generate 5" \
  "generate --layers 2" "collectives --layers 2" "collectives --model llama-3.1-8b" \
  "interference --emulate-tp 2" "sustained --variant ladder" "starts --tp 2" "gemm --standin copy" \
  "layers --tp 2 --standin copy"; do
  # shellcheck disable=SC2086 # words
  check "an option that says nothing of it: $unused" exits 2 "says nothing of .*; leave it out" bench $unused
done
check "no folder's name" exits 2 "--out needs a value" bench ops -o ""
check "no place to write" exits 3 "cannot be written" bench interference -o /dev/null/x

bench all -o h200-sxm >said
check "all: exit 0" [ $? = 0 ]
check "all files" [ "$(cd h200-sxm && echo *.csv)" = \
  "attention.csv collectives.csv crossings.csv gemm.csv generate.csv interference.csv layers.csv memory.csv starts.csv sustained.csv" ]
check "nothing was measured, they say" [ "$(grep -l '"clock": "virtual clock"' h200-sxm/*.json | wc -l)" = 10 ]
check "and whose command it was" grep -q '"all"' h200-sxm/gemm.csv.json

# Killed in a row: the same rows again (times differ in their last digit by how many samples fit).
cp -r h200-sxm whole
for file in gemm:5 layers:11 collectives:5; do
  head -c 3333 "whole/${file%:*}.csv" >"h200-sxm/${file%:*}.csv"
done
bench all -o h200-sxm >said
for file in gemm:5 layers:11 collectives:5; do
  cut -d, "-f1-${file#*:}" "h200-sxm/${file%:*}.csv" >now
  cut -d, "-f1-${file#*:}" "whole/${file%:*}.csv" >before
  check "${file%:*}.csv is whole again" cmp -s now before
done
bench all -o h200-sxm >said
check "nothing more to do" [ "$(grep -c ': 0 rows measured' said)" = "$(wc -l <said | awk '{ print $1 - 1 }')" ]
check "another machine's rows" exits 2 "was measured with platform" \
  tpsim-cuda bench ops --device host --platform dgx-h100 -o h200-sxm

check "another stack's, where rows do not say whose they are" exits 2 "was measured with stack" \
  bench attention --stack gpt-fast-compile -o h200-sxm
bench collectives --tp 1 -o one >said
check "one rank has nothing to send" grep -q "collectives.csv: nothing to do: .*--tp is one" said
check "and so no row" [ ! -e one/collectives.csv ]
bench generate --model llama-3.1-8b --emulate-tp 1 --batch 1 --generate 1 -o token >said
check "one token, no time per further one" \
  [ "$(sed -n 's/^llama.*,32,0,[^,]*,\([^,]*\),.*/<\1>/p' token/generate.csv)" = "<>" ]

# Two that begin together where no folder is yet: one measures all, the other says that it does or, too
# late for that, finds nothing to do.
few="layers --model llama-3.1-8b --emulate-tp 2 --batch 1,4"
# shellcheck disable=SC2086 # words
bench $few -o alone >said
cut -d, -f1-11 alone/layers.csv >before
# measured FILE N: so many rows, in all turns
# shellcheck disable=SC2317 # two_at_once calls it
measured() {
  [ "$(awk '/ rows measured/ { n += $2 } END { print n + 0 }' "$1")" = "$2" ]
}
# shellcheck disable=SC2086,SC2317 # words; check calls it
two_at_once() {
  rm -rf traces
  bench $few -o traces/both >said1 2>err1 &
  first=$!
  bench $few -o traces/both >said2 2>err2 &
  wait "$first"
  status1=$?
  wait $!
  case $status1$? in
  30) grep -q "another bench is writing there" err1 && measured said2 10 ;;
  03) grep -q "another bench is writing there" err2 && measured said1 10 ;;
  00) measured said1 0 || measured said2 0 ;;
  *) false ;;
  esac && cut -d, -f1-11 traces/both/layers.csv | cmp -s - before
}
for try in 1 2 3 4 5 6; do
  check "two at once lose no row, try $try" two_at_once
done

# Emulated ranks and real ones: a table holds one kind, and one rank goes with either.
few="--model llama-3.1-8b --batch 1 --variant standard -o kinds"
# shellcheck disable=SC2086 # words
{
  bench layers --emulate-tp 1,2 $few >said
  cp kinds/layers.csv before
  check "real ranks where emulated ones stand" exits 2 "layers.csv:3: emulated 1, and this run's rows \
would be emulated 0" bench layers --tp 2 $few
  check "before anything is measured" exits 2 "layers.csv:3: emulated 1" bench all --tp 2 $few
  check "and leaves it as it is" [ "$(ls kinds)$(cat kinds/layers.csv)" = "layers.csv
layers.csv.json$(cat before)" ]
  bench layers --tp 1 $few >said
  check "but one rank" [ $? = 0 ]
  bench generate --tp 2 --generate 4 $few >said
  check "and of another table real ones" [ $? = 0 ]
  check "beside which none are emulated" exits 2 "generate.csv:2: emulated 0" \
    bench generate --emulate-tp 2 --generate 4 $few
}

if command -v tpsim >/dev/null; then
  tpsim validate h200-sxm/gemm.csv --device h200-sxm --max-mape 1e-6 >out
  check "tpsim reads gemm.csv, and it is the model's" [ $? = 0 ]
  tpsim validate h200-sxm/layers.csv --where emulated=1 --where variant=no-comm --max-mape 1e-6 \
    --set gemm.sustained_ratio=1 --set overlap.burst_ratio=0 >out # no power limit holds this clock
  check "and layers.csv, where nothing overlaps, at the clocks of moments" [ $? = 0 ]
  tpsim calibrate h200-sxm >out
  check "and fits a device to the folder" [ $? = 0 ]
  check "whose clock keeps its rate under load, for it has none" \
    [ "$(grep -c '^gemm.*,sustained_ratio,0.[0-9]*,1,' out)" = 2 ]
  check "and what held SMs take is the model's again" \
    awk -F, '$1 == "overlap" && $2 == "held_ratio" { off = $4 / $3 - 1 }
      BEGIN { off = 9 } END { exit !(off * off < 1e-4) }' out
  tpsim validate h200-sxm --format csv >out
  check "with it, validate is content" [ $? = 0 ]
  check "and predicts every variant within 1 %" [ "$(awk -F, \
    '$2 == "variant" && $5 < 0.01' out | wc -l)" = 7 ]
fi
finish
