#!/bin/sh
# The loop of bench, calibrate and validate on a GPU that differs from the cost model in structure,
# by known amounts (hostile.h): first one effect at a time, then all of them.  What the ops tell must
# carry over to layers and generations, which nothing is fitted to.
set -u
bin=${BINDIR:-.}
[ -x "$bin/tpsim" ] || { echo "1..0 # SKIP built without tpsim"; exit 0; }
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
n=0 failed=0
ok() { # ok STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2" && failed=1; fi
}

# Parameters other than the shipped ones, in every run.
other="device.gemm.dram_ratio=0.78 device.gemm.compute_ratio=0.78 device.gemm.launch_s=3.2e-6
  device.memory.kernel_floor_s=3e-6 device.memory.dram_ratio=0.8 device.overlap.held_ratio=0.75"

# This GPU meets no power limit, and has gaps of its own where it has any.
unlike="--set overlap.burst_ratio=0 --set launch.kernel_gap_s=0"

# figures COLUMN: the mean error of points, and of ladder's gains the worst (7) or the mean (5), of a report.
figures() {
  awk -F, -v column="$1" '$1 != "layers.csv" && $1 != "generate.csv" { next }
    $2 == "all" && $5 > error { error = $5 }
    $2 == "speedup" && $3 ~ / of ladder$/ { off = $column < 0 ? -$column : $column; if (off > gain) gain = off }
    END { print error + 0, gain + 0 }' report.csv
}

# closes NAME MAPE GAIN EFFECT...: bench, a fit, points within MAPE and GAIN.  One effect shows in half
# the rows; where clocks sink, and where all is at once, all are needed.
worst=7 mean=5 of_gains=$worst
seconds=200
closes() {
  name=$1 mape=$2 gain=$3
  shift 3
  rm -rf h200-sxm && mkdir h200-sxm || exit 99
  # shellcheck disable=SC2086 # words
  "$bin/tests/cuda/hostile_loop" h200-sxm $seconds $other "$@" >said || { ok 1 "$name: bench" && return; }
  "$bin/tpsim" calibrate h200-sxm >fit.csv || { ok 1 "$name: calibrate" && return; }
  # shellcheck disable=SC2086 # words
  # Nothing polls the made-up memory.
  "$bin/tpsim" validate h200-sxm $unlike --set overlap.crowding_ratio=0 --set overlap.nvls_crowding_ratio=0 --max-mape 9 --max-gain-error 9 --format csv >report.csv
  found=$(figures $of_gains)
  echo "# $name: mean error of points, error of gains: $found"
  echo "$found" | awk -v mape="$mape" -v gain="$gain" '{ exit !($1 <= mape && $2 <= gain) }'
  ok $? "$name: within $mape and $gain"
}

# Its stand-ins move bytes from their begin on, the model's collectives after their base latency.
closes "other parameters" 0.002 0.035
closes "streams and events" 0.005 0.035 crossing_s=2e-6 standin_s=1.5e-6 tick_s=1e-6
awk -F, '$1 == "overlap" && $2 == "wait_s" { off = $4 - 2e-6 } END { exit !(off > -1e-7 && off < 1e-7) }' fit.csv
ok $? "and what a kernel pays that need not wait"
closes "GEMMs that scatter by 8 %" 0.03 0.05 scatter_ratio=0.08
seconds=400
closes "clocks that sink by a fifth in 0.1 s" 0.03 0.05 power_ratio=0.2 power_s=0.1
seconds=200
# A real one loses a wave wherever SMs are held, this one where its tiles are too many: known error.
closes "GEMMs that lose whole waves" 0.01 0.18 whole_waves=1
closes "plans that take a second, none for wide heads" 0.002 0.035 plan_s=1 widest_head=256
awk -F, 'FNR == 2 { n++ } END { exit n != 9 }' h200-sxm/*.csv && grep -q "^attention_prefill.*too few" fit.csv &&
  [ "$(grep -c "left out" fit.csv)" = 2 ]
ok $? "every section has begun, and what is too short to be fitted is said"
# One sample in 40 lasts 30 % longer: of some point's three, two do.  The worst gain is drawn by lot.
of_gains=$mean seconds=400
closes "all at once, with noise" 0.05 0.15 gap_s=1e-6 crossing_s=1.5e-6 standin_s=1.5e-6 tick_s=1e-6 \
  l2_bytes=5e7 scatter_ratio=0.08 partial_overlap=0.2 own_attention=1 own_memory=1 power_ratio=0.2 \
  power_s=0.05 whole_waves=1 dram_weight=0.3 noise_ratio=0.02

grep -q "rows fitted" fit.csv && ! grep -q "left out" fit.csv
ok $? "every group has rows enough"
awk '{ rows[$1] += $2; left[$1] += $4 }
  END { exit !(rows["layers.csv:"] == 128 && rows["generate.csv:"] == 10 && left["layers.csv:"] == 0) }' said
ok $? "every point is measured"
[ "$(sed -n '$s/.* at \([0-9]*\) s$/\1/p' said)" -le 410 ]
ok $? "within the time"
echo "1..$n"
exit $failed
