# Standard's kernels, nothing on the communication stream.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant no-comm
