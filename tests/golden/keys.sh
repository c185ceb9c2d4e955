#!/bin/sh
# Every key that --set takes of a device, a stack and a link: does a greater value make ops and passes
# slower or faster, or their intervals wider, or do fewer or more fit?  keys.txt says it of each, and
# "nothing" of one that binds nowhere; a key without a line there is a failure.  A name that ends in _s must make slower, one
# that ends in _per_s faster, wherever it binds.  --update writes keys.txt anew: read the difference.
here=${SRCDIR:-.}/tests/golden
[ -d "$here" ] || here=$(dirname "$0")
data=$here/../..
PATH=${BINDIR:-$PWD}:$PATH
update=${1-}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# PATH VALUE of every number and switch of a file of groups.
keys() {
  sed -n 's/^  "\([a-z0-9_]*\)": {.*/group \1/p; s/"\([a-z0-9_]*\)": \(-\{0,1\}[0-9][0-9.e+-]*\|true\|false\)/\nkey \1 \2\n/gp' "$1" |
    awk '$1 == "group" { group = $2 "." } $1 == "key" && $2 != "format" { print group $2, $3 }'
}

awk '
function row(cells, n) {
  n = gsub(/,/, ",", cells)
  while (n++ < 30) cells = cells ","
  print cells
}
BEGIN {
  print "op,m,n,k,dtype,batch,seq_len,kv_len,heads,kv_heads,head_dim,cache_write,read_bytes," \
        "write_bytes,bytes,ranks,algorithm,held_sms,copy_bytes_per_s,id,kv_dtype,window,tokens," \
        "hidden,intermediate,top_k,experts,moe_tp,moe_ep,kernel,scale"
  n = split("bf16 fp8 fp32", dtypes, " ")
  for (d = 1; d <= n; d++) {
    for (m = 1; m <= 16384; m *= 16) {
      row("gemm," m ",4096,4096," dtypes[d])
      row("gemm," m ",1000,16384," dtypes[d])
    }
    row("gemm,512,4096,4096," dtypes[d] ",,,,,,,,,,,,,40,1e12")
  }
  for (x = 1; x <= 16384; x *= 16)
    for (h = 1; h <= 64; h *= 8) {
      row("attention_prefill,,,,bf16,1," x ",,64," h ",128")
      row("attention_prefill,,,,bf16,8," x ",,64," h ",128,with")
      row("attention_decode,,,,bf16,1,," x ",64," h ",128")
      row("attention_decode,,,,bf16,64,," x ",64," h ",128")
      row("attention_decode,,,,bf16,512,," x ",64," h ",64")
      row("attention_prefill,,,,bf16,1," x ",,64," h ",512")
      row("attention_decode,,,,bf16,1,," x ",64," h ",256")
    }
  for (x = 1; x <= 65536; x *= 16) {
    row("quantise," x ",,1024,fp8,,,,,,,,,,,,,,,,,,,,,,,,,,tensor")
    row("quantise," x ",,16384,fp8,,,,,,,,,,,,,,,,,,,,,,,,,,token")
  }
  n = split("fp8-block nvfp4 w4a16", low, " ")
  for (d = 1; d <= n; d++)
    for (m = 1; m <= 16384; m *= 4) {
      row("gemm," m ",4096,4096," low[d])
      row("gemm," m + 1 ",1000,16384," low[d])
    }
  for (x = 1; x <= 16384; x *= 16) for (h = 64; h <= 256; h += 64) {
    row("attention_prefill,,,,bf16,4," x ",,32,8," h ",,,,,,,,,,fp8")
    row("attention_decode,,,,bf16,64,," x ",32,8," h ",,,,,,,,,,fp8,128")
    row("mla_prefill,,,,bf16,4," x ",," h ",,,,,,,,,,,,fp8")
    row("mla_decode,,,,bf16,64,," x "," h ",,,,,,,,,,,,fp8")
  }
  n = split("bf16 fp8 fp8-block nvfp4 w4a16-mxfp4 w4a8-mxfp4", kinds, " ")
  for (d = 1; d <= n; d++) for (x = 1; x <= 16384; x *= 8) {
    row("moe,,,," kinds[d] ",,,,,,,,,,,,,,,,,," x ",4096,1536,8,128,1,1,marlin")
    row("moe,,,," kinds[d] ",,,,,,,,,,,,,,,,,," x ",4096,1536,8,128,8,1")
    row("moe,,,," kinds[d] ",,,,,,,,,,,,,,,,,," x ",4096,1000,8,128,8,8")
    row("moe,,,," kinds[d] ",,,,,,,,,,,,,,,,,," x ",6144,16384,2,8,1,1")
  }
  for (x = 1e3; x < 1e10; x *= 100) row("memory,,,,,,,,,,,," x "," x)
  n = split("all_reduce all_gather reduce_scatter all_to_all", kinds, " ")
  for (x = 1024; x < 1e9; x *= 32) for (r = 2; r <= 8; r *= 2) {
    for (k = 1; k <= n; k++) row(kinds[k] ",,,,,,,,,,,,,," x "," r)
    row("all_reduce,,,,,,,,,,,,,," x "," r ",ring")
    row("all_reduce,,,,,,,,,,,,,," x "," r ",tree")
    row("all_reduce,,,,,,,,,,,,,," x "," r ",one-shot")
    row("all_reduce,,,,,,,,,,,,,," x "," r ",two-shot")
    if (r > 2) row("all_reduce,,,,,,,,,,,,,," x "," r ",nvls")
  }
}' >"$work/ops.csv"

