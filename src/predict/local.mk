libtpcore_la_SOURCES += \
	%D%/ask.c %D%/ask.h \
	%D%/catalog.c %D%/catalog.h \
	%D%/collectives.c %D%/collectives.h \
	%D%/decode.c %D%/decode.h \
	%D%/interval.h \
	%D%/memory.c %D%/memory.h \
	%D%/name.c %D%/name.h \
	%D%/steps.c %D%/steps.h \
	%D%/pipeline.c %D%/pipeline.h %D%/stages.c %D%/stages.h %D%/stages_train.c \
	%D%/point.c %D%/precision.c %D%/precision.h %D%/point.h \
	%D%/predict.c %D%/predict.h \
	%D%/prediction.c %D%/prediction.h \
	%D%/replicas.c %D%/replicas.h \
	%D%/row.c %D%/row.h \
	%D%/timer.c %D%/timing.c %D%/timing.h \
	%D%/workload.c %D%/workload.h
