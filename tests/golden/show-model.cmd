# DeepSeek-V3's layers as a table: three dense ones, 58 with experts, a latent cache that all ranks have.
tpsim show-model deepseek-v3 --format csv 2>/dev/null
# Five layers slide, one does not.
tpsim show-model gemma-3-27b -f csv | tail -n 4
# What is left out of a file, and the types that it brings, are said; --dtype overrides.
tpsim show-model gpt-oss-20b -f csv 2>&1 >/dev/null | sed 's/.*models/models/'
# A cache of a file in fp32 is what predict has it as.
sed '2i "torch_dtype": "float32",' tiny.json >wide.json; tpsim show-model wide.json -f csv 2>&1 | grep 'note\|cache'; tpsim predict --model wide.json --platform dgx-h100 --prompt 8 --generate 8 -f csv 2>/dev/null | sed 's/.*,//'
