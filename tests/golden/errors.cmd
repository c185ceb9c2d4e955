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
# What changes nothing is said, once: a step of training generates nothing; and sequences that an
# engine would refuse are named once a model, though not those whose rotary angles are stretched so far.
tpsim predict --model llama-3.1-8b --platform dgx-h100 --tp 8 --phase train,op --batch 1,2 --generate 7 --kv-dtype fp8 | cut -d, -f8,10,30,31,35
tpsim sweep --model llama-2-7b,llama-3.1-8b --platform dgx-h100 --prompt 1024,4000 --generate 1,128 -o long.csv && cut -d, -f1,9,10,30 long.csv
tpsim predict --model llama-3.1-8b --platform dgx-h100 --pp 2 --layers 1 | tail -n 1 | cut -c 1-40
# All-reduces by themselves are of a machine, and of nothing else.
tpsim compare --collectives --platform dgx-h100
tpsim compare --collectives --platform dgx-h100 --tp 1
tpsim compare --collectives --platform dgx-h100 --tp 4097
tpsim compare --collectives --platform dgx-h100 --tp 8 --batch 2 --collective flash
tpsim compare --collectives --platform dgx-h100 --tp 8 --collective-detail step
tpsim compare --collectives --platform dgx-h100 --tp 8 --timeline t.json
# A timeline is of points that can run, and of few.
tpsim predict --model tiny.json --platform dgx-h100 --tp 3,5 --timeline t.json
tpsim predict --model tiny.json --platform dgx-h100 --batch 1:100 --timeline t.json
# What a sub-layer has none of.
tpsim predict --model tiny.json --platform dgx-h100 --phase fc-2 --pp 2 --format csv | cut -d, -f30-31
