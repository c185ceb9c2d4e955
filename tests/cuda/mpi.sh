#!/bin/sh
# Ranks that mpirun started: an exchange, and what becomes of it when rank 2 fails, ends early, brings
# another size or dies.  Skipped where configure was not given --with-mpi.
bindir=${BINDIR:-.}
if ! grep -q '^#define HAVE_MPI' "$bindir/config.h"; then
  echo "1..0 # SKIP configured without MPI"
  exit 0
fi
number=0 failures=0

# run RANKS SCENARIO STATUS TEXT
run() {
  number=$((number + 1))
  said=$(OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 \
    timeout 60 mpirun -n "$1" "$bindir/tests/cuda/group_ranks" "$2" 2>/dev/null)
  status=$?
  case $status/$said in
  $3/*"$4"*) echo "ok $number - $2" ;;
  *) failures=$((failures + 1)); echo "not ok $number - $2: status $status, '$said'" ;;
  esac
}
# tool STATUS TEXT ARGUMENTS..: two ranks of tpsim-cuda, of which only rank 0 speaks
tool() {
  number=$((number + 1)) wanted=$1 text=$2
  shift 2
  said=$(OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 \
    timeout 60 mpirun -n 2 "$bindir/tpsim-cuda" "$@" 2>&1)
  status=$?
  case $status/$said in
  */*'ended early'*) failures=$((failures + 1)); echo "not ok $number - $*: $said" ;;
  $wanted/*"$text"*) echo "ok $number - $*" ;;
  *) failures=$((failures + 1)); echo "not ok $number - $*: status $status, '$said'" ;;
  esac
}
run 4 goes 0 well
run 4 fails 3 'rank 2 ended before the others: no GPU 2 here'
run 4 ends 1 'rank 2 ended before the others'
run 4 disagrees 1 'rank 2 brings 2 bytes where rank 0 brings 4'
run 4 dies 137 ''
run 3 started-wrong 2 'mpirun started 3 processes for 4 ranks: mpirun -n 4'
if [ -x "$bindir/tpsim-cuda" ]; then
  tool 2 'say which (--tp N)' selftest
  ls /dev/nvidia[0-9]* >/dev/null 2>&1 || tool 3 'no GPU can be used here' selftest --tp 2
  tool 2 'name one of collectives, layers' bench all --device host --platform dgx-h200
fi
echo "1..$number"
exit $((failures > 0))
