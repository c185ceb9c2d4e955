# Studies, a room each.  Only this archive may see a header of GSL or libyaml.
if TPSIM
noinst_LTLIBRARIES += libtpstudy.la
endif
study_libs = libtpstudy.la $(core_libs) $(GSL_LIBS) $(YAML_LIBS)
libtpstudy_la_SOURCES = \
	%D%/file.c \
	%D%/grid.c %D%/grid.h \
	%D%/resume.c %D%/resume.h %D%/resume_row.c %D%/resume_row.h \
	%D%/sidecar.c %D%/sidecar.h \
	%D%/solve.c %D%/solve.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/yaml.c
