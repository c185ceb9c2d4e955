# tests of bad
EXTRA_DIST += %D%/platforms
