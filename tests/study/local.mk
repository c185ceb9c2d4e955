# tests of study
unit_tests += \
	%D%/test_baseline \
	%D%/test_calibrate \
	%D%/test_checkpoints \
	%D%/test_collectives \
	%D%/test_decode \
	%D%/test_device_text \
	%D%/test_fit_collectives \
	%D%/test_fit_kernels \
	%D%/test_fit_parts \
	%D%/test_flash \
	%D%/test_generations \
	%D%/test_grid \
	%D%/test_interference \
	%D%/test_invariants \
	%D%/test_link_bytes \
	%D%/test_memory \
	%D%/test_micro_batches \
	%D%/test_names \
	%D%/test_nccl_tests \
	%D%/test_op_costs \
	%D%/test_phase \
	%D%/test_pipeline \
	%D%/test_plot %D%/test_plot_layout %D%/test_plot_looks %D%/test_plot_script \
	%D%/test_predict \
	%D%/test_schedule \
	%D%/test_serve \
	%D%/test_server \
	%D%/test_solve \
	%D%/test_sweep \
	%D%/test_traces \
	%D%/test_validate
if SIMULATOR
unit_tests += %D%/test_agree %D%/test_cuts %D%/test_matrix %D%/test_mixtures %D%/test_patterns %D%/test_t3
endif
EXTRA_DIST += %D%/passes.h %D%/patterns.h %D%/predicting.h %D%/random_world.h %D%/tables.h %D%/world.h
