# What a table of one point says of a whole generation, a training step and a sub-layer.
tpsim predict --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --format table
tpsim predict --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --phase train --format table
tpsim predict --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --phase fc-2 --format table
tpsim compare --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --format table
# A sweep to what is no file writes rows there and nothing beside it.
tpsim sweep --model tiny.json --platform dgx-h100 -o /dev/null
ls | grep null
# Inputs that a point need not have stand where it has them, and stages wait for each other: shares add up to all.
tpsim predict --model tiny.json --platform dgx-h100 --tp 2 --pp 2 --micro-batch 2 --batch 8 --generate 8 --layers 2 --format table
tpsim predict --model tiny.json --platform dgx-h100 --dp 2 --pp 2 --interleave 2 --micro-batch 1 --batch 4 --phase train --format table
tpsim predict --model mixtral-8x7b --platform dgx-h100 --tp 2 --ep 2 --layers 1 --generate 2 --format table | head -n 1
# What cannot run says why: alone, and beside those that run.
tpsim predict --model tiny.json --platform dgx-h100 --tp 3 --format table
tpsim compare --model tiny.json --platform dgx-h100 --tp 1,3,4 --variant standard,ladder,kraken --generate 8 --batch 8 --format table
