#!/bin/sh
# The public measurements: every folder validates, what was held out is predicted as well as what took
# part, and the worked example of traces/public/README.md makes a device file that predicts the rest.
here=${SRCDIR:-.}
[ -d "$here/traces/public" ] || here=$(dirname "$0")/../..
public=$(cd "$here/traces/public" && pwd) || exit 99
PATH=${BINDIR:-$PWD}:$PATH
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

n=0 failed=0
check() { # NAME STATUS
  n=$((n + 1)) result=ok
  [ "$2" = 0 ] || { result='not ok' failed=1; }
  printf '%s %d - %s\n' "$result" "$n" "$1"
}

# Of each file, the mean error of held-out rows is at most 1 % above that of the fitted.
no_worse='$2 == "part" { error[$1, $3] = $5; files[$1] }
  END {
    for (file in files) {
      n++
      bad += (file, "held-out") in error && error[file, "held-out"] > error[file, "fitted"] + 0.01
    }
    exit !(n > 1 && bad == 0)
  }'
for device in h100-sxm b200-sxm a100-sxm-80gb l40s; do
  tpsim validate "$public/$device" --by part --format csv >"$device.csv" 2>said
  check "$device is predicted within the usual 15 %" $?
  awk -F, "$no_worse" "$device.csv"
  check "$device held out is no worse than fitted" $?
done

tpsim calibrate --device h100-sxm --gemm "$public/h100-sxm/gemm.csv" --where dtype=bf16 --hold-out 0.5 \
  -o my-h100.json --format csv >fit.csv 2>said
check 'half of the GEMMs make a device file' $?
tpsim validate "$public/h100-sxm/gemm.csv" --where dtype=bf16 --device ./my-h100.json --max-mape 0.08 \
  >rest.csv 2>said
check 'which predicts them within 8 %' $?
echo "1..$n"
exit $failed
