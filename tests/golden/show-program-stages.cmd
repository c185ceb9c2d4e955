# A stage ends with what later ops read, and leaves the norm of it to the next; the last one sends the sampled tokens back.
tpsim show-program --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --pp 2 --batch 2 --prompt 8 --generate 8 --variant standard,ladder
# DeepSeek-V3 with experts over replicas: what experts and latents work on stays in its layer.
tpsim show-program --model deepseek-v3 --layers 5 --tp 2 --dp 2 --ep 4 --pp 2 --variant ladder --operands 2>/dev/null
# A training step: every stage there, from the first on, then every stage back, from the last; over replicas the last micro-batch sums gradients.
tpsim show-program --model tiny.json --stack ideal --tp 4 --pp 2 --phase train | grep "^# tiny\|stage[.]"
tpsim show-program --model tiny.json --stack ideal --tp 4 --pp 2 --dp 2 --batch 2 --phase train | grep "^# tiny\|gradients[.]"
