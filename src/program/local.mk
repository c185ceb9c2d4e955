libtpsim_a_SOURCES += \
	%D%/architectures.c %D%/architectures.h \
	%D%/block.c %D%/block.h \
	%D%/desync.c \
	%D%/footprint.c \
	%D%/kraken.c \
	%D%/ladder.c \
	%D%/no_comm.c \
	%D%/op.c %D%/op.h \
	%D%/parallel.c \
	%D%/pass.c %D%/pass.h \
	%D%/program.c %D%/program.h \
	%D%/program_text.c \
	%D%/standard.c \
	%D%/variant.c %D%/variant.h
