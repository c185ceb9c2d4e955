libtpcore_la_SOURCES += \
	%D%/family.c %D%/family.h \
	%D%/model.c %D%/model.h \
	%D%/parameters.c \
	%D%/shard.c %D%/shard.h
