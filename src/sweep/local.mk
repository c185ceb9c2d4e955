libtpstudy_a_SOURCES += \
	%D%/file.c \
	%D%/grid.c %D%/grid.h \
	%D%/resume.c %D%/resume.h \
	%D%/sidecar.c %D%/sidecar.h \
	%D%/solve.c %D%/solve.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/yaml.c
