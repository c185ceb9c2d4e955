#!/bin/sh
# Fails if a folder of src/ includes one it may not know, or a library outside its folder, or a layer
# below command/ and cli/ prints, exits or reads the environment.  Rows: folder, then what it may include.
srcdir=${SRCDIR:-$(dirname "$0")/..}
rules='base: base
model: base model
platform: base platform
program: base model program
cost: base platform program cost
engine: base platform program cost engine
numeric: base numeric
predict: base model platform program cost engine predict
api: base predict api
sweep: base model platform program cost engine predict sweep
serve: base model platform program cost engine predict serve
ops: base platform program cost engine numeric predict ops
fit: base platform program cost predict ops fit
judge: base platform program cost predict sweep serve ops fit judge
plot: base program predict plot
run: base platform program cost numeric run
host: base program cost engine numeric run host
ranks: base ranks
bench: base platform program cost run host ranks bench
verify: base program cost numeric run host ranks verify
gpu: base program cost run ranks gpu
peers: base program run ranks gpu peers
command: base command
cuda: base platform program cost run ranks bench verify gpu command cuda
cli: base model platform program cost engine numeric predict sweep serve ops fit judge plot command cli'
bad=0
code=$(find "$srcdir"/src -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort)
# A process for all files: one a file took seconds.
printf '%s\n' "$rules" | awk -v srcdir="$srcdir" '
  FNR == NR { sub(/:/, "", $1); for (i = 2; i <= NF; i++) may[$1, $i]; next }
  FNR == 1 { folder = substr(FILENAME, length(srcdir "/src/") + 1); sub(/\/.*/, "", folder) }
  /^#include "[a-z_]*\// {
    included = $0
    gsub(/^#include "|\/.*/, "", included)
    if ((folder, included) in may) next
    print FILENAME ": " folder " may not include " included
    bad = 1
  }
  END { exit bad }' - $code || bad=1

only() { # HEADER-PATTERN FILES-ALLOWED...
  pattern=$1
  shift
  for file in $(grep -lE "#include [<\"]($pattern)" $code); do
    allowed=no
    for glob in "$@"; do
      case ${file#"$srcdir"/src/} in
      $glob) allowed=yes ;;
      esac
    done
    [ $allowed = yes ] || { echo "$file: may not include $pattern"; bad=1; }
  done
}
only simgrid/ 'engine/des/*'
only gsl/ 'fit/*' 'serve/*' 'sweep/solve.c' 'cli/main.c'
only yaml 'sweep/yaml.c'
only expat 'platform/*'
only '\.' # from src/, so that the rows above see it
only '(cuda_|cublas|cudnn)' 'gpu/*' 'peers/*'
only '(nccl|mpi)' 'peers/*'

lower=
for file in $code; do
  case $file in
  *.h | */src/cli/* | */src/command/* | */src/cuda/*) continue ;;
  */src/engine/des/main.c | */src/engine/des/list.c) continue ;; # a program, if one that nobody calls
  */src/peers/mpi.c) continue ;; # the environment is how mpirun tells
  esac
  lower="$lower $file"
done
# shellcheck disable=SC2086 # words
if grep -nE '(^|[^a-z_])(printf|puts|putchar|exit|getenv)\(|fprintf\(std|fputs\([^;]*, std' $lower /dev/null; then
  echo "only what a user calls prints, exits and reads the environment"
  bad=1
fi
if [ $bad = 0 ]; then echo "ok 1 - layers"; else echo "not ok 1 - layers"; fi
echo 1..1
exit $bad
