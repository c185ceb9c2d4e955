# tests of program
unit_tests += \
	%D%/test_alike \
	%D%/test_batch \
	%D%/test_check \
	%D%/test_counts \
	%D%/test_flash \
	%D%/test_mixture_stages \
	%D%/test_op \
	%D%/test_op_fields \
	%D%/test_operands \
	%D%/test_overlap \
	%D%/test_random \
	%D%/test_stage \
	%D%/test_train_stages \
	%D%/test_sublayer \
	%D%/test_text \
	%D%/test_train \
	%D%/test_transforms \
	%D%/test_variant \
	%D%/test_windows \
	%D%/test_wiring \
	%D%/test_wiring_fuzz \
	%D%/test_wiring_parts
EXTRA_DIST += \
	%D%/builds.h \
	%D%/mutate.h \
	%D%/stages.h \
	%D%/wiring.h \
	%D%/golden/desync-2x.txt \
	%D%/golden/desync-4x.txt \
	%D%/golden/kraken-alone.txt \
	%D%/golden/kraken.txt \
	%D%/golden/ladder-prefill-unfused.txt \
	%D%/golden/ladder.txt \
	%D%/golden/no-comm.txt \
	%D%/golden/parallel.txt \
	%D%/golden/ladder-train.txt \
	%D%/golden/standard-prefill-unfused.txt \
	%D%/golden/standard-train-split.txt \
	%D%/golden/standard-train.txt \
	%D%/golden/standard.txt
