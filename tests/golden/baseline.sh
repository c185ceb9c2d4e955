#!/bin/sh
# The 70B speedups stay where the baseline has them; a figure that moves is named.
PATH=${BINDIR:-$PWD}:$PATH
baseline=${SRCDIR:-.}/results/baselines/ladder-70b.csv
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0

check() {
  n=$((n + 1))
  name=$1
  shift
  if "$@"; then result=ok; else result="not ok" failed=1; fi
  printf '%s %d - %s\n' "$result" $n "$name"
}

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
printf '1..%d\n' $n
exit $failed
