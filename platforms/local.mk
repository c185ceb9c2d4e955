platformsdir = $(pkgdatadir)/platforms
dist_platforms_DATA = \
	%D%/a100-cube-mesh.json \
	%D%/dgx-a100-40gb.json \
	%D%/dgx-a100-80gb-x64.json \
	%D%/dgx-a100-80gb.json \
	%D%/dgx-b200.json \
	%D%/dgx-b300.json \
	%D%/dgx-h100-nop2p.json \
	%D%/dgx-h100-x2-nop2p.json \
	%D%/dgx-h100-x2.json \
	%D%/dgx-h100.json \
	%D%/dgx-h200.json \
	%D%/gb200-nvl72.json \
	%D%/gb300-nvl72.json \
	%D%/h100-nvl64.json \
	%D%/h100-pcie-x8.json \
	%D%/h20-x8.json \
	%D%/l40-x4.json \
	%D%/l40s-x4-nop2p.json \
	%D%/l40s-x4.json \
	%D%/l40s-x8-nop2p.json \
	%D%/l40s-x8.json \
	%D%/mi300x-x8.json \
	%D%/rtx-4090-x8.json \
	%D%/rtx-pro-6000-x8.json \
	%D%/t3-ring-16.json \
	%D%/t3-ring-32.json \
	%D%/t3-ring-8.json \
	%D%/t3-ring.json

librariesdir = $(platformsdir)/libraries
dist_libraries_DATA = \
	%D%/libraries/deepep.json \
	%D%/libraries/flashinfer.json \
	%D%/libraries/ideal.json \
	%D%/libraries/multimem-tokenweave.json \
	%D%/libraries/nccl-2.20.json \
	%D%/libraries/nccl-2.27.json \
	%D%/libraries/quickreduce.json \
	%D%/libraries/sglang-0.5.10.json \
	%D%/libraries/sglang-0.5.14.json \
	%D%/libraries/stepped.json \
	%D%/libraries/torch-symmetric-memory.json \
	%D%/libraries/trtllm-0.10.json \
	%D%/libraries/trtllm-0.14.json \
	%D%/libraries/trtllm-1.0.json \
	%D%/libraries/trtllm-1.3.json \
	%D%/libraries/trtllm-nvlink.json \
	%D%/libraries/vllm-custom.json

devicesdir = $(platformsdir)/devices
dist_devices_DATA = \
	%D%/devices/a100-sxm-40gb.json \
	%D%/devices/a100-sxm-80gb.json \
	%D%/devices/b200-sxm.json \
	%D%/devices/b300-sxm.json \
	%D%/devices/gb200.json \
	%D%/devices/gb300.json \
	%D%/devices/h100-pcie.json \
	%D%/devices/h100-sxm.json \
	%D%/devices/h20.json \
	%D%/devices/h200-sxm.json \
	%D%/devices/l40.json \
	%D%/devices/l40s.json \
	%D%/devices/mi300x.json \
	%D%/devices/rtx-4090.json \
	%D%/devices/rtx-pro-6000.json \
	%D%/devices/t3-gpu.json

stacksdir = $(platformsdir)/stacks
dist_stacks_DATA = \
	%D%/stacks/eager.json \
	%D%/stacks/gpt-fast-compile.json \
	%D%/stacks/ideal.json \
	%D%/stacks/megatron-lm.json \
	%D%/stacks/sglang-0.5.10-graph.json \
	%D%/stacks/sglang-0.5.14.json \
	%D%/stacks/sglang-graph.json \
	%D%/stacks/t3-simulator.json \
	%D%/stacks/tensorrt-llm-0.12-one-shot.json \
	%D%/stacks/tensorrt-llm-0.12.json \
	%D%/stacks/tpsim-cuda.json \
	%D%/stacks/trtllm-1.3-nvlink.json \
	%D%/stacks/trtllm-1.3.json \
	%D%/stacks/vllm-0.24-deepep.json \
	%D%/stacks/vllm-0.24.json \
	%D%/stacks/vllm-0.8-multimem.json \
	%D%/stacks/vllm-0.8-tokenweave.json \
	%D%/stacks/vllm-graph.json

EXTRA_DIST += %D%/README.md
