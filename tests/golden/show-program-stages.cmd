# A stage ends with what later ops read, and leaves the norm of it to the next; the last one sends the sampled tokens back.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --pp 2 --batch 2 --prompt 8 --generate 8 --variant standard,ladder
