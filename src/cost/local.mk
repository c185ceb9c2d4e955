libtpsim_a_SOURCES += \
	%D%/algorithm.h \
	%D%/attention.c \
	%D%/collective.c \
	%D%/cost.c %D%/cost.h \
	%D%/direct.c \
	%D%/dma.c \
	%D%/gemm.c \
	%D%/hierarchical.c \
	%D%/machine.c \
	%D%/matrix_vector.c \
	%D%/memory.c \
	%D%/nvls.c \
	%D%/pattern.c %D%/pattern.h \
	%D%/peer.c \
	%D%/protocol.c \
	%D%/rate.h \
	%D%/ring.c \
	%D%/rings.c \
	%D%/slice.c \
	%D%/style.c %D%/style.h \
	%D%/tree.c \
	%D%/two_step.c
