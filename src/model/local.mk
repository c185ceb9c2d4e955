libtpcore_la_SOURCES += \
	%D%/absent.c %D%/architectures.c %D%/beside.c \
	%D%/family.c %D%/family.h %D%/family_gpt.c %D%/family_own.c \
	%D%/key.c %D%/key_fields.h %D%/keys.c %D%/kinds.c \
	%D%/layer.c %D%/layer.h \
	%D%/matrix_names.c %D%/matrix_names.h %D%/missing_ops.c %D%/mixtures.c \
	%D%/model.c %D%/model.h \
	%D%/parameters.c %D%/part.c \
	%D%/pattern.c %D%/pattern.h \
	%D%/positions.c \
	%D%/python_json.c \
	%D%/quantise.c \
	%D%/refused.c \
	%D%/silent.c \
	%D%/spelling.c \
	%D%/name_pattern.c %D%/name_pattern.h \
	%D%/scheme.c %D%/scheme.h %D%/scheme_methods.c %D%/scheme_names.c \
	%D%/scheme_quark.c %D%/scheme_rules.c %D%/scheme_types.c %D%/scheme_types.h \
	%D%/shard.c %D%/shard.h \
	%D%/turns.c \
	%D%/unknown.c \
	%D%/windows.c
