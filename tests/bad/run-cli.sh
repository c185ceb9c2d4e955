#!/bin/sh
# tests/bad/cli/NAME/: `args`, a command line run in a copy of the folder with the files that stand
# there; `expected`, the line on standard error, "*" and "?" standing for anything.  Every case must
# exit 2, say that line and nothing else, and leave no file behind.  The shell does by itself what it
# can: starting programs took most of the time.
dir=${SRCDIR:-.}/tests/bad/cli
tpsim=${BINDIR:-.}/tpsim
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cp -r "$dir" "$work/cases" && chmod -R u+w "$work/cases" || exit 99
case $tpsim in /*) ;; *) tpsim=$PWD/$tpsim ;; esac

# The lines of FILE into `text`, their number into `lines`.
slurp() {
  text= lines=0
  while IFS= read -r line || [ -n "$line" ]; do
    text="$text${text:+
}$line"
    lines=$((lines + 1))
  done <"$1"
}

set -- "$work"/cases/*/
echo "1..$#"
n=0 failed=0
for case in "$@"; do
  n=$((n + 1))
  cd "$case" || exit 99
  set -- *
  before=$*
  slurp args
  eval "set -- $text"
  "$tpsim" "$@" >"$work/out" 2>"$work/err" </dev/null
  status=$?
  slurp expected
  expected=$text
  slurp "$work/err"
  fault=
  [ $status = 2 ] || fault="; status $status"
  [ ! -s "$work/out" ] || fault="$fault; wrote to standard output"
  [ $lines -eq 1 ] || fault="$fault; not one line on standard error"
  # shellcheck disable=SC2254 # a pattern
  case $text in
  $expected) ;;
  *) fault="$fault; said: $text" ;;
  esac
  set -- *
  [ "$*" = "$before" ] || fault="$fault; left a file behind"
  [ -z "$fault" ] || failed=1
  case=${case%/}
  echo "${fault:+not }ok $n - ${case##*/}$fault"
done
exit $failed
