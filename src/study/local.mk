libtpsim_a_SOURCES += \
	%D%/catalog.c %D%/catalog.h \
	%D%/decode.c %D%/decode.h \
	%D%/grid.c %D%/grid.h \
	%D%/predict.c %D%/predict.h \
	%D%/prediction.c %D%/prediction.h \
	%D%/sweep_yaml.c \
	%D%/timing.c %D%/timing.h
