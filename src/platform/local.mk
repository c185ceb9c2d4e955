libtpcore_la_SOURCES += \
	%D%/device.c %D%/device.h %D%/device_groups.h \
	%D%/graph.c %D%/topology.h \
	%D%/open.c %D%/open.h \
	%D%/override.c %D%/override.h \
	%D%/platform.h \
	%D%/routes.c \
	%D%/sheet.c %D%/sheet.h \
	%D%/stack.c %D%/stack.h \
	%D%/staging.c \
	%D%/topology.c \
	%D%/xml.c \
	%D%/xml_graph.c %D%/xml_file.h \
	%D%/xml_quantity.c %D%/xml_quantity.h \
	%D%/xml_read.c \
	%D%/xml_parse.c %D%/xml_parse.h
