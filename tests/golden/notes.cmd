# What a table says and nobody reads is named, once a file, and so is what stands in its place.
printf 'model,platform,input_len,ttft_s,tpot_ms\nllama-3.1-8b,dgx-h100,2048,0.0280,7.4\n' >points.csv && tpsim validate points.csv >out; head -n 2 out
printf 'm,n,k,kernel_source,time_us,time_ms\n64,8192,8192,cutlass,53,0.053\n' >ops.csv && tpsim validate ops.csv -d h100-sxm --where kernel_source=cutlass >out; head -n 2 out
printf 'model,platform,tp,metric,baseline,tolerance_ratio,owner\nllama-3.1-8b,dgx-h100,8,ttft_s,0.01,2,me\n' >base.csv && tpsim check base.csv
# A points file goes before options, which fill what it leaves empty.
printf 'model,platform,tp\nladder-1b,dgx-h100,4\nladder-1b,dgx-h100,\n' >points.csv && tpsim sweep --points points.csv --tp 8 >out; cut -d, -f 1-5 out
printf 'model,platform,tp,concurrency\nladder-1b,dgx-h100,4,2\n' >loads.csv && tpsim serve --points loads.csv --tp 8 -c 4 >out; cut -d, -f 1-5 out
# A table that misses its limits says all that it misses.
printf 'model,platform,variant,tp,batch,prompt,ttft_s\nladder-1b,dgx-h100,standard,8,1,1024,0.006\nladder-1b,dgx-h100,ladder,8,1,1024,0.004\nladder-1b,dgx-h100,no-comm,8,1,1024,0.003\n' >runs.csv && tpsim validate runs.csv --max-gain-error 0.01 >out; head -n 1 out
# Where GPUs of a run are not all the device, that is said.
printf '# nThread 1\n#  Rank  0 Group  0 Pid  1 on  a device  0 [0x1] NVIDIA H100 80GB HBM3\n#  Rank  1 Group  0 Pid  1 on  a device  1 [0x2] NVIDIA A100-SXM4-80GB\n# size count type redop root time algbw busbw #wrong\n 1048576 262144 float sum -1 30 34.95 34.95 0\n' >log.txt && tpsim validate log.txt --op all_reduce -d h100-sxm --max-mape 9 >out; head -n 1 out
