# Every mistake is one line with its mend, and exit 2; a point that cannot run is a row.
tpsim predict --model llama-3.1-80b --platform dgx-h100
tpsim predict --model tiny.json --platform dgx-h10
tpsim predict --model tiny.json --platform dgx-h100 --stack idael
tpsim predict --model tiny.json --platform dgx-h100 --variant lader
tpsim predict --model tiny.json --platform dgx-h100 --varriant ladder
tpsim predict --model tiny.json --platform dgx-h100 --tp 0
tpsim predict --model tiny.json --platform dgx-h100 --tp 1:8:x0
tpsim predict --model tiny.json --platform dgx-h100 --set nvlink.bytes=1
tpsim predict --model tiny.json
tpsim predct
tpsim check ladder-7b
tpsim predict --model tiny.json --platform dgx-h100 --stack ideal --tp 3 --format csv | cut -d, -f5,30-
# Of a key that means many values six are listed.
tpsim predict --model tiny.json --platform dgx-h100 --set spread_ratio=0.1
