# A closed loop and two variants under the same load; what is the same in all rows stands above them.
tpsim serve --model tiny.json --platform dgx-h100 --stack ideal --tp 2 --variant standard,no-comm --concurrency 1,8 --prompt 300 --generate 16 --requests 40 --range-ratio 0.5 --format table
# A batch that limits what runs at once; the rows for programs.
tpsim serve --model tiny.json --platform dgx-h100 --stack ideal --tp 2 --rate 1000 --batch 2 --prompt 300 --generate 4 --requests 20 --seed 7 --format csv
# What cannot run is a row, and exit status 2 where it is the only one.
tpsim serve --model tiny.json --platform dgx-h100 --stack ideal --tp 1 --pp 2 --concurrency 1 --format csv
# Usage, options with their defaults, an example.
tpsim serve --help
