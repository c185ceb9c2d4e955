libtpcore_la_SOURCES += \
	%D%/engine.h \
	%D%/deviation.c %D%/deviation.h \
	%D%/queue.c %D%/queue.h \
	%D%/sms.c %D%/sms.h \
	%D%/timeline.c %D%/timeline.h \
	%D%/analytic/alone.c \
	%D%/analytic/analytic.c \
	%D%/analytic/fluid.c %D%/analytic/fluid.h \
	%D%/analytic/period.c %D%/analytic/period.h \
	%D%/analytic/plan.c %D%/analytic/plan.h \
	%D%/analytic/replay.c %D%/analytic/replay.h \
	%D%/analytic/share.c \
	%D%/analytic/stage.c \
	%D%/des/account.c \
	%D%/des/block.c %D%/des/block.h \
	%D%/des/des.c %D%/des/des.h \
	%D%/des/loaded.c %D%/des/loaded.h \
	%D%/des/fold.c %D%/des/plan.c \
	%D%/des/worker.c %D%/des/worker.h

# SimGrid stands behind a door, a program of its own: loading it takes 50 ms, 30 MB and the printf
# hooks of libquadmath, and a process that it aborts is not the user's.
if SIMULATOR
noinst_LTLIBRARIES += libtpdes.la
pkglibexec_PROGRAMS += tpsim-des
endif
libtpdes_la_CPPFLAGS = $(AM_CPPFLAGS) $(SIMGRID_CFLAGS)
libtpdes_la_SOURCES = \
	%D%/des/actor.c \
	%D%/des/collective.c \
	%D%/des/lane.c \
	%D%/des/list.c \
	%D%/des/sim.h \
	%D%/des/simulate.c
des_libs = libtpdes.la $(core_libs) $(SIMGRID_LIBS)
tpsim_des_CPPFLAGS = $(libtpdes_la_CPPFLAGS)
tpsim_des_LDADD = $(des_libs)
tpsim_des_SOURCES = %D%/des/main.c
