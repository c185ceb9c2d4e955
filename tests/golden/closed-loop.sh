#!/bin/sh
# The loop that tpsim-cuda bench, calibrate and validate close, without a GPU: traces are what a
# device with other parameters would show, by our own cost model and with 2 % of noise (points 1 %).  What was
# fitted comes back, what was not (layers, generate) is predicted, and a wrong parameter shows.
set -u
tpsim=${BINDIR:-.}/tpsim
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
n=0 failed=0
ok() { # ok STATUS NAME
  n=$((n + 1))
  if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2" && failed=1; fi
}

noise() { # noise SEED COLUMN RATIO: numbers of the column, up to RATIO off either way
  awk -F, -v OFS=, -v seed="$1" -v column="$2" -v ratio="$3" '
    function unit() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 * 2 - 1 }
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i; for (i = 0; i < 9; i++) unit() }
    NR > 1 { $c = sprintf("%.9g", $c * (1 + ratio * unit())) } { print }'
}
measure() { # measure OPS.csv SET...: a trace of the ops, without noise
  ops=$1 && shift
  "$tpsim" cost --device h200-sxm "$@" "$ops" | sed '1s/predicted_us,low_us,high_us/time_us,spread_us,repeats/'
}
sidecar() { # sidecar FILE
  echo '{"machine": {"device": "NVIDIA H200", "driver": "580.65.06"},' \
    '"runs": [{"date": "2026-11-20T08:00:00Z"}, {"date": "2026-11-21T09:00:00Z"}]}' >"$1.json"
}

{
  echo op,m,n,k,dtype
  for m in 1 4 16 64 256 1024 4096; do
    for n_ in 1024 2048 6144 14336; do
      for k in 1024 2048 4096 8192; do echo "gemm,$m,$n_,$k,bf16"; done
    done
  done
} >gemm
{
  echo op,batch,seq_len,kv_len,heads,kv_heads,head_dim,dtype,cache_write
  for batch in 1 4 16 64; do
    for length in 128 512 1024 2048 4096 8192; do
      for kv_heads in 1 2 8; do
        echo "attention_prefill,$batch,$length,,$((4 * kv_heads)),$kv_heads,128,bf16,apart"
        echo "attention_decode,$batch,,$length,$((4 * kv_heads)),$kv_heads,128,bf16,"
      done
    done
  done
} >attention
{
  echo op,read_bytes,write_bytes
  for power in 14 16 18 20 22 24 26 28; do
    for part in 1 2 4 8; do echo "memory,$((1 << power)),$(((1 << power) / part))"; done
  done
} >memory
{
  echo op,m,n,k,dtype,held_sms,copy_bytes_per_s
  for m in 16 128 256 384 512 1024 4096; do # a wave of blocks and several
    for k in 2048 4096 8192; do
      for held in 0 4 8 16 24 36; do echo "gemm,$m,8192,$k,bf16,$held,0"; done
      for rate in 5e11 1e12 2e12; do echo "gemm,$m,8192,$k,bf16,0,$rate"; done
    done
  done
} >interference
sustained() { # sustained RATIO RATIO8: of the rate rested; the model has fp8 bound by operands here
  echo op,m,n,k,dtype,alone_us,time_us,spread_us,repeats
  for off in 0.99 1 1.03; do
    echo "$off" | awk -v ratio="$1" -v ratio8="$2" '{
      printf "gemm,4096,28672,8192,bf16,%.9g,%.9g,,\n", 2500, 2500 / ratio / $1
      printf "gemm,4096,28672,8192,fp8,%.9g,%.9g,,\n", 1300, 1300 / ratio8 / $1 }'
  done
}
crossings() { # crossings CROSSING WAIT: us beyond what kernels and collectives take
  echo op,bytes,ranks,dtype,kernels,kernel_us,collective_us,time_us,spread_us,repeats
  for off in 0.96 1 1.1; do
    echo "$off" | awk -v crossing="$1" -v wait="$2" '{
      printf "all_reduce,16384,2,bf16,1,2.5,7,%.9g,,\n", 2.5 + 7 + crossing * $1
      printf "all_reduce,4096,2,bf16,17,2.5,7,%.9g,,\n", 17 * 2.5 + wait * $1 }'
  done
}
{
  echo op,bytes,ranks,algorithm
  for ranks in 2 4 8; do
    for power in 10 12 14 16 18 20 22 24 26 28; do
      for op in all_reduce all_gather reduce_scatter; do
        echo "$op,$((1 << power)),$ranks,auto"
      done
    done
    for power in 10 12 14 16 17 18 19 20 21 22 23; do
      echo "all_reduce,$((1 << power)),$ranks,one-shot"
      echo "all_reduce,$((1 << power)),$ranks,two-shot"
    done
  done
} >collectives
points() { # points LAYERS GENERATE MODEL...
  layers=$1 generate=$2 && shift 2
  echo model,platform,stack,variant,tp,batch,prompt,generate,dtype,layers
  for model in "$@"; do
    for tp in 1 2 4 8; do
      for variant in standard ladder parallel kraken no-comm; do
        for batch in 1 16; do
          echo "$model,dgx-h200,tpsim-cuda,$variant,$tp,$batch,1024,$generate,bf16,$layers"
        done
      done
    done
  done
}
points 4 8 llama-3.1-8b llama-3.1-70b >layers
points '' 64 llama-3.1-8b >generate

