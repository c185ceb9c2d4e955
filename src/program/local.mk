libtpsim_a_SOURCES += \
	%D%/architectures.c %D%/architectures.h \
	%D%/block.c %D%/block.h \
	%D%/desync.c \
	%D%/footprint.c \
	%D%/kraken.c \
	%D%/ladder.c \
	%D%/no_comm.c \
	%D%/op.c %D%/op.h \
	%D%/operand_weights.c \
	%D%/operands.c %D%/operands.h \
	%D%/overlap.c %D%/overlap.h \
	%D%/overlap_chunked.c \
	%D%/overlap_ideal.c \
	%D%/overlap_t3.c \
	%D%/parallel.c \
	%D%/pass.c %D%/pass.h \
	%D%/program.c %D%/program.h \
	%D%/program_text.c \
	%D%/standard.c \
	%D%/sublayer.c %D%/sublayer.h \
	%D%/tensor.c %D%/tensor.h \
	%D%/train.c %D%/train.h \
	%D%/train_block.c \
	%D%/train_desync.c \
	%D%/train_ladder.c \
	%D%/train_parallel.c \
	%D%/train_standard.c \
	%D%/variant.c %D%/variant.h \
	%D%/wire_flash.c
