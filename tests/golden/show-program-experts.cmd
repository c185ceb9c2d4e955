# Mixtral under ladder: attention's all-reduce runs under router and experts, theirs under attention.
tpsim show-program -m mixtral-8x7b -p dgx-h100 --tp 8 --variant ladder --stack vllm-graph --generate 2 | sed -n '/decode/,$p'
# DeepSeek-V3, four replicas of two GPUs, experts over all eight: dispatch under the shared expert, then
# the sums scattered back and reduced.
tpsim show-program -m deepseek-v3 -p dgx-h200 --tp 2 --dp 4 --ep 8 --stack vllm-graph --batch 64 --generate 2 2>/dev/null | sed -n '/decode/,$p'
# DeepEP brings a rank the tokens of its own experts alone; the table of ops says so, too, and gives their price.
tpsim show-program -m deepseek-v3 -p dgx-h200 --dp 8 --ep 8 --stack vllm-0.24-deepep --batch 64 --generate 1 -f csv 2>/dev/null >ops.csv; grep -m1 -o 'top=8/256.*rows=own' ops.csv; for held in own all; do sed "s/,own,/,$held,/" ops.csv | tpsim cost -p dgx-h200 -s vllm-0.24-deepep - 2>/dev/null | awk -F, '$5 == "moe.experts" { print $(NF - 2); exit }'; done
