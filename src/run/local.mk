# What needs no CUDA: the executor, its host device, references; built and tested everywhere.
noinst_LTLIBRARIES += libtpcuda.la
libtpcuda_la_CPPFLAGS = $(AM_CPPFLAGS) $(MPI_CFLAGS)
libtpcuda_la_SOURCES = \
	%D%/beside.h \
	%D%/calls.h \
	%D%/comm_choice.c %D%/comm_choice.h \
	%D%/element.c %D%/element.h \
	%D%/executor.c %D%/executor.h \
	%D%/fill_value.h \
	%D%/keep.c %D%/keep.h \
	%D%/kernel_math.h \
	%D%/make.c %D%/make.h \
	%D%/operand.c %D%/operand.h \
	%D%/peer_try.h \
	%D%/standin_plan.c %D%/standin_plan.h \
	%D%/standin_try.h \
	%D%/store.c %D%/store.h \
	%D%/weights.c %D%/weights.h \
	%D%/windows.h
