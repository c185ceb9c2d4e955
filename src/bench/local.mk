libtpcuda_la_SOURCES += \
	%D%/bench.c %D%/bench.h \
	%D%/choice.c %D%/choice.h \
	%D%/crossings.c \
	%D%/generation.c %D%/generation.h \
	%D%/host.c %D%/host.h \
	%D%/interference.c \
	%D%/lone_program.c \
	%D%/lone_run.c \
	%D%/op.h \
	%D%/ops.c %D%/ops.h \
	%D%/order.c \
	%D%/points.c %D%/points.h \
	%D%/points_table.c \
	%D%/rig.c %D%/rig.h \
	%D%/shapes.c \
	%D%/starts.c \
	%D%/suite.c %D%/suite.h \
	%D%/sustained.c \
	%D%/trace.c %D%/trace.h \
	%D%/trace_folder.c %D%/trace_folder.h \
	%D%/trace_sidecar.c %D%/trace_sidecar.h
