# tests of golden
TESTS += %D%/calibrate.sh %D%/commands.sh %D%/flash-error.sh %D%/plot.sh
EXTRA_DIST += %D%/calibrate.sh %D%/data %D%/commands.sh %D%/flash-error.sh %D%/flash-error.txt %D%/plot.sh
