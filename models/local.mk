wiringsdir = $(pkgdatadir)/models/wirings
dist_wirings_DATA =\
	%D%/wirings/desync-2x.tpa \
	%D%/wirings/desync-4x.tpa \
	%D%/wirings/fal.tpa \
	%D%/wirings/kraken.tpa \
	%D%/wirings/ladder.tpa \
	%D%/wirings/no-comm.tpa \
	%D%/wirings/parallel.tpa \
	%D%/wirings/parallel-track.tpa \
	%D%/wirings/spd.tpa \
	%D%/wirings/standard.tpa
modelsdir = $(pkgdatadir)/models
dist_models_DATA = %D%/README.md \
	%D%/bloom-176b.json \
	%D%/codellama-34b.json \
	%D%/gpt3-1.3b.json \
	%D%/gpt3-13b.json \
	%D%/gpt3-175b-quarter.json \
	%D%/gpt3-175b.json \
	%D%/gpt3-6.7b.json \
	%D%/gpt3-65b-quarter.json \
	%D%/gpt3-65b.json \
	%D%/kraken-125m-2way.json \
	%D%/kraken-125m-4way.json \
	%D%/kraken-125m-6way.json \
	%D%/kraken-350m-2way.json \
	%D%/kraken-350m-4way.json \
	%D%/kraken-760m-4way.json \
	%D%/ladder-176b.json \
	%D%/ladder-1b.json \
	%D%/ladder-3b.json \
	%D%/llama-2-13b.json \
	%D%/llama-2-70b.json \
	%D%/llama-2-7b.json \
	%D%/llama-3.1-405b.json \
	%D%/llama-3.1-70b.json \
	%D%/llama-3.1-8b.json \
	%D%/llama-3.3-70b.json \
	%D%/mega-gpt-2.json \
	%D%/mistral-7b.json \
	%D%/mt-nlg-530b.json \
	%D%/palm-540b.json \
	%D%/qwen2.5-32b.json \
	%D%/t-nlg.json
