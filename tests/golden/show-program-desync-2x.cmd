# No all-reduce after attention; the MLP's carries the residual.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant desync-2x
