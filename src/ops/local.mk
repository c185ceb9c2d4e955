libtpstudy_la_SOURCES += \
	%D%/cells.c %D%/cells.h \
	%D%/costs.c %D%/costs.h \
	%D%/exchange.c %D%/exchange.h \
	%D%/flash_error.c %D%/flash_error.h \
	%D%/interference.c %D%/interference.h \
	%D%/median.c %D%/median.h \
	%D%/placement.c %D%/placement.h \
	%D%/platform.c %D%/platform.h \
	%D%/readable.c %D%/readable.h \
	%D%/rows.c %D%/rows.h \
	%D%/settle.c %D%/settle.h
