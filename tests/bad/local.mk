# tests of bad
