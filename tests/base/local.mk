unit_tests += \
	%D%/test_arena \
	%D%/test_child \
	%D%/test_csv \
	%D%/test_decimal \
	%D%/test_files \
	%D%/test_index \
	%D%/test_json \
	%D%/test_text
