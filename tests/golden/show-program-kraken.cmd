# One sub-layer a rank; the exchange of its output runs under attention; W combines at the end.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant kraken