# OUT SETTINGS...: "time width fits" of every op, or of every pass; exit 2 where a value is refused.
of_ops() {
  out=$1
  shift
  tpsim cost --device h100-sxm --platform dgx-h100 --stack "$stack" "$@" "$work/ops.csv" \
    2>"$work/said" >"$work/cost" || return 2
  awk -F, 'FNR > 1 { print $(NF - 2), $NF / $(NF - 1), "-" }' "$work/cost" >"$out"
}
passes() {
  tpsim sweep --layers 2 --batch 1,8 --prompt 64,1024 --generate 2 "$@" 2>"$work/said" \
    >"$work/sweep" || return 2
  awk -F, 'function or(x) { return x == "" ? "-" : x }
    FNR > 1 { print or($19), $15 / ($14 + 1e-99) + $18 / ($17 + 1e-99), or($26) }' "$work/sweep"
}
of_passes() {
  out=$1
  shift
  passes --platform dgx-h100,dgx-h100-nop2p,dgx-h100-x2 --stack "$stack" --model gpt3-1.3b \
    --tp 2,8,16 --variant "$variants" --phase "$phase" "$@" >"$out"
}
# Of other software: expanded attention, fused activations, fp8, training.
of_others() {
  out=$1
  shift
  { passes --platform dgx-h100 --stack eager,gpt-fast-compile,sglang-graph --tp 1,8 \
      --model llama-3.1-8b --dtype fp16,fp8 --variant standard,ladder "$@" &&
      passes --platform dgx-h100 --stack tpsim-cuda --tp 1,8 --model llama-3.1-8b \
        --phase train "$@"; } >"$out"
}

# Two values of a key that are both in its range.
pairs() {
  case $1 in
  true | false) echo "false true" ;;
  1) echo "0 1"; echo "1 2" ;;
  0) echo "1e9 1e12"; echo "1 5"; for most in 1e-6 0.5 100 1e6; do echo "0 $most"; done; echo "1 2" ;;
  *) awk -v v="$1" 'BEGIN {
       printf "%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n", v / 2, v * 2, v / 2, v, v, v * 2
       printf "%.6g %.6g\n%.6g %.6g\n%.6g %.6g\n", v, v * 1000, v / 1000, v, v / 50, v
     }' ;;
  esac
}

# A few of many ops may go the other way: another algorithm or tile is chosen.
verdict() {
  paste -d' ' "$work/low" "$work/high" | awk '
    { fits += $3 != $6 }
    $1 == "-" || $4 == "-" { next }
    { up += $4 > $1 * (1 + 1e-8); down += $4 < $1 * (1 - 1e-8)
      wider += $5 > $2 * (1 + 1e-8); narrower += $5 < $2 * (1 - 1e-8) }
    END {
      print (up > 10 * down ? "slower" : down > 10 * up ? "faster" : up + down ? "mixed" \
             : wider ? "wider" : narrower ? "narrower" : fits ? "fits" : "nothing")
    }'
}