# The folder of traces of a device that differs by the --set options given.
make_traces() { # make_traces FOLDER SET...
  folder=$1 && shift
  mkdir -p "$folder"
  for name in gemm attention memory collectives; do
    measure $name "$@" | noise 1 time_us 0.02 >"$folder/$name.csv"
  done
  cut -d, -f1-5 interference >alone
  measure alone "$@" | cut -d, -f6 | sed 1s/time_us/alone_us/ >alone_us
  measure interference "$@" | cut -d, -f8 | paste -d, interference alone_us - |
    noise 2 time_us 0.02 >"$folder/interference.csv"
  sustained 0.72 1 >"$folder/sustained.csv"
  crossings 5 1.5 >"$folder/crossings.csv"
  # For moments, as the ops: clocks have not sunk yet.  Stand-ins are no kernels for switches.
  for name in layers generate; do
    "$tpsim" sweep --points $name "$@" --set gemm.sustained_ratio=1 \
      --set overlap.nvls_crowding_ratio=0 | awk -F, -v OFS=, '
      NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i }
      { print $1, $2, $3, $4, $5, $8, $9, $10, $11, $c["layers"], (NR == 1 ? "emulated" : ($5 > 1) + 0),
              $c["ttft_s"], $c["tpot_s"], $c["e2e_s"] }' |
      noise 3 ttft_s 0.01 | noise 4 tpot_s 0.01 | noise 5 e2e_s 0.01 >"$folder/$name.csv"
  done
  for file in "$folder"/*.csv; do sidecar "$file"; done
}
make_traces h200-sxm --set gemm.launch_s=4e-6 --set gemm.compute_ratio=0.7 \
  --set attention_decode.launch_s=1e-5 --set memory.dram_ratio=0.7 \
  --set memory.kernel_floor_s=3e-6 --set overlap.held_ratio=0.8 \
  --set overlap.crossing_s=5e-6 --set overlap.wait_s=1.5e-6 --set gemm.warm_bytes=0 \
  --set attention_prefill.warm_bytes=0 --set attention_decode.warm_bytes=0 \
  --set nccl.simple_wire_ratio=1.6 --set peer_kernels.one_shot_base_s=6e-6

near() { # near GROUP PARAMETER VALUE SHARE: as fit.csv has it
  awk -F, -v group="$1" -v key="$2" -v want="$3" -v share="$4" '
    $1 == group && $2 == key { found = 1; off = $4 / want - 1; if (off < 0) off = -off
      if (off > share) bad = 1 } END { exit !found || bad }' fit.csv
}
below() { # below FILE GROUP LIMIT: mape of report.csv
  awk -F, -v file="$1" -v group="$2" -v limit="$3" '
    $1 == file && $2 == group { found = 1; if ($5 > limit) bad = 1 }
    END { exit !found || bad }' report.csv
}

"$tpsim" validate h200-sxm >before.csv 2>said
ok $((($? == 1) - 1)) "the shipped device misses: exit 1"
grep -q "^tpsim: attention.csv: mean absolute error .*; .*speedups, predicted/measured, off by more than " said
ok $? "and says which files and speedups"
! grep -q "held out" before.csv
ok $? "nothing was held out of a device that was not fitted to them"

"$tpsim" calibrate h200-sxm >fit.csv
ok $? "calibrate"
near gemm launch_s 4e-6 0.05 && near gemm compute_ratio 0.7 0.05 &&
  near attention_decode launch_s 1e-5 0.1 && near memory dram_ratio 0.7 0.02 &&
  near memory kernel_floor_s 3e-6 0.1 && near overlap held_ratio 0.8 0.02 &&
  near nccl simple_wire_ratio 1.6 0.1 && near peer_kernels one_shot_base_s 6e-6 0.1
ok $? "the parameters come back"
near gemm sustained_ratio 0.717 0.01 && grep -q "^gemm_fp8,(left out),,,,sustained_ratio of 1 waits" fit.csv
ok $? "the clock under load: the median, where its group is fitted"
grep -q '^gemm,warm_bytes,[0-9.e+]*,0,' fit.csv && grep -q '"warm_bytes": 0,' h200-sxm/device.json
ok $? "benched ops are cold"
near overlap crossing_s 5e-6 1e-6 && near overlap wait_s 1.5e-6 1e-6
ok $? "streams and events: the medians"
for group in gemm attention_prefill attention_decode memory overlap nccl peer_kernels; do
  near $group "(mean error held out)" 0.01 0.5 && near $group "(mean error fitted)" 0.01 0.5
  ok $? "$group: mean errors are those of the noise"
done
near "(DRAM shared with copies)" "(mean error held out)" 0.01 0.5
ok $? "copies are judged"
grep -q '"source": "h200-sxm/gemm.csv: NVIDIA H200, driver 580.65.06, 2026-11-21; fnv1a64 ' \
  h200-sxm/device.json && grep -q '"kind": "fitted"' h200-sxm/device.json &&
  grep -q '"source": "h200-sxm/gemm.csv: .*; h200-sxm/sustained.csv: .*fnv1a64 ' h200-sxm/device.json
ok $? "the device file says who measured"

"$tpsim" validate h200-sxm --max-mape 0.02 >report.csv 2>said
ok $? "the calibrated device hits"
for file in gemm attention memory interference collectives; do
  below $file.csv "held out" 0.016
  ok $? "$file: shapes held out are told from those fitted"
done
below sustained.csv all 0.02 && grep -q "^sustained.csv,held out,,3," report.csv
ok $? "sustained: what it was fitted to is told from what it was not"
for group in gemm memory; do
  [ "$(sed -n "s/^$group,(rows held out),,\([0-9]*\),,/\1/p" fit.csv)" = \
    "$(sed -n "s/^$group.csv,held out,,\([0-9]*\),.*/\1/p" report.csv)" ]
  ok $? "$group: the very shapes"
