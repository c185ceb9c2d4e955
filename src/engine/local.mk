libtpsim_a_SOURCES += \
	%D%/engine.h \
	%D%/sms.c %D%/sms.h \
	%D%/timeline.c %D%/timeline.h \
	%D%/analytic/alone.c \
	%D%/analytic/analytic.c \
	%D%/analytic/fluid.c %D%/analytic/fluid.h \
	%D%/analytic/period.c %D%/analytic/period.h \
	%D%/analytic/plan.c %D%/analytic/plan.h \
	%D%/analytic/replay.c %D%/analytic/replay.h \
	%D%/analytic/share.c \
	%D%/analytic/stage.c

# Only this archive may see a SimGrid header.
if SIMULATOR
noinst_LIBRARIES += libtpdes.a
endif
libtpdes_a_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(SIMGRID_CFLAGS)
libtpdes_a_SOURCES = \
	%D%/des/account.c \
	%D%/des/actor.c \
	%D%/des/collective.c \
	%D%/des/des.c %D%/des/des.h \
	%D%/des/plan.c \
	%D%/des/platform.c \
	%D%/des/sim.h
des_libs = libtpdes.a $(study_libs) $(SIMGRID_LIBS)
