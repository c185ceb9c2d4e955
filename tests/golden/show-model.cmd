# DeepSeek-V3's layers as a table: three dense ones, 58 with experts, a latent cache that all ranks have.
tpsim show-model deepseek-v3 --format csv 2>/dev/null
# Five layers slide, one does not.
tpsim show-model gemma-3-27b -f csv | tail -n 4
# What is left out of a file, and the types that it brings, are said; --dtype overrides.
tpsim show-model gpt-oss-20b -f csv 2>&1 >/dev/null | sed 's/.*models/models/'
# A cache of a file in fp32 is what predict has it as.
sed '2i "torch_dtype": "float32",' tiny.json >wide.json; tpsim show-model wide.json -f csv 2>&1 | grep 'note\|cache'; tpsim predict --model wide.json --platform dgx-h100 --prompt 8 --generate 8 -f csv 2>/dev/null | sed 's/.*,//'
# Weights that no GEMM here multiplies are shown wide, and said to be; one of as many bits is predicted.
sed '2i "quantization_config": {"quant_method": "gptq", "bits": 8},' tiny.json >eight.json; tpsim show-model eight.json -f csv 2>&1 | sed -n '/note/p;3p'; tpsim predict --model eight.json --platform dgx-h100 --dtype auto,fp8 -f csv | cut -d, -f11,30-33
