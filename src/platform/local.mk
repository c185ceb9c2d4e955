libtpsim_a_SOURCES += \
	%D%/device.c %D%/device.h %D%/device_groups.h \
	%D%/graph.c %D%/topology.h \
	%D%/platform.h \
	%D%/routes.c \
	%D%/sheet.c %D%/sheet.h \
	%D%/stack.c %D%/stack.h \
	%D%/topology.c
