#!/bin/sh
# What README and docs/ACCURACY.md say of the H200 whose traces are shipped: `tpsim validate` of them
# finds these figures still, as they are rounded there.
traces=${SRCDIR:-.}/traces/h200-sxm
[ -d "$traces" ] || exit 77
PATH=${BINDIR:-$PWD}:$PATH
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
# Of the device that is shipped, whatever was fitted to the folder here.
validate() {
  tpsim validate "$@" --device h200-sxm --max-mape 1 --max-gain-error 1 --format csv 2>/dev/null
}
validate "$traces" >"$work/all"
validate "$traces" --where emulated=1 | grep '^layers.csv' >"$work/emulated"

n=0 failed=0
# says REPORT FILE,GROUP,VALUE COLUMN LEAST MOST NAME; column 5: mean error, 7: the worst.
says() {
  n=$((n + 1))
  if awk -F, -v key="$2" -v column="$3" -v least="$4" -v most="$5" '
    $1 "," $2 "," $3 == key { found = 1; off = $column < 0 ? -$column : +$column }
    END { exit !(found && off >= least && off <= most) }' "$work/$1"; then
    echo "ok $n - $6"
  else
    failed=1
    echo "not ok $n - $6"
    grep "^$2," "$work/$1" | sed 's/^/# /'
  fi
}
says all gemm.csv,dtype,bf16 5 0.0355 0.0375 "GEMMs held out, bf16: 3.7 %"
says all gemm.csv,dtype,fp8 5 0.0635 0.0655 "GEMMs held out, fp8: 6.5 %"
says all attention.csv,op,attention_decode 5 0.096 0.098 "decode attention held out: 9.7 %"
says all attention.csv,op,attention_prefill 5 0.105 0.107 "prefill attention held out: 10.6 %"
says all memory.csv,"held out", 5 0.0865 0.0875 "memory ops held out: 8.7 %"
says all layers.csv,emulated,0 5 0.016 0.0175 "layers of one GPU: 1.7 %"
says all generate.csv,emulated,0 5 0.0495 0.0515 "generations of one GPU: 5.0 %"
says emulated layers.csv,metric,ttft_s 5 0.018 0.020 "emulated prefill: 1.9 %"
says emulated layers.csv,metric,tpot_s 5 0.048 0.050 "emulated decode: 4.9 %"
says all "layers.csv,speedup,ttft_s of no-comm" 5 0.024 0.026 "gain of no-comm, prefill: 0.025"
says all "layers.csv,speedup,tpot_s of no-comm" 5 0.016 0.018 "gain of no-comm, decode: 0.017"
says all "layers.csv,speedup,ttft_s of ladder" 5 0.017 0.019 "gain of ladder, prefill: 0.018"
says all "layers.csv,speedup,tpot_s of ladder" 5 0.0230 0.0245 "gain of ladder, decode: 0.024"
says all "layers.csv,speedup,tpot_s of ladder" 7 0.065 0.075 "at worst: 0.07"
says all "generate.csv,speedup,tpot_s of ladder" 5 0.031 0.033 "of four generations: 0.032"
says all "generate.csv,speedup,tpot_s of ladder" 7 0.065 0.075 "at worst: 0.07"
echo "1..$n"
exit $failed
