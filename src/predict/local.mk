# Studies, a room each.  Only this archive may see a header of GSL or libyaml.
if TPSIM
noinst_LIBRARIES += libtpstudy.a
endif
study_libs = libtpstudy.a $(core_libs) $(GSL_LIBS) $(YAML_LIBS)
libtpstudy_a_SOURCES = \
	%D%/ask.c %D%/ask.h \
	%D%/catalog.c %D%/catalog.h \
	%D%/collectives.c %D%/collectives.h \
	%D%/decode.c %D%/decode.h \
	%D%/interval.h \
	%D%/steps.c %D%/steps.h \
	%D%/point.c %D%/point.h \
	%D%/predict.c %D%/predict.h \
	%D%/prediction.c %D%/prediction.h \
	%D%/timing.c %D%/timing.h \
	%D%/workload.c %D%/workload.h
