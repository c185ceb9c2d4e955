# Hand-checked.  Prefill of 2 * 256 tokens over 4 ranks by ideal rings of 450 GB/s and 0.5 us a hop:
# 2 * 4 all-reduces and the embedding's of S = 512 * 64 * 2 bytes take
# 6 * 0.5 us + 1.5 S / 450e9 = 3.21845 us each; the gather of 2 * 256 fp16 logits
# 3 * 0.5 us + 0.75 * 1024 / 450e9 = 1.50171 us: 30.4678 us in all, none of it hidden.
# A GPU sends 9 * 1.5 S + 0.75 * 1024 = 885504 bytes.  At tp 1 nothing is sent.
# The ladder starts as many; desync-4x three, of a group of two layers each and the embedding.
tpsim predict --model tiny.json --platform dgx-h100 --stack ideal --tp 4,1 --variant standard,ladder,desync-4x,no-comm --batch 2 --prompt 256 --generate 1 --set nvlink.bytes_per_s_per_direction=450e9 --set nvlink.latency_s=0.25e-6 | cut -d, -f4,5,22,29
# Half the bandwidth doubles the second term, half the latency halves the first.
tpsim predict --model tiny.json --platform dgx-h100 --stack ideal --tp 4 --batch 2 --prompt 256 --generate 1 --set nvlink.bytes_per_s_per_direction=225e9 --set nvlink.latency_s=0.125e-6 | cut -d, -f4,5,22,29
