EXTRA_DIST += %D%/open.h %D%/Tiny-GPT2/config.json tests/bad/models
unit_tests += \
	%D%/test_bad_models \
	%D%/test_families \
	%D%/test_family_keys \
	%D%/test_layer \
	%D%/test_left_out \
	%D%/test_model \
	%D%/test_parameters \
	%D%/test_pattern \
	%D%/test_quantise \
	%D%/test_quantise_types \
	%D%/test_said \
	%D%/test_spelling
