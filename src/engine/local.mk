libtpsim_a_SOURCES += \
	%D%/analytic.c %D%/engine.h \
	%D%/fluid.c %D%/fluid.h \
	%D%/plan.c %D%/plan.h \
	%D%/replay.c %D%/replay.h \
	%D%/timeline.c %D%/timeline.h

# Only this archive may see a SimGrid header.
noinst_LIBRARIES += libtpdes.a
libtpdes_a_CPPFLAGS = $(AM_CPPFLAGS) $(SIMGRID_CFLAGS)
libtpdes_a_SOURCES =
des_libs = libtpdes.a $(core_libs) $(SIMGRID_LIBS)
