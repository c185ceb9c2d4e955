libtpcore_la_SOURCES += \
	%D%/alike.c %D%/alike.h \
	%D%/batch.c %D%/batch.h \
	%D%/block.c %D%/block.h \
	%D%/check.c %D%/check.h \
	%D%/footprint.c \
	%D%/latent.c \
	%D%/layers.c %D%/layers.h \
	%D%/live.c %D%/live.h \
	%D%/mesh.c %D%/mesh.h \
	%D%/mixture.c \
	%D%/modules.c \
	%D%/op.c %D%/op.h \
	%D%/op_fields.c %D%/op_fields.h \
	%D%/op_key.c %D%/op_key.h \
	%D%/operand_weights.c \
	%D%/operand_rows.c %D%/operand_rows.h \
	%D%/operands.c %D%/operands.h \
	%D%/part.c \
	%D%/pass.c %D%/pass.h \
	%D%/pass_ends.c \
	%D%/program.c %D%/program.h \
	%D%/program_text.c \
	%D%/stage.c %D%/stage.h \
	%D%/sublayer.c %D%/sublayer.h \
	%D%/tensor.c %D%/tensor.h \
	%D%/train.c %D%/train.h \
	%D%/train_block.c \
	%D%/train_exchange.c %D%/train_update.c \
	%D%/variant.c %D%/variant.h \
	%D%/variant_build.c \
	%D%/variant_wire.c \
	%D%/transforms/chunked.c \
	%D%/transforms/flash.c \
	%D%/transforms/ideal.c \
	%D%/transforms/overlap.c %D%/transforms/overlap.h \
	%D%/transforms/t3.c \
	%D%/wiring/build.c %D%/wiring/build.h \
	%D%/wiring/counts.c \
	%D%/wiring/emit.c %D%/wiring/emit.h \
	%D%/wiring/find.c \
	%D%/wiring/flow.c \
	%D%/wiring/head.c \
	%D%/wiring/holding.h \
	%D%/wiring/job.c \
	%D%/wiring/meaning.c \
	%D%/wiring/names.c \
	%D%/wiring/place.c \
	%D%/wiring/read.c %D%/wiring/reader.h \
	%D%/wiring/rules.c \
	%D%/wiring/state.c %D%/wiring/state.h \
	%D%/wiring/statement.c \
	%D%/wiring/text.c \
	%D%/wiring/vocabulary.c \
	%D%/wiring/ways.c \
	%D%/wiring/wiring.h \
	%D%/wiring/words.c \
	%D%/variants/architectures.c %D%/variants/architectures.h \
	%D%/variants/desync.c \
	%D%/variants/desync_layer.c \
	%D%/variants/kraken.c \
	%D%/variants/ladder.c \
	%D%/variants/no_comm.c \
	%D%/variants/parallel.c \
	%D%/variants/standard.c \
	%D%/variants/train_desync.c \
	%D%/variants/train_ladder.c \
	%D%/variants/train_parallel.c \
	%D%/variants/train_standard.c
