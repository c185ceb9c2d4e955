# tests of golden
TESTS += %D%/commands.sh %D%/flash-error.sh %D%/plot.sh
EXTRA_DIST += %D%/commands.sh %D%/flash-error.sh %D%/flash-error.txt %D%/plot.sh
