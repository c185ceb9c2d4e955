# A training step of every architecture that trains, of three layers: groups of two have one left over.
for variant in $(tpsim list variants --format csv | sed -n '2,/[.]tpa/s/^\([a-z0-9-]*\)[[,].*/\1/p'); do tpsim show-program --model tiny.json --layers 3 --tp 4 --phase train --variant $variant; done
# Again before its backward, on parts of the tokens, and the weight gradient under the all-reduce.
for parts in +recompute +sequence-parallel +async-reduce; do tpsim show-program --model tiny.json --layers 2 --tp 4 --phase train$parts; done
