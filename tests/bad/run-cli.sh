#!/bin/sh
# tests/bad/cli/NAME/: `args`, a command line run in a copy of the folder with the files that stand
# there; `expected`, the line on standard error, "*" and "?" standing for anything.  Every case must
# exit 2, say that line and nothing else, and leave no file behind.
dir=${SRCDIR:-.}/tests/bad/cli
tpsim=${BINDIR:-.}/tpsim
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
set -- "$dir"/*/
echo "1..$#"
n=0 failed=0
for case in "$@"; do
  n=$((n + 1))
  rm -rf "$work/case"
  mkdir "$work/case"
  cp "$case"* "$work/case"
  before=$(ls "$work/case")
  (
    cd "$work/case" || exit 99
    eval "set -- $(cat args)"
    exec "$tpsim" "$@" >"$work/out" 2>"$work/err" </dev/null
  )
  status=$?
  said=$(cat "$work/err")
  expected=$(cat "$case/expected")
  fault=
  [ $status = 2 ] || fault="; status $status"
  [ ! -s "$work/out" ] || fault="$fault; wrote to standard output"
  [ "$(wc -l <"$work/err")" -eq 1 ] || fault="$fault; not one line on standard error"
  # shellcheck disable=SC2254 # a pattern
  case $said in
  $expected) ;;
  *) fault="$fault; said: $said" ;;
  esac
  [ "$(ls "$work/case")" = "$before" ] || fault="$fault; left a file behind"
  [ -z "$fault" ] || failed=1
  echo "${fault:+not }ok $n - $(basename "$case")$fault"
done
exit $failed
