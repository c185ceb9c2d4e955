TEST_EXTENSIONS = .tesh .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# Check's own limit, 4 s a case, kills two programs on a busy machine.  What a case frees stays with
# its program: given back to the system and asked for anew, case after case, it took most of the time.
AM_TESTS_ENVIRONMENT = MALLOC_TRIM_THRESHOLD_=268435456 MALLOC_TOP_PAD_=16777216 \
	CK_TAP_LOG_FILE_NAME=- CK_VERBOSITY=silent CK_DEFAULT_TIMEOUT=300 LC_ALL=C \
	SRCDIR=$(abs_srcdir) BINDIR=$(abs_builddir); \
	export MALLOC_TRIM_THRESHOLD_ MALLOC_TOP_PAD_; \
	export CK_TAP_LOG_FILE_NAME CK_VERBOSITY CK_DEFAULT_TIMEOUT LC_ALL SRCDIR BINDIR;
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
TESH_LOG_COMPILER = tesh
AM_TESH_LOG_FLAGS = --setenv bindir=$(abs_builddir) --setenv srcdir=$(abs_srcdir)

# A program a source file: tests/base/test_csv is tests/base/test_csv.c by Automake's default.
unit_tests =
library_tests =
EXTRA_PROGRAMS =
LDADD = libtpcommand.la libtpcuda.la $(study_libs) $(CHECK_LIBS) $(MPI_LIBS)
# The same without libtool, which takes two seconds a program to say what the compiler links in a fifth
# of one: these programs stay here, and their archives are those below.
$(unit_tests): private LINK = $(CCLD) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS) -pthread -o $@
$(unit_tests): private LDADD = .libs/libtpcommand.a .libs/libtpcuda.a .libs/libtpstudy.a .libs/libtpcore.a \
	$(JANSSON_LIBS) $(EXPAT_LIBS) $(GSL_LIBS) $(YAML_LIBS) $(CHECK_LIBS) $(MPI_LIBS)
EXTRA_DIST += %D%/arena.h %D%/random.h %D%/request.h %D%/suite.h %D%/tap.sh %D%/toy.h %D%/toy_program.h

# The longest first, for none is to be waited for alone at the end: programs, and those of cuda.
if HAVE_CHECK
check_PROGRAMS += $(unit_tests) $(library_tests)
TESTS += $(unit_tests) $(library_tests)
endif

include %D%/cuda/local.mk
include %D%/api/local.mk
include %D%/base/local.mk
include %D%/command/local.mk
include %D%/model/local.mk
include %D%/platform/local.mk
include %D%/program/local.mk
include %D%/cost/local.mk
include %D%/engine/local.mk
include %D%/numeric/local.mk
include %D%/study/local.mk
include %D%/fuzz/local.mk
include %D%/golden/local.mk
include %D%/bad/local.mk
include %D%/bench/local.mk

TESTS += tools/check-layers.sh tools/check-circles.sh
EXTRA_DIST += tools/check-circles.sh tools/check-layers.sh tools/setup tools/test tools/demo .clang-format
