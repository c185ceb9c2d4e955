# The program tpsim-cuda.
if HAVE_CUDA
bin_PROGRAMS += tpsim-cuda
endif
# To be carried to a machine with GPUs: without symbols.
if HAVE_CUDA
carry: carry/tpsim-cuda
carry/tpsim-cuda: tpsim-cuda$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(STRIP) -o $@ tpsim-cuda$(EXEEXT)
CLEANFILES += carry/tpsim-cuda
endif
tpsim_cuda_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_CPPFLAGS)
# nvcc knows no libtool: it gets the archives themselves.
tpsim_cuda_DEPENDENCIES = libtpcommand.la libtpcuda.la libtpcore.la
tpsim_cuda_LDADD = .libs/libtpcommand.a .libs/libtpcuda.a .libs/libtpcore.a $(JANSSON_STATIC_LIBS) $(EXPAT_STATIC_LIBS) $(CUDA_LIBS) $(MPI_LIBS)
tpsim_cuda_LINK = $(NVCC) -cudart static --no-device-link -forward-unknown-to-host-compiler \
	$(SAN_FLAGS) $(LDFLAGS) -o $@
cuda_command_sources = \
	%D%/cmd_bench.c \
	%D%/cmd_bench_job.c %D%/cmd_bench_job.h \
	%D%/cmd_bench_run.c \
	%D%/cmd_bench_suite.c \
	%D%/cmd_devices.c \
	%D%/cmd_selftest.c \
	%D%/commands.h \
	%D%/main.c
tpsim_cuda_SOURCES = $(cuda_command_sources)
