libtpsim_a_SOURCES += \
	%D%/arena.c %D%/arena.h \
	%D%/csv.h \
	%D%/datadir.h \
	%D%/error.c %D%/error.h \
	%D%/json.h \
	%D%/text.h
