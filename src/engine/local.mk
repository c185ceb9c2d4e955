# Only this archive may see a SimGrid header.
noinst_LIBRARIES += libtpdes.a
libtpdes_a_CPPFLAGS = $(AM_CPPFLAGS) $(SIMGRID_CFLAGS)
libtpdes_a_SOURCES =
des_libs = libtpdes.a $(core_libs) $(SIMGRID_LIBS)
