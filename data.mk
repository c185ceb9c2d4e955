# What is installed beside the program and goes into the tarball.
include models/local.mk
include platforms/local.mk
dist_doc_DATA = docs/MODEL.md
resultspublisheddir = $(pkgdatadir)/results/published
dist_resultspublished_DATA = results/published/kraken.csv results/published/ladder.csv \
	results/published/README.md
EXTRA_DIST += README.md docs/MODEL.md traces/README.md
