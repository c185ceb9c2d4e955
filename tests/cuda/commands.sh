#!/bin/sh
# tpsim-cuda as a user meets it where there may be no GPU: without CUDA, which takes half a second to
# start each time, and at last with it.
bindir=${BINDIR:-.}
program=$bindir/tests/cuda/cpu/tpsim-cuda
number=0 failures=0

# expect NAME STATUS TEXT ARGUMENTS..: exit status and a part of what is printed
expect() {
  name=$1 wanted=$2 text=$3
  shift 3
  number=$((number + 1))
  said=$("$program" "$@" 2>&1)
  status=$?
  case $status/$said in
  $wanted/*"$text"*) echo "ok $number - $name" ;;
  *) failures=$((failures + 1)); echo "not ok $number - $name: status $status, '$said'" ;;
  esac
}
expect version 0 'tpsim-cuda ' --version
expect help 0 'usage: tpsim-cuda COMMAND' --help
expect 'no command' 2 '`tpsim-cuda --help` lists them'
expect 'a wrong command' 2 "did you mean 'devices'?" device
expect 'a wrong benchmark, and each that there is once' 2 \
  'known: ops, collectives, interference, layers, generate, starts,' bench foo
expect 'a wrong option' 2 "did you mean '--format'?" devices --fromat csv
expect 'a wrong format' 2 "no format 'cvs'; did you mean 'csv'?" devices -f cvs
for command in $("$program" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
  expect "$command --help" 0 "example:
  tpsim-cuda $command" "$command" --help
done
expect 'built without CUDA' 3 'no GPU can be used here: built without CUDA' devices
if [ -x "$bindir/tpsim-cuda" ]; then
  program=$bindir/tpsim-cuda
  expect 'version, with CUDA' 0 'tpsim-cuda ' --version
  if ls /dev/nvidia[0-9]* >/dev/null 2>&1; then
    expect 'devices' 0 'device,name' devices --format csv
  else
    expect 'no GPU' 3 'no GPU can be used here: ' devices
  fi
fi
echo "1..$number"
exit $((failures > 0))
