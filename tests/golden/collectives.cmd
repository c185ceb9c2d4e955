# All-reduces by size: times, bus bandwidths (2 (n - 1) / n times bytes over time) and which is fastest.
tpsim compare --collectives --platform dgx-h100 --tp 8 --stack vllm-graph --format table
# 1 MiB by 8 ranks: 1.75 * 1048576 / time_us / 1000 in GB/s.
tpsim compare --collectives --platform dgx-h100 --tp 8 --stack vllm-graph --variant standard,standard+flash-int8 --format csv | sed -n '1p; /,1048576,/p'
# By domains, where links between them are slow.
tpsim compare --collectives --platform l40s-x8-nop2p --tp 8 --format table
# What one GPU moves of memory and links: full precision and low bits, flat and by domains.
for c in flash flash-hierarchical hierarchical; do tpsim sweep --model gpt3-1.3b --layers 2 --platform l40s-x8-nop2p --stack vllm-graph --tp 8 --batch 4 --prompt 512 --generate 2 --variant standard,standard+flash-int8,standard+flash-int4-int8 --collective $c | cut -d, -f4,5,13,17,22,27-29; done
