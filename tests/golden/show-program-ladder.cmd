# A layer waits for the all-reduces that the layer before started; layer 1 waits for none, the epilogue for both.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant ladder
