libtpcore_la_SOURCES += \
	%D%/arena.c %D%/arena.h \
	%D%/child.c %D%/child.h \
	%D%/claim.c %D%/claim.h \
	%D%/csv.c %D%/csv.h \
	%D%/datadir.c %D%/datadir.h \
	%D%/decimal.c %D%/decimal.h \
	%D%/error.c %D%/error.h \
	%D%/file.c %D%/file.h \
	%D%/hash.c %D%/hash.h \
	%D%/hint.c \
	%D%/index.c %D%/index.h \
	%D%/json.c %D%/json.h \
	%D%/json_line.c \
	%D%/json_read.c \
	%D%/json_write.c \
	%D%/output.c %D%/output.h \
	%D%/text.c %D%/text.h
