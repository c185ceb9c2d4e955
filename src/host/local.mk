libtpcuda_la_SOURCES += \
	%D%/attention.c \
	%D%/calls.c \
	%D%/collective.c \
	%D%/ends.c \
	%D%/experts.c \
	%D%/gemm.c \
	%D%/head.c \
	%D%/host.c %D%/host.h \
	%D%/math.c %D%/math.h \
	%D%/play.c \
	%D%/queue.c \
	%D%/row.c \
	%D%/run.c \
	%D%/state.h
