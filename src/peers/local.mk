# What takes two GPUs or more.  src/gpu knows it by gpu/peers.h alone; --disable-peers leaves it out.
if PEERS
peers_sources = %D%/nccl.c %D%/nccl.h %D%/peer_memory.c %D%/peer_memory.h \
	%D%/peer_try.c %D%/peers.c
tpsim_cuda_SOURCES += \
	$(peers_sources) \
	%D%/nccl_library.c %D%/nccl_library.h \
	%D%/flash.cu \
	%D%/low_bit.cuh \
	%D%/peer.cu %D%/peer.cuh %D%/peer.h \
	%D%/quantise.cuh
if HAVE_CUDA
-include %D%/$(DEPDIR)/*.cu.d
endif
else
peers_sources = %D%/absent.c
tpsim_cuda_SOURCES += $(peers_sources)
endif
MOSTLYCLEANFILES += %D%/$(DEPDIR)/*.cu.d

# Ranks that mpirun starts (ranks/launcher.h).
if HAVE_MPI
libtpcuda_la_SOURCES += %D%/mpi.c
endif
