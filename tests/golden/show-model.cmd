# DeepSeek-V3's layers as a table: three dense ones, 58 with experts, a latent cache that all ranks have.
tpsim show-model deepseek-v3 --format csv
# A model folder is a model; five layers slide, one does not.
tpsim show-model gemma-3-27b -f csv | tail -n 4
