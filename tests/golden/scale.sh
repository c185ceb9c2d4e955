#!/bin/sh
# A made-up fat tree of 512 nodes: 4,096 GPUs of which 1,024 work together.  Nothing on the way may
# grow with the square of either: each case has a minute, and takes a second.
tpsim=${BINDIR:-.}/tpsim
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
export TPSIM_DATA="${SRCDIR:-.}"

# Eight GPUs a node behind a switch, an adapter each; 16 nodes a leaf, 32 leaves, 8 spines.
awk -v nodes=512 'BEGIN {
  print "{\"format\": 1, \"name\": \"fat-tree\", \"device\": \"h100-sxm\", \"kind\": \"assumed\","
  print " \"source\": \"made up\", \"vertices\": ["
  for (n = 0; n < nodes; n++) {
    printf "{\"name\": \"gpu\", \"first\": %d, \"count\": 8, \"kind\": \"gpu\", \"node\": %d},\n", 8 * n, n
    printf "{\"name\": \"nvswitch%d\", \"kind\": \"switch\", \"node\": %d, \"reduces\": true},\n", n, n
    printf "{\"name\": \"nic\", \"first\": %d, \"count\": 8, \"kind\": \"nic\", \"node\": %d},\n", 8 * n, n
  }
  print "{\"name\": \"leaf\", \"count\": 32, \"kind\": \"switch\"},"
  print "{\"name\": \"spine\", \"count\": 8, \"kind\": \"switch\"}], \"links\": ["
  link("nvlink", "nvlink", "450e9", "0.25e-6")
  for (n = 0; n < nodes; n++) printf "%s[\"gpu[%d-%d]\", \"nvswitch%d\"]\n", n ? "," : "", 8 * n, 8 * n + 7, n
  print "]},"
  link("pcie", "pcie", "55e9", "0.5e-6")
  print "[\"gpu[0-4095]\", \"nic[0-4095]\"]]},"
  link("rail", "network", "50e9", "0.6e-6")
  for (n = 0; n < nodes; n++) printf "%s[\"nic[%d-%d]\", \"leaf%d\"]\n", n ? "," : "", 8 * n, 8 * n + 7, int(n / 16)
  print "]},"
  link("trunk", "network", "800e9", "0.6e-6")
  for (l = 0; l < 32; l++) for (s = 0; s < 8; s++) printf "%s[\"leaf%d\", \"spine%d\"]\n", l + s ? "," : "", l, s
  print "]}]}"
}
function link(name, kind, rate, latency) {
  printf "{\"name\": \"%s\", \"kind\": \"%s\", \"bytes_per_s_per_direction\": %s,", name, kind, rate
  printf " \"latency_s\": %s, \"between\": [\n", latency
}' >"$here/fat-tree.json"
cat >"$here/wide.json" <<'END'
{"model_type": "llama", "hidden_size": 32768, "intermediate_size": 65536, "num_hidden_layers": 4,
 "num_attention_heads": 1024, "num_key_value_heads": 1024, "vocab_size": 131072}
END

failed=0 n=0
check() { # WHAT, WANTED, COMMAND...: the output has a line that matches
  what=$1 wanted=$2
  shift 2
  n=$((n + 1))
  if timeout 60 "$@" >"$here/out" 2>"$here/err" && grep -q -- "$wanted" "$here/out"; then
    echo "ok $n - $what"
  else
    echo "not ok $n - $what"
    head -c 1000 "$here/out" "$here/err" | sed 's/^/# /'
    failed=1
  fi
}

echo "1..5"
check "the platform" "^fat-tree: 4096 x .* on 512 nodes" "$tpsim" show-platform "$here/fat-tree.json"
check "its routes" "gpu0 -> gpu4095 .* 50 GB/s, 3.4 us" "$tpsim" show-platform "$here/fat-tree.json"
check "1,024 ranks of it" ",standard,1024,1,128,.*,ok," "$tpsim" predict --model "$here/wide.json" \
  --platform "$here/fat-tree.json" --tp 1024 --batch 16 --prompt 512 --generate 16 --format csv
# 2046 steps: of each, 7/8 stay in a node (0.5 us), 1/8 go to the next (120 of 128 by one leaf in
# 2.2 us, 8 by a spine in 3.4 us); 2 x 1023/1024 of 1 GB at eight adapters of 50 GB/s.
printf 'op,bytes,ranks\nall_reduce,1e9,1024\n' >"$here/ops.csv"
check "a ring through all of them" "^all_reduce,1e9,1024,6472.07344," "$tpsim" cost \
  --device h100-sxm --stack ideal --platform "$here/fat-tree.json" "$here/ops.csv"
check "64 ranks of it, simulated" ",standard,64,1,8,.*,ok," "$tpsim" predict \
  --model "$here/wide.json" --platform "$here/fat-tree.json" --tp 64 --batch 1 --prompt 16 \
  --generate 2 --engine des --format csv
exit $failed
