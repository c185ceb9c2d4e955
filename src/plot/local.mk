libtpstudy_a_SOURCES += \
	%D%/breakdown.c \
	%D%/collectives.c \
	%D%/layout.c %D%/layout.h \
	%D%/plot.h \
	%D%/published.c \
	%D%/rows.c %D%/rows.h \
	%D%/shape.c \
	%D%/speedup.c \
	%D%/style.c \
	%D%/write.c
