#!/bin/sh
# What docs/MODEL.md and docs/ACCURACY.md name is there: `folder/file.c:function` and `folder/file.h`
# below src/, `tests/folder/file.c`.  No line is longer than 100 columns.
root=${SRCDIR:-.}
docs="$root/docs/MODEL.md $root/docs/ACCURACY.md"
n=0 failed=0

case_is() { # NAME, then whether the last command succeeded
  n=$((n + 1))
  if [ "$2" -eq 0 ]; then
    echo "ok $n - $1"
  else
    failed=1
    echo "not ok $n - $1"
  fi
}

# A definition begins at the margin, its declaration in a header ends with a semicolon.
for named in $(grep -oEh '`[a-z_0-9/]+\.[ch]:[a-z_0-9]+`' $docs | tr -d '`' | sort -u); do
  grep -qE "^[a-z].*[ *]${named#*:}\([^;]*$" "$root/src/${named%:*}" 2>/dev/null
  case_is "$named" $?
done
for named in $(grep -oEh '`[a-z_0-9]+/[a-z_0-9/]+\.(c|h|sh)`' $docs | tr -d '`' | sort -u); do
  [ -f "$root/src/$named" ] || [ -f "$root/$named" ]
  case_is "$named" $?
done
[ $n -gt 20 ]
case_is "the docs name functions" $?
for doc in $docs; do
  awk 'length > 100 { print "# line " FNR " has " length; wide = 1 } END { exit wide }' "$doc"
  case_is "${doc##*/} within 100 columns" $?
done
echo "1..$n"
exit $failed
