# tests of bad
EXTRA_DIST += %D%/platforms
TESTS += %D%/run-cli.sh
EXTRA_DIST += %D%/cli %D%/run-cli.sh
