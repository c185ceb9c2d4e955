libtpcuda_la_SOURCES += \
	%D%/apart.c %D%/apart.h \
	%D%/fork.c \
	%D%/group.c %D%/group.h \
	%D%/launcher.h
if HAVE_MPI
libtpcuda_la_SOURCES += %D%/mpi.c
endif
