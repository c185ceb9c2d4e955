libtpcuda_la_SOURCES += \
	%D%/check.c %D%/check.h \
	%D%/check_bound.c \
	%D%/check_logits.c \
	%D%/check_state.h \
	%D%/computed.c %D%/computed.h \
	%D%/matrix.c %D%/matrix.h \
	%D%/models.c \
	%D%/op_cases.c %D%/op_cases.h \
	%D%/op_cases_list.c %D%/op_cases_list.h \
	%D%/op_cases_rows.c \
	%D%/op_check.c %D%/op_check.h \
	%D%/peer_check.c %D%/peer_check.h \
	%D%/reference.c %D%/reference.h \
	%D%/reference_feed.c \
	%D%/reference_run.c %D%/reference_run.h \
	%D%/reference_wiring.c \
	%D%/reference_block.c %D%/reference_block.h \
	%D%/selftest.c %D%/selftest.h \
	%D%/selftest_line.c %D%/selftest_line.h \
	%D%/selftest_lone.c
