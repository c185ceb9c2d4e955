#!/bin/sh
# The 70B speedups stay where the baseline has them; a figure that moves is named.
PATH=${BINDIR:-$PWD}:$PATH
baseline=${SRCDIR:-.}/results/baselines/ladder-70b.csv
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

exits() {
  want=$1
  shift
  "$@" >"$work/out" 2>"$work/err" </dev/null
  [ $? = "$want" ]
}

# Every element is closed, in order; no stray < or & in an attribute.
well_formed() {
  sed 's/&amp;\|&lt;\|&gt;\|&quot;//g' "$1" | awk '
    /&/ { exit bad = 1 }
    /<\?xml/ { next }
    match($0, /<\/[a-z]+>/) { if (open[depth--] != substr($0, RSTART + 2, RLENGTH - 3)) exit bad = 1; next }
    match($0, /^ *<[a-z]+( [a-z]+="[^"<]*")*\/>$/) { next }
    match($0, /^ *<[a-z]+( [a-z]+="[^"<]*")*>$/) { sub(/^ *</, ""); sub(/[ >].*/, ""); open[++depth] = $0; next }
    { exit bad = 1 }
    END { exit bad || depth != 0 }'
}

check "ladder-70b holds" exits 0 tpsim check "$baseline"
sed 's/,ok$//' "$work/out" | tail -n +2 >"$work/rows"
check "40 figures" [ "$(wc -l <"$work/rows")" = 40 ]
check "by name" exits 0 tpsim check ladder-70b

# One figure, a tenth away.
awk -F, -v OFS=, '$4 == "ladder" && $5 == 8 && $6 == 16 {$10 += 0.1} {print}' "$baseline" \
  >"$work/moved.csv"
check "a moved figure is exit 1" exits 1 tpsim check "$work/moved.csv" --junit "$work/moved.xml"
check "said in one line" grep -q '^tpsim: .*moved.csv: 1 of 40 figures moved' "$work/err"
check "and named" [ "$(grep -v ',ok$' "$work/out" | sed 1d | cut -d: -f1)" = \
  "llama-3.1-70b dgx-h100 gpt-fast-compile ladder tp 8 batch 16 analytic" ]
check "JUnit is well-formed" well_formed "$work/moved.xml"
check "JUnit has the failure" [ "$(grep -c '<failure ' "$work/moved.xml")" = 1 ]
check "JUnit names it" sh -c "grep -B1 '<failure' '$work/moved.xml' | grep -q 'ladder tp 8 batch 16'"
check "JUnit counts" grep -q 'tests="40" failures="1"' "$work/moved.xml"

sed '2s/,[^,]*$/,0/; 2s/,[0-9.]*,0$/,1,0/' "$baseline" >"$work/exact.csv"
check "tolerance 0 forgives nothing" exits 1 tpsim check "$work/exact.csv"
check "--set moves figures" exits 1 \
  tpsim check "$baseline" --set nvlink.bytes_per_s_per_direction=50e9

# From a sweep to a baseline, moved figures into it, lost points out of it.
cd "$work" || exit 99
check "a sweep" exits 0 tpsim sweep --model llama-3.1-8b --platform dgx-h100 --tp 2,4,7 \
  --prompt 512,1024 --variant standard,ladder -o r.csv
check "make a baseline" exits 0 tpsim check --make r.csv -o b.csv --metrics ttft_s,speedup \
  --tolerance speedup=0.02 --tolerance 5%
check "rows that cannot run are left out, which is said" grep -q '4 rows left out' err
check "two figures of each other row" [ "$(wc -l <b.csv)" = 17 ]
check "absolute" grep -q 'speedup,[0-9.]*,0.02,$' b.csv
check "and relative" grep -q 'ttft_s,[0-9.]*,,0.05$' b.csv
check "it holds" exits 0 tpsim check b.csv
check "names tell rows apart" [ "$(sed 1d out | cut -d, -f1 | sort -u | wc -l)" = 16 ]
check "a tenth longer moves times alone" exits 1 tpsim check b.csv --set gemm.launch_s=1e-4
check "named by percent" exits 0 tpsim check --make r.csv --metrics ttft_s --tolerance 500%
check "standard output is the file" grep -q '^model,platform,.*,metric,baseline,tolerance,tolerance_ratio$' out
check "no such figure" exits 2 tpsim check --make r.csv --metrics tftt_s -o none.csv
check "is named" grep -q "no figure 'tftt_s'; did you mean 'ttft_s'" err
check "no such tolerance" exits 2 tpsim check --make r.csv --tolerance ttft_s=x -o none.csv
check "nothing was written" [ ! -e none.csv ]

check "no tolerance at all" exits 0 tpsim check --make r.csv --tolerance 0 -o exact.csv
check "is met by the same program" exits 0 tpsim check exact.csv
check "a sweep on another GPU by another collective" exits 0 tpsim sweep --model llama-3.1-8b \
  --platform dgx-h100 --tp 8 --device h200-sxm --collective ring -o device.csv
check "is made a baseline" exits 0 tpsim check --make device.csv -o device-b.csv --tolerance 0
check "and what no column tells is said" grep -q -e \
  "device.csv was made with --device=h200-sxm --collective=ring, .*: check the baseline with that" err
check "which holds so" exits 0 tpsim check device-b.csv --device h200-sxm --collective ring
check "not without the collective" exits 1 tpsim check device-b.csv --device h200-sxm
check "nor without the GPU" exits 1 tpsim check device-b.csv --collective ring

sed '2s/ttft_s,[0-9.]*,/ttft_s,1,/' b.csv >old.csv
cp old.csv new.csv
check "an update" exits 0 tpsim check new.csv --update
check "shows what moved alone" [ "$(wc -l <out)" = 2 ]
check "by how much" grep -q 'moved,-9[0-9]\.[0-9]*$' out
check "and writes that" cmp new.csv b.csv
sed '2s/^llama-3.1-8b,dgx-h100/lama-3.1-8b,dgx-h100/; 3s/,2,/,7,/' b.csv >lost.csv
check "a lost point fails" exits 1 tpsim check lost.csv --junit lost.xml
check "with its reason" grep -q "lost: lost.csv:2: no model 'lama-3.1-8b'" out
check "all others are there" [ "$(grep -c ',ok$' out)" = 14 ]
check "and in well-formed XML" well_formed lost.xml
check "whose message has no 'ok'" sh -c "grep '<failure' lost.xml | grep -qv '; ok'"
cp lost.csv kept.csv
check "lost points are not written over" exits 1 tpsim check kept.csv --update
check "the file stayed" cmp kept.csv lost.csv
check "annotations" exits 1 tpsim check old.csv --github
check "of what moved alone" [ "$(grep -c '^::error' out)" = 1 ]
check "name file, line and figure" grep -q '^::error file=old.csv,line=2,title=llama-3.1-8b .*%3A ttft_s::moved: ' out
printf 'model,platform,metric,baseline\nllama-3.1-8b,dgx-h100,ttft_s,1\n' >none.csv
check "no tolerance is bad input" exits 2 tpsim check none.csv --junit bad.xml
check "which is said in XML, too" sh -c "grep -q 'errors=\"1\"' bad.xml && grep -q '<error message=.*no tolerance' bad.xml"
check "well-formed" well_formed bad.xml
finish
