# Eight GPUs on one switch that reduces: two hops between any two, 450 GB/s, 2 * 0.25 us.
# The XML is the same graph for SimGrid: a host a vertex, TCP corrections off.
tpsim show-platform dgx-h100
tpsim show-platform dgx-h100 --xml | head -n 14
