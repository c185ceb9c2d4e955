#!/bin/sh
# Every `$ tpsim ...` line of the README's ```sh blocks runs and succeeds; what a block shows below
# a command is its output, to the byte.  `$ tools/...` lines are left out: they run this test.
readme=${SRCDIR:-.}/README.md
[ -f "$readme" ] || exit 77
PATH=${BINDIR:-$PWD}:$PATH
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir "$work/run" && cd "$work/run" || exit 99

# N.cmd, and N.shown where output stands below the command.
awk -v dir="$work" '
  /^```/ { inside = !inside && /^```sh$/; command = ""; next }
  inside && /^\$ / { command = sprintf("%s/%03d", dir, ++n); print substr($0, 3) >(command ".cmd"); next }
  inside && command != "" { print >(command ".shown") }' "$readme"

n=0 failed=0
for file in "$work"/*.cmd; do
  command=$(cat "$file")
  case $command in tools/*) continue ;; esac
  n=$((n + 1))
  shown=${file%.cmd}.shown
  if ! sh -c "$command" </dev/null >out 2>err; then
    failed=1
    printf 'not ok %d - %s\n' $n "$command"
    sed 's/^/# /' err
  elif [ -f "$shown" ] && ! diff -u "$shown" out >diff; then
    failed=1
    printf 'not ok %d - %s\n' $n "$command"
    sed 's/^/# /' diff
  else
    printf 'ok %d - %s\n' $n "$command"
  fi
done
[ $n -gt 0 ] || { n=1 failed=1; echo "not ok 1 - the README has commands"; }
printf '1..%d\n' $n
exit $failed
