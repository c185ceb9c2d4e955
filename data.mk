# What is installed beside the program and goes into the tarball.
include models/local.mk
include platforms/local.mk
dist_doc_DATA = docs/ACCURACY.md docs/DESIGN.md docs/GPU.md docs/MODEL.md docs/TUTORIAL.md docs/WIRINGS.md
adddocdir = $(docdir)/adding
dist_adddoc_DATA = docs/adding/device.md docs/adding/library.md docs/adding/platform.md docs/adding/variant.md
resultspublisheddir = $(pkgdatadir)/results/published
dist_resultspublished_DATA = results/published/flash.csv results/published/kraken.csv results/published/ladder.csv results/published/parallel-track.csv \
	results/published/megatron.csv results/published/spd.csv results/published/t3.csv results/published/tokenweave.csv \
	results/published/README.md
resultsbaselinesdir = $(pkgdatadir)/results/baselines
dist_resultsbaselines_DATA = results/baselines/ladder-70b.csv
EXTRA_DIST += tools/cuda-libraries tools/gpu-crosscheck tools/gpu-power tools/gpu-suite tools/renew-baseline tools/resweep tools/same-answers tools/t3 tools/variant-table README.md HACKING.md docs/GPU.md docs/MODEL.md traces/README.md traces/h200-sxm traces/public
