# What is added to the residual has been through the all-reduce that the op waits for; norms of a layer's end have the next layer's gain.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant ladder --operands
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --phase train --operands | tail -n 1
