#!/bin/sh
# Transcripts: every NAME.cmd (why it is there, then command lines) must print NAME.expected, each
# command with its output, standard error included, and its exit status.  tests/golden/update
# rewrites the .expected files: read the difference before committing it.
here=${SRCDIR:-.}/tests/golden
[ -d "$here" ] || here=$(dirname "$0")
PATH=${BINDIR:-$PWD}:$PATH
update=${1-}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

transcript() { # FILE.cmd; runs in a folder of its own
  mkdir "$work/run" && cp "$here/tiny.json" "$work/run" && cd "$work/run" || exit 99
  while IFS= read -r line; do
    case $line in
    '#'* | '') printf '%s\n' "$line" ;;
    *)
      printf '$ %s\n' "$line"
      sh -c "$line" </dev/null 2>&1
      printf '[exit %d]\n' $?
      ;;
    esac
  done <"$1"
  cd "$work" && rm -rf run
}

n=0 failed=0
for cmd in "$here"/*.cmd; do
  name=$(basename "$cmd" .cmd)
  n=$((n + 1))
  transcript "$cmd" >"$work/$name"
  if [ "$update" = --update ]; then
    cp "$work/$name" "$here/$name.expected" || exit 99
  fi
  if diff -u "$here/$name.expected" "$work/$name" >"$work/diff"; then
    printf 'ok %d - %s\n' $n "$name"
  else
    failed=1
    printf 'not ok %d - %s\n' $n "$name"
    sed 's/^/# /' "$work/diff"
  fi
done
printf '1..%d\n' $n
exit $failed