done
below layers.csv all 0.015 && below generate.csv all 0.015
ok $? "layers and generate, which nothing was fitted to"
grep -q "^layers.csv,emulated,1,180," report.csv && grep -q "^layers.csv,emulated,0,60," report.csv
ok $? "that they were emulated is said"
[ "$(grep -c '^generate.csv,speedup,.* of ladder,' report.csv)" -eq 3 ]
ok $? "speedups by each metric"

! "$tpsim" validate h200-sxm/layers.csv --device h200-sxm/device.json --max-mape 0.02 >alone.csv 2>said
ok $? "one file by itself: as if it had run for minutes"
"$tpsim" validate h200-sxm/layers.csv --device h200-sxm/device.json --max-mape 0.02 \
  --set gemm.sustained_ratio=1 --set gemm_fp8.sustained_ratio=1 \
  --set overlap.nvls_crowding_ratio=0 >alone.csv
ok $? "by itself, for moments"
[ "$(sed -n 's/^layers.csv,all/all/p' report.csv)" = "$(grep ^all, alone.csv)" ]
ok $? "says the same"
"$tpsim" validate h200-sxm --where variant=ladder --max-mape 0.02 >some.csv &&
  [ "$(cut -d, -f1 some.csv | uniq | tr '\n' ' ' | grep -c 'layers.csv generate.csv ')" = 1 ] &&
  grep -q "^layers.csv,all,,48," some.csv
