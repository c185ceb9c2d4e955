#!/bin/sh
# What flash-error prints for a fixed seed, to three digits: kinds of samples, widths on both sides,
# spikes, a group that does not divide the parts.
golden=${SRCDIR:-.}/tests/golden/flash-error.txt
echo "1..1"
if "${BINDIR:-.}/tpsim" flash-error --bits 8,4,3 --gather-bits 8,4 --group 100 --ranks 3 \
  --elements 8192 --spike-reserving --seed 1 --format table | diff "$golden" - >&2; then
  echo "ok 1 - the table"
else
  echo "not ok 1 - the table"
  exit 1
fi
