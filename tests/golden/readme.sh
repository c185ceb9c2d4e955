#!/bin/sh
# Every `$ ...` line of the ```sh blocks of the README, the tutorial and the pages on adding things runs
# and succeeds, the lines of a page in one folder; what a block shows below a command is its output, to
# the byte.  A ```tpa NAME block is the file of that name.  `$ tools/...` lines are left out: they run
# this test; so is what is not installed.  C of a page compiles.
root=${SRCDIR:-.}
[ -f "$root/README.md" ] || exit 77
PATH=${BINDIR:-$PWD}:$PATH
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0

run_page() { # PAGE
  rm -rf "$work/lines" "$work/run"
  mkdir "$work/lines" "$work/run" && cd "$work/run" || exit 99
  # N.cmd, and N.shown where output stands below the command.
  awk -v dir="$work/lines" '
    /^```/ { inside = !inside && /^```sh$/; command = ""; file = /^```tpa / ? $2 : ""; next }
    file != "" { print >file; next }
    inside && /^\$ / { command = sprintf("%s/%03d", dir, ++n); print substr($0, 3) >(command ".cmd"); next }
    inside && command != "" { print >(command ".shown") }' "$1"
  for file in "$work/lines"/*.cmd; do
    command=$(cat "$file")
    case $command in
    tools/*) continue ;;
    *"tpsim plot"*) command -v gnuplot >/dev/null || continue ;;
    *analytic,des*) [ -x "${BINDIR:-$PWD}/tpsim-des" ] || continue ;;
    *tpsim-cuda*) grep -q "^am__append_[0-9]* = tpsim-cuda" "${BINDIR:-.}/Makefile" || continue ;;
    esac
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
}

compile_page() { # PAGE
  grep -q '^```c$' "$1" && command -v cc >/dev/null || return
  n=$((n + 1))
  sed -n '/^```c$/,/^```$/{/^```/d;p}' "$1" >"$work/page.c"
  if cc -std=c17 -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L "-I$root/src" "-I${BINDIR:-.}" -fsyntax-only \
    "$work/page.c" 2>"$work/err"; then
    printf 'ok %d - C of %s compiles\n' $n "${1##*/}"
  else
    failed=1
    printf 'not ok %d - C of %s compiles\n' $n "${1##*/}"
    sed 's/^/# /' "$work/err"
  fi
}

root=$(cd "$root" && pwd)
for page in "$root/README.md" "$root/docs/TUTORIAL.md" "$root/docs/WIRINGS.md" "$root"/docs/adding/*.md; do
  run_page "$page"
  case $page in */adding/*) compile_page "$page" ;; esac
done
[ $n -gt 40 ] || { n=1 failed=1; echo "not ok 1 - the pages have commands"; }
printf '1..%d\n' $n
exit $failed
