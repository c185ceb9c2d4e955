#!/bin/sh
# tpsim-cuda selftest on the host: what it prints, and its exit statuses.
program=${BINDIR:-.}/tests/cuda/cpu/tpsim-cuda
number=0 failures=0

# expect NAME STATUS LAST-LINE ARGUMENTS..
expect() {
  name=$1 wanted=$2 last=$3
  shift 3
  number=$((number + 1))
  said=$("$program" selftest "$@" 2>&1)
  status=$?
  case $status/$(echo "$said" | tail -1) in
  $wanted/$last) echo "ok $number - $name" ;;
  *) failures=$((failures + 1)); echo "not ok $number - $name: status $status, '$said'" ;;
  esac
}
expect 'the host' 0 '[1-9]* passed, 0 failed, 0 skipped' --device host --only 'ladder tp 4 fp32'
expect 'quiet' 0 '[1-9]* passed, 0 failed, 0 skipped' --device host --quiet --seed 5 --only 'tp 2 bf16'
expect 'what no device computes is skipped' 0 '0 passed, 0 failed, [1-9]* skipped' --device host --variant t3
expect 'and so is part of it' 0 '[1-9]* passed, 0 failed, [1-9]* skipped' \
  --device host --variant ladder,parallel+t3 --only 'tp 2 fp32'
expect 'no such check' 2 "*no check is named like 'nothing'" --device host --only nothing
expect 'no such device' 2 "*no device 'moon'; write gpu or host" --device moon
expect "GPUs' options" 2 '*--tp is for GPUs: *; --only chooses' --device host --tp 2
expect 'no such stack' 2 "*did you mean 'tpsim-cuda'*" --stack tpsim-cud
if ! ls /dev/nvidia[0-9]* >/dev/null 2>&1; then
  expect 'no GPU' 3 '*no GPU can be used here: *; `tpsim-cuda selftest --device host`*'
  expect 'no GPUs' 3 '*' --tp 2
fi
echo "1..$number"
exit $((failures > 0))
