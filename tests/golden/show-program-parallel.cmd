# One GEMM in for QKV and MLP, attention and MLP beside each other, one all-reduce a layer.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant parallel
