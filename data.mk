# What is installed beside the program and goes into the tarball.

include platforms/local.mk
