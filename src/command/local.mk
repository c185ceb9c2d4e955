# What the programs share: it reads argv, prints and sets the exit status.
noinst_LTLIBRARIES += libtpcommand.la
libtpcommand_la_SOURCES = \
	%D%/build.c %D%/build.h \
	%D%/command.h \
	%D%/completion.c \
	%D%/executable.c \
	%D%/fold.c %D%/fold.h \
	%D%/help.c \
	%D%/keep.c %D%/keep.h \
	%D%/manual.c %D%/manual.h \
	%D%/options.c %D%/options.h \
	%D%/progress.c %D%/progress.h \
	%D%/table.c %D%/table.h
