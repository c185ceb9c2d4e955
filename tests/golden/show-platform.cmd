# Eight GPUs on one switch that reduces: two hops between any two, 450 GB/s, 2 * 0.25 us.
# The XML is the same graph for SimGrid: a host a vertex, TCP corrections off.
tpsim show-platform dgx-h100
tpsim show-platform dgx-h100 --xml | head -n 14
# The same as rows: what a vertex, a link and a route have stands in its columns, and nothing else does.
tpsim show-platform l40s-x4 --format csv
tpsim show-platform dgx-h100 --format json | sed -n '1,3p;$p'
tpsim show-platform dgx-h100 --format csv --xml
