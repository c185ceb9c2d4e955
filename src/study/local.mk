libtpsim_a_SOURCES += \
	%D%/catalog.c %D%/catalog.h \
	%D%/check.c %D%/check.h \
	%D%/decode.c %D%/decode.h \
	%D%/fit_collectives.c %D%/fit_collectives.h \
	%D%/fit_kernels.c %D%/fit_kernels.h \
	%D%/fit_rows.c \
	%D%/grid.c %D%/grid.h \
	%D%/interval.h \
	%D%/op_costs.c %D%/op_costs.h \
	%D%/op_rows.c %D%/op_rows.h \
	%D%/predict.c %D%/predict.h \
	%D%/prediction.c %D%/prediction.h \
	%D%/sidecar.c %D%/sidecar.h \
	%D%/reference.c %D%/reference.h \
	%D%/reproduce.c %D%/reproduce.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/sweep_file.c \
	%D%/sweep_yaml.c \
	%D%/timing.c %D%/timing.h
