#!/bin/sh
# What `tpsim serve` writes: whole or not at all, with a sidecar; rows that, given back, are the same;
# and rows that validate serves again.
PATH=${BINDIR:-$PWD}:$PATH
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
cp "$here/tiny.json" .

serve() { tpsim serve --model tiny.json --platform dgx-h100 --tp 2 "$@"; }
load() { serve --prompt 300 --generate 16 "$@"; }
# fails STATUS WORD COMMAND...: it ends so, says the word, and leaves no file x*.
fails() {
  want=$1 word=$2
  shift 2
  "$@" 2>err
  [ $? = "$want" ] && grep -q -- "$word" err && [ -z "$(ls | grep '^x')" ]
}

check "closed loops" load --variant standard,ladder --concurrency 2,8 --range-ratio 0.8 -o a.csv
check "a row a variant and loop" [ "$(wc -l <a.csv)" = 5 ]
check "rows are given back" tpsim serve --points a.csv -o b.csv
check "and are the same bytes" cmp a.csv b.csv
tpsim serve --points a.csv --concurrency 4 --range-ratio 0.9 --requests 3 --seed 2 >c.csv 2>said
check "options do not change what columns say" cmp a.csv c.csv
check "which is said of each" grep -q 'a.csv: concurrency, range_ratio, requests, seed as its rows' said
check "the sidecar says what made them" grep -q -- '--range-ratio' a.csv.json
check "and of what" grep -q 'tiny.json' a.csv.json
check "a place that is not there" fails 3 'missing/x.csv' load --concurrency 2 -o missing/x.csv

load --concurrency 2 --set launch.host_step_s=1e-3 -o set.csv
tpsim serve --points set.csv >again.csv 2>said
check "an option that no column tells is said" grep -q 'launch.host_step_s' said

printf 'arrival_s,prompt,generate\n0,300,4\n0.5,200,2\n' >trace.csv
check "a trace" serve --trace trace.csv -o t.csv
check "its row names it" grep -q ',trace.csv,' t.csv
check "the sidecar has its hash" grep -q '"trace.csv"' t.csv.json
check "a result does not take its place" fails 2 'trace.csv' serve --trace trace.csv -o trace.csv
check "it stays" grep -q arrival_s trace.csv

# Measured: what was predicted, and twice that.
awk -F, -v OFS=, '
  NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
  NR == 1 || $c["variant"] == "standard" {
    print $c["model"], $c["platform"], $c["stack"], $c["tp"], $c["prompt"], $c["generate"],
      $c["concurrency"], $c["range_ratio"], $c["ttft_s"], NR == 1 ? "tpot_s" : 2 * $c["tpot_s"]
  }' a.csv >runs.csv
tpsim validate runs.csv --by metric --max-mape 1 -f csv >validated
check "validate serves them" grep -q '^metric,ttft_s,2,0.0000,' validated
check "and finds a difference" grep -q '^metric,tpot_s,2,0.5000,-0.5000' validated

check "a baseline of them" tpsim check --make a.csv -o base.csv --metrics ttft_p99_s,tokens_per_s
tpsim check base.csv -f csv >held
check "holds" [ "$(grep -c ',ok$' held)" = 8 ]
sed 's/ttft_p99_s,/ttft_p99_s,1/' base.csv >off.csv
tpsim check off.csv -f csv >checked 2>/dev/null
check "until a figure moves" [ "$(grep -c ',moved$' checked)" = 4 ]
check "and no other" [ "$(grep -c ',ok$' checked)" = 4 ]
check "a trace's row says no requests" fails 2 '--trace' tpsim serve --points t.csv
check "with them it is served" tpsim serve --points t.csv --trace trace.csv -o t2.csv
check "again" cmp t.csv t2.csv
finish
