# Ideal rings without latency: the gain of no-comm is inverse in the bandwidth, so half of it at twice the value.
tpsim solve --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --variant no-comm --batch 2 --prompt 256 --generate 1 --set nvlink.latency_s=0 --over nvlink.bytes_per_s_per_direction --from 1e9 --to 1e13 --gain 0.25 --format table
# Of the degrees those that run; the reasons of the others.
tpsim solve --model tiny.json --platform dgx-h100 --stack ideal --variant no-comm --over tp --from 1 --to 4 --gain 0.01 --format table
# None: exit 1, and the gains there are.
tpsim solve --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --variant no-comm --batch 2 --prompt 256 --generate 1 --set nvlink.latency_s=0 --over nvlink.bytes_per_s_per_direction --from 1e11 --to 1e12 --gain 1000 --format table
# What runs nowhere is one reason; more than one ends "and others".
tpsim solve --model tiny.json --platform dgx-h100 --stack ideal --variant no-comm --over tp --from 3 --to 4 --gain 1000 --format table
tpsim solve --model tiny.json --platform dgx-h100 --stack ideal --variant no-comm --over tp --from 2 --to 8 --gain 1000 --format table
# Of many ranges that cannot run eight are shown.
tpsim solve --model tiny.json --platform dgx-h100 --stack ideal --tp 2 --pp 2 --micro-batch 2 --generate 2 --variant no-comm --over batch --from 1 --to 24 --gain 0.01 --format table
