libtpsim_a_SOURCES += \
	%D%/analytic.c %D%/engine.h \
	%D%/fluid.c %D%/fluid.h \
	%D%/plan.c %D%/plan.h \
	%D%/replay.c %D%/replay.h \
	%D%/sms.c %D%/sms.h \
	%D%/timeline.c %D%/timeline.h

# Only this archive may see a SimGrid header.
if SIMULATOR
noinst_LIBRARIES += libtpdes.a
endif
libtpdes_a_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SIMGRID_CFLAGS)
libtpdes_a_SOURCES = \
	%D%/des.c %D%/des.h \
	%D%/des_account.c \
	%D%/des_actor.c \
	%D%/des_collective.c \
	%D%/des_plan.c \
	%D%/des_platform.c \
	%D%/des_sim.h
des_libs = libtpdes.a $(study_libs) $(SIMGRID_LIBS)
