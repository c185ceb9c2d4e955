libtpcuda_la_SOURCES += \
	%D%/apart.c %D%/apart.h \
	%D%/fork.c \
	%D%/team.c %D%/team.h \
	%D%/launcher.h
