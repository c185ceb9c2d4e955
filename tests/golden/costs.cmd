# Single ops whose time was checked by hand or that a mistake would move: exactly whole waves of tiles
# (5632 x 3072 is 8 waves of 128 x 128 on 132 SMs), which a partial wave's price must not touch.
printf 'op,m,n,k\ngemm,5632,3072,8192\ngemm,5633,3072,8192\n' | tpsim cost --device h100-sxm --set gemm.wave_ratio=1 -
printf 'op,m,n,k\ngemm,5632,3072,8192\ngemm,5633,3072,8192\n' | tpsim cost --device h100-sxm --set gemm.wave_ratio=0.2 -
# QuickReduce's two-shot sends a ratio of the bytes more than the buffer has.
printf 'op,bytes,ranks,algorithm\nall_reduce,8388608,8,two-shot\nall_reduce,8388608,8,one-shot\nall_reduce,8388608,8,nvls\nall_reduce,8388608,8,ring\nall_reduce,8388608,8,tree\nall_gather,8388608,8,\nreduce_scatter,8388608,8,\nall_to_all,8388608,8,\n' | tpsim cost --device h100-sxm --platform dgx-h100 --stack vllm-graph -
printf 'op,bytes,ranks,algorithm\nall_reduce,8388608,8,two-shot\nall_reduce,8388608,8,one-shot\n' | tpsim cost --device mi300x --platform mi300x-x8 --stack vllm-graph -
# Decode of many query heads a KV head is bound by arithmetic: half the rate, more time.
printf 'op,batch,kv_len,heads,kv_heads,head_dim\nattention_decode,64,8192,64,1,256\nattention_decode,1,8192,8,8,128\n' | tpsim cost --device h100-sxm --set attention_decode.compute_ratio=0.02 -
printf 'op,batch,kv_len,heads,kv_heads,head_dim\nattention_decode,64,8192,64,1,256\nattention_decode,1,8192,8,8,128\n' | tpsim cost --device h100-sxm --set attention_decode.compute_ratio=0.01 -
# A trigger that takes its time to start.
for start in 0 5e-6; do tpsim predict --model gpt3-1.3b --platform t3-ring-8 --stack ideal --tp 8 --phase op --variant standard,t3,t3-mca --set trigger.start_s=$start | cut -d, -f4,19,22,23; done
# Tokens to their experts and back, by kernels of libraries.
printf 'op,tokens,hidden,top_k,experts,ranks,sms,dtype,routing,algorithm\ndispatch,4096,7168,8,256,8,,,,deepep\ndispatch,4096,7168,8,256,8,8,,,deepep\ndispatch,4096,7168,8,256,8,8,bf16,,deepep\ncombine,4096,7168,8,256,8,,,,deepep\ndispatch,64,7168,8,256,8,,,,deepep-low-latency\ncombine,64,7168,8,256,8,,,even,deepep-low-latency\n' | tpsim cost --platform dgx-h100 --stack vllm-0.24-deepep -
printf 'op,tokens,hidden,top_k,experts,ranks,algorithm\nprepare,64,7168,8,256,64,nvlink-two-sided\ndispatch,64,7168,8,256,64,nvlink-two-sided\ncombine,64,7168,8,256,64,nvlink-one-sided\ncombine,64,7168,8,256,64,\n' | tpsim cost --platform gb200-nvl72 --stack trtllm-1.3-nvlink -
printf 'op,tokens,hidden,top_k,experts,ranks,algorithm\ndispatch,64,7168,8,256,8,deepep\n' | tpsim cost --platform dgx-h100 --stack vllm-0.24 -
