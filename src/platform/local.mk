libtpcore_la_SOURCES += \
	%D%/device.c %D%/device.h %D%/device_groups.h \
	%D%/graph.c %D%/topology.h \
	%D%/lend.c %D%/lend.h \
	%D%/library.c %D%/library.h \
	%D%/mistaken.c %D%/mistaken.h \
	%D%/open.c %D%/open.h \
	%D%/override.c %D%/override.h \
	%D%/platform.h \
	%D%/routes.c \
	%D%/sheet.c %D%/sheet.h \
	%D%/stack.c %D%/stack.h \
	%D%/staging.c \
	%D%/topology.c \
	%D%/xml.c \
	%D%/xml_listing.c %D%/xml_listing.h \
	%D%/xml_notes.c %D%/xml_notes.h \
	%D%/xml_read.c
