# Four layers are two groups of two; one all-reduce a group.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant desync-4x
