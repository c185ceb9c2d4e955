# What needs no CUDA: the executor, its host device, references; built and tested everywhere.
noinst_LIBRARIES += libtpcuda.a
libtpcuda_a_SOURCES = \
	%D%/beside.c %D%/beside.h \
	%D%/bench.c %D%/bench.h \
	%D%/calls.h \
	%D%/executor.h \
	%D%/fill_value.h \
	%D%/gpu.h \
	%D%/gpu_comm.h \
	%D%/group.h \
	%D%/host.h \
	%D%/reference.c %D%/reference.h \
	%D%/reference_block.c %D%/reference_block.h \
	%D%/store.h \
	%D%/trace.c %D%/trace.h \
	%D%/trace_sidecar.c %D%/trace_sidecar.h \
	%D%/weights.c %D%/weights.h

EXTRA_DIST += %D%/gpu_launch.h
