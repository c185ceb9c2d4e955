# shellcheck shell=sh
# Counts and prints the cases of a script, which begins with `. "$(dirname "$0")/../tap.sh"`, before it
# changes folder, and ends with `finish`.
n=0 failed=0

# check NAME COMMAND...: ok where the command succeeds.
check() {
  n=$((n + 1))
  name=$1
  shift
  if "$@"; then result=ok; else result="not ok" failed=1; fi
  printf '%s %d - %s\n' "$result" "$n" "$name"
}

finish() {
  echo "1..$n"
  exit $failed
}
