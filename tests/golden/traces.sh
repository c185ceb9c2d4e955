#!/bin/sh
# Folders of traces as people hand them on: joined twice, without sidecars, with columns renamed.  What
# is taken in another way than it was written is said.
here=${SRCDIR:-.}
[ -d "$here/traces/h200-sxm" ] || here=$(dirname "$0")/../..
here=$(cd "$here" && pwd) || exit 99
traces=$here/traces/h200-sxm
PATH=${BINDIR:-$PWD}:$PATH
. "$(dirname "$0")/../tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

# folder FILE...: h200-sxm with these traces alone
folder() {
  rm -rf h200-sxm
  mkdir h200-sxm
  for name; do cp "$traces/$name.csv" "$traces/$name.csv.json" h200-sxm/; done
  chmod -R u+w h200-sxm
}
validate() { tpsim validate h200-sxm --device h200-sxm --max-gain-error 1 >"$1.csv" 2>said; }
# Few rows are fitted, which is quick.
calibrate() { tpsim calibrate h200-sxm --hold-out 0.95 -o device.json >"$1.csv" 2>said; }

folder gemm layers generate crossings interference
validate whole
check "as it was written: only how late stand-ins were is said" [ "$(wc -l <said)" = 1 ]
calibrate fit
check "nothing of a fit" [ ! -s said ]

# The same file twice, and a row measured again.
sed 1d "$traces/gemm.csv" >>h200-sxm/gemm.csv
sed 1d "$traces/layers.csv" >>h200-sxm/layers.csv
validate twice
check "validate counts a copy once" grep -qx 'tpsim: note: h200-sxm/gemm.csv: 1017 rows are copies of ones above (the first: line 1019, of line 2): counted once' said
check "of points, too" grep -q 'h200-sxm/layers.csv: 128 rows are copies' said
# What was fitted is known by the hash of the whole file: figures of all rows are the same.
grep '^[a-z]*.csv,all,' whole.csv | cut -d, -f1-7 >before
grep '^[a-z]*.csv,all,' twice.csv | cut -d, -f1-7 >after
check "and finds what it found" cmp -s before after
calibrate again
check "calibrate does so" grep -q 'h200-sxm/gemm.csv: 1017 rows are copies' said
check "and fits the same" cmp -s fit.csv again.csv

folder gemm layers
sed -n 's/,[^,]*,12$/,1.25,11/p' "$traces/gemm.csv" | head -3 >>h200-sxm/gemm.csv
validate again
check "a point that is measured again is said to count" grep -q 'h200-sxm/gemm.csv: 3 rows measure again what ones above did (the first: line 1019, of line [0-9]*): each counts$' said
check "and counts" grep -q '^gemm.csv,all,,1020,' again.csv
calibrate again
check "in a fit, too" grep -q 'h200-sxm/gemm.csv: 3 rows measure again' said

folder gemm layers
rm h200-sxm/*.json
validate none
check "no sidecar: what is taken for granted" grep -q 'h200-sxm: no file has a sidecar .*: taken to be .* tpsim 0.2 or later$' said
calibrate none
check "of a fit, too" grep -q 'h200-sxm: no file has a sidecar' said
folder layers
sed -i 's/"tpsim"/"build"/' h200-sxm/layers.csv.json
validate unsaid
check "no version in it" grep -q 'h200-sxm: sidecars do not say which tpsim measured' said

folder gemm
truncate -s -1 h200-sxm/gemm.csv
validate torn
check "a last line that may be torn" grep -q 'h200-sxm/gemm.csv: the last line does not end: ' said

folder layers gemm
sed -i '1s/ttft_late_s/lateness/' h200-sxm/layers.csv
sed -i '1s/spread_us/scatter/' h200-sxm/gemm.csv
validate renamed
check "a column that nobody reads is named" grep -q 'h200-sxm/layers.csv:1: columns not used: lateness$' said
check "of ops, too" grep -q 'h200-sxm/gemm.csv:1: columns not used: scatter$' said
calibrate renamed
check "and by a fit" grep -q 'h200-sxm/gemm.csv:1: columns not used: scatter$' said
finish
