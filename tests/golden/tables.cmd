# What a table of one point says of a whole generation, a training step and a sub-layer.
tpsim predict --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --format table
tpsim predict --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --phase train --format table
tpsim predict --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --phase fc-2 --format table
tpsim compare --model tiny.json --platform dgx-h100 --tp 4 --batch 8 --format table
# A sweep to what is no file writes rows there and nothing beside it.
tpsim sweep --model tiny.json --platform dgx-h100 -o /dev/null
ls | grep null
