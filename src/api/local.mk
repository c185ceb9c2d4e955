# The library; of the core only what it needs comes along.  Its interface: CURRENT:REVISION:AGE, as
# libtool counts; a change of a struct in tpsim.h is a new CURRENT with AGE 0.
if TPSIM
lib_LTLIBRARIES += libtpsim.la
include_HEADERS = %D%/tpsim.h
pkgconfigdir = $(libdir)/pkgconfig
nodist_pkgconfig_DATA = %D%/tpsim.pc
endif
libtpsim_la_SOURCES = %D%/tpsim.c %D%/tpsim.h
libtpsim_la_LIBADD = $(core_libs)
libtpsim_la_LIBTOOLFLAGS =
libtpsim_la_LDFLAGS = -version-info 0:0:0 -no-undefined
EXTRA_DIST += docs/examples/estimate.c

# Against what is installed, as its users meet it.
if TPSIM
installcheck-local:
	@CC='$(CC)' CFLAGS='$(SAN_FLAGS)' PKG_CONFIG='$(PKG_CONFIG)' LIBDIR='$(DESTDIR)$(libdir)' \
	  BINDIR='$(DESTDIR)$(bindir)' SRCDIR='$(srcdir)' $(SHELL) $(srcdir)/tests/api/installed.sh
endif
