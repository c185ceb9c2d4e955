libtpstudy_la_SOURCES += \
	%D%/calibrate.c %D%/calibrate.h \
	%D%/calibrate_collectives.c \
	%D%/calibrate_rows.c %D%/calibrate_rows.h \
	%D%/calibrator.c %D%/calibrator.h \
	%D%/collectives.c %D%/collectives.h \
	%D%/crossing.c %D%/crossing.h \
	%D%/device_text.c %D%/device_text.h \
	%D%/kernel_parameters.c %D%/kernel_parameters.h \
	%D%/kernels.c %D%/kernels.h \
	%D%/measured.c %D%/measured.h \
	%D%/nccl_hosts.c %D%/nccl_hosts.h \
	%D%/nccl_line.c %D%/nccl_line.h \
	%D%/nccl_json.c \
	%D%/nccl_rows.c %D%/nccl_rows.h \
	%D%/nccl_tests.c %D%/nccl_tests.h \
	%D%/nccl_text.c \
	%D%/nccl_words.c %D%/nccl_words.h \
	%D%/op_table.c %D%/op_table.h \
	%D%/options.c %D%/options.h \
	%D%/overlap.c %D%/overlap.h \
	%D%/repeats.c %D%/repeats.h \
	%D%/robust.c %D%/robust.h \
	%D%/rows.c \
	%D%/sustained.c %D%/sustained.h \
	%D%/trace_kind.c %D%/trace_kind.h \
	%D%/traces.c %D%/traces.h \
	%D%/uncertainty.c %D%/uncertainty.h
