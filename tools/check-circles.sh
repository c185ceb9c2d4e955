#!/bin/sh
# Fails if files of src/ need one another in a circle: a symbol of the one in the other's object, and
# back, perhaps by way of others.  Reads the objects of a build, BINDIR; what is not built there (the
# kernels of src/gpu and src/peers without CUDA, but for what tests compile) is not seen.  Where several
# objects define a symbol, as the host and a GPU do, the one in the caller's folder is meant.
builddir=${BINDIR:-$PWD}
objects=$(find "$builddir/src" -name '*.o')
if [ -z "$objects" ] || ! command -v "${NM:-nm}" >/dev/null; then
  echo "1..0 # SKIP no objects or no nm"
  exit 0
fi
# Libtool and Automake name an object after what it is for: .libs/libtpcuda_la-math.o is math.
# shellcheck disable=SC2086
if ${NM:-nm} -g -A $objects | awk -v root="$builddir/src/" '
  function folder(file) { sub(/[^\/]*$/, "", file); return file }
  function meet(from, to, symbol) {
    if (from == to || (from, to) in why) return
    why[from, to] = symbol
    out[from] = out[from] " " to
    pairs[++n_pairs] = from SUBSEP to
  }
  # Whether `from` leads to `to`.
  function leads(from, to, seen,   queue, n, at, next_of, i, k) {
    split("", seen)
    queue[n = 1] = from
    for (at = 1; at <= n; at++) {
      k = split(out[queue[at]], next_of, " ")
      for (i = 1; i <= k; i++) {
        if (next_of[i] == to) return 1
        if (!(next_of[i] in seen)) { seen[next_of[i]] = 1; queue[++n] = next_of[i] }
      }
    }
    return 0
  }
  {
    file = substr($1, length(root) + 1)
    sub(/\.o:.*/, "", file)
    sub(/\.libs\//, "", file)
    sub(/[^\/]*-/, "", file)
    kind = $(NF - 1); symbol = $NF
    if (kind == "U") uses[++n_uses] = file SUBSEP symbol
    else if (!((symbol, file) in defines)) {
      defines[symbol, file] = 1
      definers[symbol] = definers[symbol] " " file
    }
  }
  END {
    for (u = 1; u <= n_uses; u++) {
      split(uses[u], use, SUBSEP)
      n = split(definers[use[2]], files, " ")
      own = 0
      for (i = 1; i <= n; i++) own += folder(files[i]) == folder(use[1])
      for (i = 1; i <= n; i++)
        if (own == 0 || folder(files[i]) == folder(use[1])) meet(use[1], files[i], use[2])
    }
    for (p = 1; p <= n_pairs; p++) {
      split(pairs[p], ends, SUBSEP)
      if (!leads(ends[2], ends[1])) continue
      print "# " ends[1] " needs " why[pairs[p]] " of " ends[2]
      bad = 1
    }
    exit bad
  }' | sort -u | grep .; then
  echo "not ok 1 - files that need one another in a circle"
  echo 1..1
  exit 1
fi
echo "ok 1 - no circle of files"
echo 1..1
