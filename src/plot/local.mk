libtpstudy_la_SOURCES += \
	%D%/breakdown.c \
	%D%/cells.c \
	%D%/collectives.c \
	%D%/columns.c \
	%D%/gantt.c \
	%D%/heatmap.c \
	%D%/kinds.c \
	%D%/layout.c %D%/layout.h \
	%D%/micro_batches.c \
	%D%/names.c \
	%D%/panel.c %D%/panel.h \
	%D%/panel_more.c \
	%D%/plot.h \
	%D%/published.c \
	%D%/roofline.c \
	%D%/rows.c %D%/rows.h \
	%D%/script.c \
	%D%/settle.c \
	%D%/shape.c \
	%D%/spans.c %D%/spans.h \
	%D%/shorten.c \
	%D%/speedup.c \
	%D%/style.c %D%/style.h \
	%D%/text.c %D%/text.h \
	%D%/throughput.c \
	%D%/values.c
