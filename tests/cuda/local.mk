# tests of cuda
unit_tests += \
	%D%/test_apart \
	%D%/test_bench \
	%D%/test_bench_host \
	%D%/test_comm_choice \
	%D%/test_correct \
	%D%/test_element \
	%D%/test_executor \
	%D%/test_group \
	%D%/test_host \
	%D%/test_host_clock \
	%D%/test_host_math \
	%D%/test_host_variants \
	%D%/test_plans \
	%D%/test_reference \
	%D%/test_standin_plan \
	%D%/test_store \
	%D%/test_trace \
	%D%/test_wired
EXTRA_DIST += %D%/computed.h %D%/hand.h %D%/run_variant.h %D%/trace_folder.h

include %D%/kernels.mk
include %D%/fake.mk
include %D%/memory_kernels.mk
include %D%/sdpa.mk
include %D%/whole.mk

# Whole programs: ranks started by mpirun; tpsim-cuda without a GPU.
if HAVE_MPI
check_PROGRAMS += %D%/group_ranks
endif
TESTS += %D%/bench.sh %D%/commands.sh %D%/gpu-suite.sh %D%/libraries.sh %D%/mpi.sh %D%/selftest.sh
EXTRA_DIST += %D%/bench.sh %D%/commands.sh %D%/gpu-suite.sh %D%/libraries.sh %D%/mpi.sh %D%/selftest.sh

# The program on the CPU alone: it starts at once, and where there is no CUDA.
check_PROGRAMS += %D%/cpu/tpsim-cuda
%C%_cpu_tpsim_cuda_SOURCES = %D%/no_gpu.c $(cuda_command_sources)
%C%_cpu_tpsim_cuda_LDADD = libtpcommand.la libtpcuda.la $(core_libs) $(MPI_LIBS)

# The program as it travels, and what it loads when it is needed.
if HAVE_CUDA
check_PROGRAMS += %D%/libraries
check_SCRIPTS = carry/tpsim-cuda
endif
%C%_libraries_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_CPPFLAGS)
%C%_libraries_SOURCES = %D%/libraries.c src/peers/nccl_library.c src/gpu/nvrtc.c
%C%_libraries_LDFLAGS = $(AM_LDFLAGS) -Wl,-rpath,'$$ORIGIN/nvrtc'
%C%_libraries_LDADD = $(core_libs)

# The whole loop on a GPU that is not the model.
if TPSIM
check_PROGRAMS += %D%/hostile_loop
endif
%C%_hostile_loop_SOURCES = %D%/hostile_loop.c %D%/hostile_cost.c %D%/hostile_device.c \
	%D%/hostile_play.c %D%/hostile.h %D%/hostile_state.h
TESTS += %D%/hostile-loop.sh
EXTRA_DIST += %D%/hostile-loop.sh
