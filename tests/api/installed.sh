#!/bin/sh
# The example of docs/examples compiled by pkg-config against the library as it is installed, shared
# and static, and run: it says what the installed tpsim says.  `make installcheck` calls this.
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export PKG_CONFIG_PATH="$LIBDIR/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
export LD_LIBRARY_PATH="$LIBDIR${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
example=$SRCDIR/docs/examples/estimate.c

fail() {
  echo "installcheck: $*" >&2
  exit 1
}

# shellcheck disable=SC2046,SC2086 # words
$CC $CFLAGS -Wall -Wextra -Wpedantic -Werror -o "$work/shared" "$example" \
  $($PKG_CONFIG --cflags --libs tpsim) || fail "the example does not compile"
"$work/shared" >"$work/said" || fail "the example exits $?"
cat "$work/said"
"$BINDIR/tpsim" sweep --model llama-3.1-70b --platform dgx-h100 --tp 8 --variant ladder \
  --batch 1:64:x4 | awk -F, 'NR > 1 {
    printf "batch %2d: %.3f ms a token, %.3f times as fast as standard\n", $8, 1e3 * $16, $21
  }' >"$work/wanted"
[ -s "$work/wanted" ] && cmp "$work/said" "$work/wanted" || fail "tpsim says something else"
if [ -f "$LIBDIR/libtpsim.a" ]; then
  # shellcheck disable=SC2046,SC2086 # words
  $CC $CFLAGS -o "$work/static" "$example" $($PKG_CONFIG --cflags tpsim) "$LIBDIR/libtpsim.a" \
    $($PKG_CONFIG --static --libs tpsim | sed 's/-ltpsim//') || fail "it does not link statically"
  "$work/static" | cmp - "$work/said" || fail "the static library says something else"
fi
symbols=$(nm -D --defined-only "$LIBDIR/libtpsim.so" | awk '$3 !~ /^tpsim_/ {print $3}')
[ -z "$symbols" ] || fail "libtpsim.so exports $symbols"
echo "installcheck: the library is as it should be"