ok $? "where one table has no such rows, others count"
! "$tpsim" validate h200-sxm --where op=none --where model=none >none 2>said &&
  grep -q "no row of any file meets --where" said
ok $? "and where none has"
cp -r h200-sxm copy
sed '$d' h200-sxm/gemm.csv >copy/gemm.csv
"$tpsim" validate copy --max-mape 1 --max-gain-error 1 >changed.csv 2>said
! grep -q "^gemm.csv,held out" changed.csv && grep -q "^memory.csv,held out" changed.csv &&
  [ "$(grep -c 'copy/gemm.csv: has changed since .* was fitted to it' said)" = 1 ]
ok $? "a file that changed since is not what was fitted, which is said"
rm copy/memory.csv.json
"$tpsim" validate copy >none 2>said
[ $? = 2 ] && grep -q "copy/memory.csv: has no sidecar copy/memory.csv.json, .* put it back" said
ok $? "a file without its sidecar among others is refused"
sed 's/"device"/"tpsim": "0.1.0", "device"/' h200-sxm/memory.csv.json >copy/memory.csv.json
sed 's/"device"/"tpsim": "0.2.0", "device"/' h200-sxm/gemm.csv.json >copy/gemm.csv.json
"$tpsim" validate copy >none 2>said
[ $? = 2 ] && grep -q "measured by tpsim '0.1.0', and .*gemm.csv by tpsim '0.2.0'" said
ok $? "and files of two programs"

sed 's/"held_ratio": [0-9.]*/"held_ratio": 0.4/' h200-sxm/device.json >wrong.json
"$tpsim" validate h200-sxm --device wrong.json >wrong.csv 2>said
[ $? = 1 ] && grep -q "interference.csv: mean absolute error" said && grep -q "speedups, .*ttft_s of ladder " said
ok $? "a wrong contention parameter shows, in slow-downs and in what ladder gains"

"$tpsim" validate h200-sxm --set overlap.held_ratio=0.4 --max-gain-error 1 >set.csv 2>said
[ $? = 1 ] && cmp -s set.csv wrong.csv
ok $? "the same by --set"

"$tpsim" calibrate h200-sxm -o again.json >again.csv
cmp -s again.json h200-sxm/device.json && cmp -s again.csv fit.csv
ok $? "the same traces, the same bytes"
{ head -1 h200-sxm/gemm.csv; sed 1d h200-sxm/gemm.csv | sort -r; } >sorted.csv
"$tpsim" calibrate --device h200-sxm --gemm sorted.csv --hold-out 0.5 >sorted-fit.csv
[ "$(grep '^gemm,(rows' fit.csv)" = "$(grep '^gemm,(rows' sorted-fit.csv)" ]
ok $? "which shapes are held out does not depend on their order"

mkdir few && cp h200-sxm/memory.csv few && head -5 h200-sxm/gemm.csv >few/gemm.csv
"$tpsim" calibrate few --device h200-sxm >few.csv
[ $? = 0 ] && grep -q "^gemm,(left out),,,,gemm: 4 samples are too few" few.csv
ok $? "a table too short to fit is left out, and said to be"
mkdir h200-sx && cp h200-sxm/gemm.csv h200-sx
"$tpsim" calibrate h200-sx >none 2>said
[ $? = 2 ] && grep -q "no device 'h200-sx'; did you mean 'h200-sxm'.*give --device" said && [ ! -e h200-sx/device.json ]
ok $? "a folder of no known device"
echo "1..$n"
exit $failed