# What else must be set for a key to bind: rows are quantised where there is a rate for it,
# activations counted where memory binds and a cache is warm, a long sum split where its depth costs
# and rows do not choose the tile; a cache has a size and a rate, nothing draws power where no
# clock may rise, and memory binds where there is little of it.
needs() {
  case $1 in
  *.quantise_row_s) echo "--set ${1%_row_s}_bytes_per_s=1e12" ;;
  *.activation_ratio) echo "--set ${1%activation_ratio}warm_bytes=3e7 --set ${1%activation_ratio}dram_ratio=0.05" ;;
  *.cached_bytes) echo "--set ${1%cached_bytes}cache_bytes_per_s=7e12" ;;
  *.cache_bytes_per_s) echo "--set ${1%cache_bytes_per_s}cached_bytes=3e7" ;;
  *.idle_power_ratio | *.dram_power_ratio) echo "--set device.overlap.burst_ratio=1.4" ;;
  stack.memory.prefill_tokens_to_64_gib) echo "--set device.datasheet.dram_bytes=60e9" ;;
  stack.memory.reserve_ratio) echo "--set device.datasheet.dram_bytes=3.3e9" ;;
  stack.memory.optimiser_bytes) echo "--set device.datasheet.dram_bytes=30e9" ;;
  device.gemm*.split_s) echo "--set ${1%split_s}half_tile_rows=0 --set ${1%split_s}depth_s=1e-8" ;;
  esac
}

judge() { # KEY VALUE
  found=nothing
  case $1 in
  device.trigger.* | *.l2_bytes) variants=t3,t3-mca,cu-share phase=fc-2 ;;
  device.overlap.*) variants=ladder,chunked phase=inference ;;
  device.quantise.* | *.clock_hz) variants=flash-int4 phase=inference ;;
  *) variants=standard phase=inference ;;
  esac
  case $1 in
  device.gemm* | device.attention* | device.experts* | device.latent* | device.memory* | device.nccl* | device.peer* | device.scaling*)
    probes='of_ops of_passes of_others' ;;
  *) probes='of_passes of_others of_ops' ;;
  esac
  pairs "$2" >"$work/pairs"
  for probe in $probes; do
    while read -r low high; do
      # shellcheck disable=SC2046 # words of their own
      $probe "$work/low" --set "$1=$low" $(needs "$1") &&
        $probe "$work/high" --set "$1=$high" $(needs "$1") || continue
      found=$(verdict)
      [ "$found" = nothing ] || break 2
    done <"$work/pairs"
  done
  echo "$1 $found"
}

stack=vllm-graph
keys "$data/platforms/devices/h100-sxm.json" | sed 's/^/device./' >"$work/keys"
{
  cat "$data/platforms/stacks/$stack.json"
  for library in vllm-custom torch-symmetric-memory nccl-2.27; do # its own, what devices say aside
    sed '/"devices"/,$d' "$data/platforms/libraries/$library.json"
  done
} >"$work/stack"
keys "$work/stack" | awk '!seen[$1]++' | sed 's/^/stack./' >>"$work/keys"
cat >>"$work/keys" <<'END'
platform.links.nvlink.bytes_per_s_per_direction 450e9
platform.links.nvlink.latency_s 0.25e-6
END
while read -r key value; do judge "$key" "$value"; done <"$work/keys" >"$work/found"
if [ "$update" = --update ]; then
  cp "$work/found" "$here/keys.txt" || exit 99
fi

failed=0
report() { # NUMBER NAME LINES-THAT-ARE-WRONG
  result=ok
  [ -z "$3" ] || { result='not ok' failed=1; }
  printf '%s %d - %s\n' "$result" "$1" "$2"
  [ -z "$3" ] || printf '%s\n' "$3" | sed 's/^/# /'
}
report 1 'every key moves what keys.txt says' "$(diff "$here/keys.txt" "$work/found")"
report 2 'seconds make slower' "$(grep -E '_s (faster|mixed)' "$work/found" | grep -v _per_s)"
report 3 'rates make faster' "$(grep -E '_per_s(_per_direction)? (slower|mixed)' "$work/found")"
echo 1..3
exit $failed
