# What is installed beside the program and goes into the tarball.
