#!/bin/sh
# tools/gpu-suite with a program that only says what it was asked: every stage has its turn, and
# what failed is named at the end.
suite=${SRCDIR:-.}/tools/gpu-suite
case $suite in /*) ;; *) suite=$PWD/$suite ;; esac
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
n=0 failed=0
check() { # check NAME COMMAND...
  n=$((n + 1))
  name=$1
  shift
  if "$@"; then result=ok; else result="not ok" failed=1; fi
  printf '%s %d - %s\n' "$result" "$n" "$name"
}

cat >fake <<'END'
#!/bin/sh
echo "$*" >>"$ASKED"
case $1 in
"$BREAKS") echo "$1 breaks" >&2; exit 3 ;;
bench) echo "traces/fake: Fake GPU, planned as on fake" ;;
esac
END
chmod +x fake
cp fake tpsim
ASKED=$work/asked
export ASKED BREAKS

memcheck=
command -v compute-sanitizer >/dev/null && memcheck="selftest "
BREAKS=none
"$suite" ./fake out >said 2>&1
check "all well: exit 0" [ $? = 0 ]
check "its stages" [ "$(cut -d' ' -f1 asked | uniq | tr '\n' ' ')" = \
  "devices selftest bench $memcheck""calibrate validate " ]
check "within the time" grep -q '^bench all --budget 270$' asked
check "says what to keep" grep -q '^gpu-suite: to keep: git add out/traces/fake$' said

: >asked
BREAKS=selftest
"$suite" ./fake out >said 2>&1
check "a stage that fails: exit 1" [ $? = 1 ]
check "the next has its turn" grep -q '^bench all' asked
check "and is named" grep -q '^gpu-suite: failed: selftest' said

: >asked
BREAKS=devices
"$suite" ./fake out >said 2>&1
check "no GPU: exit 3" [ $? = 3 ]
check "nothing more is asked" [ "$(cat asked)" = "devices --format table" ]

PATH=/usr/bin:/bin "$suite" a b c >said 2>&1
check "too many words: exit 2" [ $? = 2 ]
check "and how it is called" grep -q 'tools/gpu-suite \[TPSIM-CUDA \[FOLDER\]\]' said
echo "1..$n"
exit $failed
