# Only this archive may see a header of GSL or libyaml.
if SIMULATOR
noinst_LIBRARIES += libtpstudy.a
endif
study_libs = libtpstudy.a $(core_libs) $(GSL_LIBS) $(YAML_LIBS)
libtpstudy_a_SOURCES = \
	%D%/catalog.c %D%/catalog.h \
	%D%/calibrate.c %D%/calibrate.h \
	%D%/calibrate_rows.c %D%/calibrate_rows.h \
	%D%/case.c %D%/case.h \
	%D%/check.c %D%/check.h \
	%D%/collectives.c %D%/collectives.h \
	%D%/decode.c %D%/decode.h \
	%D%/device_text.c %D%/device_text.h \
	%D%/fit_collectives.c %D%/fit_collectives.h \
	%D%/fit_crossing.c %D%/fit_crossing.h \
	%D%/fit_kernels.c %D%/fit_kernels.h \
	%D%/fit_options.c %D%/fit_options.h \
	%D%/fit_overlap.c %D%/fit_overlap.h \
	%D%/fit_sustained.c %D%/fit_sustained.h \
	%D%/fit_rows.c \
	%D%/fit_uncertainty.c %D%/fit_uncertainty.h \
	%D%/flash_error.c %D%/flash_error.h \
	%D%/grid.c %D%/grid.h \
	%D%/interference.c %D%/interference.h \
	%D%/interval.h \
	%D%/kernel_parameters.c %D%/kernel_parameters.h \
	%D%/measured.c %D%/measured.h \
	%D%/median.c %D%/median.h \
	%D%/nccl_tests.c %D%/nccl_tests.h \
	%D%/op_costs.c %D%/op_costs.h \
	%D%/op_platform.c %D%/op_platform.h \
	%D%/op_rows.c %D%/op_rows.h \
	%D%/passes.c %D%/passes.h \
	%D%/plot.h \
	%D%/plot_breakdown.c \
	%D%/plot_collectives.c \
	%D%/plot_layout.c %D%/plot_layout.h \
	%D%/plot_published.c \
	%D%/plot_rows.c %D%/plot_rows.h \
	%D%/plot_shape.c \
	%D%/plot_speedup.c \
	%D%/plot_style.c \
	%D%/plot_write.c \
	%D%/phase.c %D%/phase.h \
	%D%/predict.c %D%/predict.h \
	%D%/prediction.c %D%/prediction.h \
	%D%/sidecar.c %D%/sidecar.h \
	%D%/reference.c %D%/reference.h \
	%D%/reproduce.c %D%/reproduce.h \
	%D%/reproduce_collective.c %D%/reproduce_collective.h \
	%D%/robust.c %D%/robust.h \
	%D%/solve.c %D%/solve.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/sweep_file.c \
	%D%/sweep_yaml.c \
	%D%/traces.c %D%/traces.h \
	%D%/timing.c %D%/timing.h \
	%D%/validate.c %D%/validate.h \
	%D%/validate_ops.c \
	%D%/validate_summary.c \
	%D%/validator.h
