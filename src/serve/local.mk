libtpstudy_la_SOURCES += \
	%D%/arrivals.c %D%/arrivals.h \
	%D%/loads.c %D%/loads.h \
	%D%/site.c %D%/site.h \
	%D%/room.c \
	%D%/serve.c %D%/serve.h \
	%D%/served.c %D%/served.h \
	%D%/server.c %D%/server.h \
	%D%/state.h \
	%D%/step.c
