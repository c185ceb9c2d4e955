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
cuda: base model platform program cost numeric command cuda
command: base command
study: base model platform program cost engine numeric study
cli: base model platform program cost engine numeric study command cli'
bad=0
code=$(find "$srcdir"/src -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort)
for file in $code; do
  folder=$(basename "$(dirname "$file")")
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
only simgrid/ 'engine/des*'
only gsl/ 'study/*' 'cli/main.c'
only yaml 'study/*'
only command/ 'command/*' 'cli/*' 'cuda/main.c' 'cuda/cmd_*' 'cuda/commands.h'
only cuda/gpu_ 'cuda/gpu*'
only '\.' # from src/, so that the rows above see it
only '(cuda_|cublas|cudnn|nccl|mpi)' 'cuda/gpu*' 'cuda/group_mpi.c'

for file in $code; do
  case $file in
  *.h | */src/cli/* | */src/command/* | */src/cuda/main.c | */src/cuda/cmd_*.c) continue ;;
  */src/cuda/group_mpi.c) continue ;; # the environment is how mpirun tells
  esac
  if grep -nE '(^|[^a-z_])(printf|puts|putchar|exit|getenv)\(|fprintf\(std|fputs\([^;]*, std' "$file"; then
    echo "$file: only what a user calls prints, exits and reads the environment"
    bad=1
  fi
done
if [ $bad = 0 ]; then echo "ok 1 - layers"; else echo "not ok 1 - layers"; fi
echo 1..1
exit $bad
