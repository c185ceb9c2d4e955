libtpsim_a_SOURCES += \
	%D%/attention.c \
	%D%/cost.c %D%/cost.h \
	%D%/gemm.c \
	%D%/memory.c \
	%D%/rate.h
