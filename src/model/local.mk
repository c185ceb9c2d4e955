libtpcore_la_SOURCES += \
	%D%/family.c %D%/family.h %D%/key_fields.h %D%/keys.c %D%/kinds.c \
	%D%/layer.c %D%/layer.h \
	%D%/mixtures.c %D%/model.c %D%/model.h \
	%D%/parameters.c \
	%D%/pattern.c %D%/pattern.h \
	%D%/quantise.c \
	%D%/shard.c %D%/shard.h \
	%D%/windows.c
