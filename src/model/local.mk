libtpcore_la_SOURCES += \
	%D%/family.c %D%/family.h \
	%D%/layer.c %D%/layer.h \
	%D%/model.c %D%/model.h \
	%D%/parameters.c \
	%D%/pattern.c %D%/pattern.h \
	%D%/shard.c %D%/shard.h \
	%D%/windows.c
