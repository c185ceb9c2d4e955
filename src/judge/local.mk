libtpstudy_la_SOURCES += \
	%D%/baseline.c %D%/baseline.h \
	%D%/baseline_make.c \
	%D%/baseline_report.c \
	%D%/known.c %D%/known.h \
	%D%/oracle.c %D%/oracle.h \
	%D%/reproduce.c %D%/reproduce.h \
	%D%/reproduce_collective.c %D%/reproduce_collective.h \
	%D%/unread.c %D%/unread.h \
	%D%/validate.c %D%/validate.h \
	%D%/validate_ops.c \
	%D%/validate_summary.c \
	%D%/validator.c %D%/validator.h
