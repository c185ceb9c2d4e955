libtpcuda_la_SOURCES += \
	%D%/apart.c %D%/apart.h \
	%D%/fork.c \
	%D%/team.c %D%/team.h \
	%D%/launcher.h
if HAVE_MPI
libtpcuda_la_SOURCES += %D%/mpi.c
endif
