# tests of bad
EXTRA_DIST += %D%/platforms
if TPSIM
TESTS += %D%/run-cli.sh
endif
EXTRA_DIST += %D%/cli %D%/run-cli.sh
