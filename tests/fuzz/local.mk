# The readers under any bytes: a moment of it here, millions by tools/fuzz, which needs clang.
unit_tests += %D%/test_fuzz
%C%_test_fuzz_SOURCES = %D%/test_fuzz.c %D%/targets.c %D%/targets.h
EXTRA_PROGRAMS += %D%/fuzz
%C%_fuzz_SOURCES = %D%/fuzz.c %D%/targets.c %D%/targets.h
%C%_fuzz_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
EXTRA_DIST += tools/fuzz
