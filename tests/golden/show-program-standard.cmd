# Two blocking all-reduces a layer: the kernel after each waits for it.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --variant standard
# The same as rows, which `tpsim cost` reads as they are.
tpsim show-program --model tiny.json --stack ideal --tp 4 --batch 2 --prompt 8 --generate 8 --format csv --operands | head -n 9
tpsim show-program --model tiny.json --tp 2,4 --pp 2 --format csv | tpsim cost --platform dgx-h100 - | awk -F, 'NR > 1 { n[$1]++; priced[$1] += $NF > 0 } END { for (p in n) print p ": " n[p] " ops, " priced[p] " priced" }' | sort
tpsim show-program --model tiny.json --architecture --format csv
# Where ranks share out the tokens, a rank's norms work on its own rows, and what reads them whole on all.
tpsim show-program --model tiny.json --stack ideal --variant sequence-parallel --tp 4 --phase prefill --batch 2 --prompt 8 --format csv | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i } $c["op"] == "memory" { print $c["name"], $c["rows"] }' | sort -u
