# What needs no CUDA: the executor, its host device, references; built and tested everywhere.
noinst_LIBRARIES += libtpcuda.a
libtpcuda_a_CPPFLAGS = $(AM_CPPFLAGS) $(MPI_CFLAGS)
libtpcuda_a_SOURCES = \
	%D%/apart.c %D%/apart.h \
	%D%/beside.c %D%/beside.h \
	%D%/bench.c %D%/bench.h \
	%D%/bench_choice.c %D%/bench_choice.h \
	%D%/bench_order.c \
	%D%/bench_sustained.c \
	%D%/bench_crossings.c \
	%D%/bench_host.c %D%/bench_host.h \
	%D%/bench_interference.c \
	%D%/bench_op.h \
	%D%/bench_ops.c %D%/bench_ops.h \
	%D%/bench_points.c %D%/bench_points.h \
	%D%/calls.h \
	%D%/check.c %D%/check.h \
	%D%/check_bound.c \
	%D%/check_logits.c \
	%D%/check_state.h \
	%D%/comm_choice.c %D%/comm_choice.h \
	%D%/element.c %D%/element.h \
	%D%/executor.c %D%/executor.h \
	%D%/fill_value.h \
	%D%/gpu.h \
	%D%/generation.c %D%/generation.h \
	%D%/group.c %D%/group.h \
	%D%/group_fork.c \
	%D%/group_launcher.h \
	%D%/host.c %D%/host.h \
	%D%/host_attention.c \
	%D%/host_calls.c \
	%D%/host_collective.c \
	%D%/host_ends.c \
	%D%/host_gemm.c \
	%D%/host_math.c %D%/host_math.h \
	%D%/host_queue.c \
	%D%/host_run.c \
	%D%/host_state.h \
	%D%/kernel_math.h \
	%D%/lone_program.c %D%/lone_run.c \
	%D%/operand.c %D%/operand.h \
	%D%/plans.c %D%/plans.h \
	%D%/op_cases.c %D%/op_cases.h \
	%D%/op_cases_rows.c \
	%D%/op_check.c %D%/op_check.h \
	%D%/op_make.c %D%/op_make.h \
	%D%/reference.c %D%/reference.h \
	%D%/reference_block.c %D%/reference_block.h \
	%D%/selftest.c %D%/selftest.h \
	%D%/selftest_matrix.c %D%/selftest_matrix.h \
	%D%/standin_plan.c %D%/standin_plan.h \
	%D%/standin_try.h \
	%D%/rig.c %D%/rig.h \
	%D%/shapes.c \
	%D%/store.c %D%/store.h \
	%D%/suite.c %D%/suite.h \
	%D%/trace.c %D%/trace.h \
	%D%/trace_sidecar.c %D%/trace_sidecar.h \
	%D%/weights.c %D%/weights.h \
	%D%/windows.h

if HAVE_MPI
libtpcuda_a_SOURCES += %D%/group_mpi.c
endif

# What CUDA is needed for: gpu*.c in C, *.cu by nvcc.
tpsim_cuda_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_CPPFLAGS)
tpsim_cuda_LDADD = libtpcommand.a libtpcuda.a libtpsim.a $(JANSSON_STATIC_LIBS) $(CUDA_LIBS) $(MPI_LIBS)
tpsim_cuda_LINK = $(NVCC) -cudart static --no-device-link -forward-unknown-to-host-compiler \
	$(SAN_FLAGS) $(LDFLAGS) -o $@
tpsim_cuda_SOURCES = \
	%D%/cmd_bench.c \
	%D%/cmd_bench_job.c %D%/cmd_bench_job.h \
	%D%/cmd_devices.c %D%/commands.h \
	%D%/cmd_selftest.c \
	%D%/gpu_attention.h \
	%D%/gpu_beside.c \
	%D%/gpu_check.h \
	%D%/gpu_clocks.c %D%/gpu_clocks.h \
	%D%/gpu_comm.c %D%/gpu_comm.h \
	%D%/gpu_dispatch.c \
	%D%/gpu_emulation.c %D%/gpu_emulation.h \
	%D%/gpu_facts.c \
	%D%/gpu_flash.cu \
	%D%/gpu_gemm.c %D%/gpu_gemm.h \
	%D%/gpu_gemm_plan.c %D%/gpu_gemm_plan.h \
	%D%/gpu_kernels.h \
	%D%/gpu_launch.h \
	%D%/gpu_launchers.h \
	%D%/gpu_low_bit.cuh \
	%D%/gpu_nccl.c %D%/gpu_nccl.h \
	%D%/gpu_open.c \
	%D%/gpu_peer.cu %D%/gpu_peer.cuh %D%/gpu_peer.h \
	%D%/gpu_peer_memory.c %D%/gpu_peer_memory.h \
	%D%/gpu_quantise.cuh \
	%D%/gpu_runtime.c %D%/gpu_runtime.h \
	%D%/gpu_standin.cu %D%/gpu_standin.h \
	%D%/gpu_standin_try.c \
	%D%/gpu_state.h \
	%D%/gpu_windows.c \
	%D%/main.c
if HAVE_CUDA
bin_PROGRAMS += tpsim-cuda
-include %D%/$(DEPDIR)/*.cu.d
endif

SUFFIXES = .cu
NVCC_V = $(NVCC_V_@AM_V@)
NVCC_V_ = $(NVCC_V_@AM_DEFAULT_V@)
NVCC_V_0 = @echo "  NVCC    " $@;
.cu.o:
	$(NVCC_V)$(MKDIR_P) $(@D)/$(DEPDIR) && \
	$(NVCC) -std=c++17 $(NVCCFLAGS) $(DEFS) $(AM_CPPFLAGS) $(CPPFLAGS) \
	  -MD -MF $(@D)/$(DEPDIR)/$(@F:.o=.cu.d) -MT $@ -c $< -o $@
MOSTLYCLEANFILES = %D%/$(DEPDIR)/*.cu.d

include %D%/kernels.mk
include %D%/sdpa.mk
