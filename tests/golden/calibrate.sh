#!/bin/sh
# calibrate and validate from end to end: ops of a GPU whose kernels start late are predicted badly
# by the shipped file and well by the one calibrated to them.
set -u
tpsim=${BINDIR:-.}/tpsim
data=${SRCDIR:-.}/tests/golden/data
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0
ok() { # ok STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2" && failed=1; fi
}

{
  echo op,m,n,k
  for m in 1 16 256 4096; do
    for size in 256 1024 4096 16384; do
      for k in 512 2048 8192 16384; do echo "gemm,$m,$size,$k"; done
    done
  done
} >"$work/ops.csv"
"$tpsim" cost --device h100-sxm --set gemm.launch_s=8e-6 "$work/ops.csv" |
  sed '1s/predicted_us/time_us/' >"$work/measured.csv"
cd "$work" || exit 99

"$tpsim" validate measured.csv --device h100-sxm >before.csv 2>said
ok $((($? == 1) - 1)) "the shipped file misses: exit 1"
grep -q "^tpsim: measured.csv: mean absolute error .* over 64 figures is above 0.15 (--max-mape)$" said
ok $? "and says by how much"
"$tpsim" validate measured.csv --device h100-sxm --max-mape 10 >again.csv 2>said
ok $? "a wide tolerance: exit 0"
cmp -s before.csv again.csv
ok $? "with the same table"

"$tpsim" calibrate --device h100-sxm --gemm measured.csv -o new.json >fit.csv
ok $? "calibrate"
head -1 fit.csv | grep -q "^group,parameter,before,after,standard_error,remark$"
ok $? "its table"
grep -q '"launch_s": [78][.0-9]*e-06' new.json
ok $? "the new launch time is in the file"
"$tpsim" validate measured.csv --device ./new.json --max-mape 0.02 >after.csv
ok $? "the calibrated file hits"
head -1 after.csv | grep -q "^group,value,figures,mape,bias,worst_error,measured,predicted,worst$"
ok $? "validate's table"
[ "$(grep -c '^worst,' after.csv)" -eq 5 ]
ok $? "five worst rows"
"$tpsim" validate measured.csv --device ./new.json --format json | grep -q '"group": "all"'
ok $? "and as JSON"

cp new.json old.json
"$tpsim" calibrate --device h100-sxm --gemm measured.csv --where m=3 -o new.json >none 2>said
[ $? -eq 2 ] && cmp -s new.json old.json && [ ! -s none ]
ok $? "a fit that fails leaves the file of before"

"$tpsim" calibrate --device h100-sxm --nccl-tests "$data/all_reduce_perf.txt" --hold-out 0 >nccl.csv 2>said
ok $? "nccl-tests' own output"
grep -q "^tpsim: note: collectives are taken to run on platform 'dgx-h100'" said
ok $? "the platform that nobody named is"
grep -q "^nccl,(rows fitted),,18,,$" nccl.csv
ok $? "all its sizes"
"$tpsim" validate "$data/runs.csv" --max-mape 100 --by variant >runs.csv
ok $? "runs"
[ "$(cut -d, -f1-3 runs.csv | head -4 | tr '\n' ' ')" = \
  "group,value,figures all,,5 variant,standard,3 variant,ladder,2 " ]
ok $? "by variant"
echo "1..$n"
exit $failed
