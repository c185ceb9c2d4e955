libtpcore_la_SOURCES += \
	%D%/cost.c %D%/cost.h \
	%D%/machine.c \
	%D%/power.c \
	%D%/style.c %D%/style.h \
	%D%/collectives/algorithm.h \
	%D%/collectives/collective.c \
	%D%/collectives/direct.c \
	%D%/collectives/dma.c \
	%D%/collectives/exchange.c \
	%D%/collectives/hierarchical.c \
	%D%/collectives/nvls.c \
	%D%/collectives/own_kernels.c \
	%D%/collectives/peer.c \
	%D%/collectives/protocol.c \
	%D%/collectives/ring.c \
	%D%/collectives/tree.c \
	%D%/collectives/tuning.c %D%/collectives/tuning.h \
	%D%/collectives/two_step.c \
	%D%/fabric/fabric.c %D%/fabric/fabric.h \
	%D%/fabric/pattern.c %D%/fabric/pattern.h \
	%D%/fabric/rate.c \
	%D%/fabric/rings.c \
	%D%/kernels/attention.c \
	%D%/kernels/experts.c \
	%D%/kernels/gemm.c \
	%D%/kernels/latent.c \
	%D%/kernels/load.c %D%/kernels/load.h \
	%D%/kernels/matrix_vector.c \
	%D%/kernels/memory.c \
	%D%/kernels/quantise.c \
	%D%/kernels/rate.h \
	%D%/kernels/slice.c
