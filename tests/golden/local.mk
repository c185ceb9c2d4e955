# tests of golden
TESTS += %D%/commands.sh
EXTRA_DIST += %D%/commands.sh
