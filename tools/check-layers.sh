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
ops: base platform program cost engine numeric predict ops
fit: base platform program cost predict ops fit
judge: base platform program cost predict sweep ops fit judge
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
cli: base model platform program cost engine numeric predict sweep ops fit judge plot command cli'
bad=0
code=$(find "$srcdir"/src -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort)
for file in $code; do
  folder=${file#"$srcdir"/src/}
  folder=${folder%%/*}
  allowed=$(printf '%s\n' "$rules" | sed -n "s/^$folder: //p")
  for included in $(sed -n 's/^#include "\([a-z_]*\)\/.*/\1/p' "$file"); do
    case " $allowed " in
    *" $included "*) ;;
    *) echo "$file: $folder may not include $included"; bad=1 ;;
    esac
  done
done

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
only gsl/ 'fit/*' 'sweep/solve.c' 'cli/main.c'
only yaml 'sweep/yaml.c'
only expat 'platform/*'
only '\.' # from src/, so that the rows above see it
only '(cuda_|cublas|cudnn)' 'gpu/*' 'peers/*'
only '(nccl|mpi)' 'peers/*'

for file in $code; do
  case $file in
  *.h | */src/cli/* | */src/command/* | */src/cuda/*) continue ;;
  */src/engine/des/main.c | */src/engine/des/list.c) continue ;; # a program, if one that nobody calls
  */src/peers/mpi.c) continue ;; # the environment is how mpirun tells
  esac
  if grep -nE '(^|[^a-z_])(printf|puts|putchar|exit|getenv)\(|fprintf\(std|fputs\([^;]*, std' "$file"; then
    echo "$file: only what a user calls prints, exits and reads the environment"
    bad=1
  fi
done
if [ $bad = 0 ]; then echo "ok 1 - layers"; else echo "not ok 1 - layers"; fi
echo 1..1
exit $bad
