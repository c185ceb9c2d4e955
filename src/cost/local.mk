libtpsim_a_SOURCES += \
	%D%/attention.c \
	%D%/cost.c %D%/cost.h \
	%D%/gemm.c \
	%D%/machine.c \
	%D%/memory.c \
	%D%/pattern.c %D%/pattern.h \
	%D%/rate.h \
	%D%/rings.c
