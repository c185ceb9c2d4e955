# What is installed beside the program and goes into the tarball.
include models/local.mk
include platforms/local.mk
dist_doc_DATA = docs/MODEL.md
