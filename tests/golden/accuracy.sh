#!/bin/sh
# The README's table of errors is what tools/accuracy works out, and its first lines say the same.
root=${SRCDIR:-.}
[ -f "$root/README.md" ] && [ -d "$root/traces/public" ] || exit 77
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

n=0 failed=0
check() { # NAME STATUS
  n=$((n + 1)) result=ok
  [ "$2" = 0 ] || { result='not ok' failed=1; }
  printf '%s %d - %s\n' "$result" "$n" "$1"
}

"$root/tools/accuracy" >"$work/table"
check 'every figure is worked out' $?
! grep -q '| 0 |\|nan' "$work/table"
check 'from some rows' $?
sed -n '/^| what | figures/,/^$/p' "$root/README.md" | sed '/^$/d' >"$work/shown"
diff -u "$work/shown" "$work/table" >"$work/diff"
check 'the README shows them; mend: tools/accuracy --update' $?
sed 's/^/# /' "$work/diff"
first=$(sed -n '3s/.* | \([0-9.]* %\) | \([0-9.]* %\) |$/\1 off published measurements on average, \2 at most/p' "$work/table")
tr '\n' ' ' <"$root/README.md" | grep -qF "tokens/s are $first"
check 'so do its first lines' $?
echo "1..$n"
exit $failed
