# Every published figure beside ours, to the last digit: whatever moves one shows here.  Of an intended
# change read which papers' errors grow.
tpsim reproduce all --format csv
# The summary of each paper: mean and worst error over its figures.
for paper in ladder kraken t3 flash spd parallel-track tokenweave all; do tpsim reproduce $paper --format table | grep 'mean error'; done
