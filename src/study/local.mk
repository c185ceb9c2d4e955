libtpsim_a_SOURCES += \
	%D%/fit_collectives.c %D%/fit_collectives.h \
	%D%/fit_rows.c
