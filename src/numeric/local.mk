libtpcore_la_SOURCES += \
	%D%/accuracy.c %D%/accuracy.h \
	%D%/half.h \
	%D%/low_bit_reduce.c %D%/low_bit_reduce.h \
	%D%/packed.c %D%/packed.h \
	%D%/quantise.c %D%/quantise.h \
	%D%/samples.c %D%/samples.h
