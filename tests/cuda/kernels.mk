EXTRA_DIST += %D%/host_cuda.h %D%/host_cuda.cc %D%/test_host_cuda.cc %D%/peers.h %D%/test_peer.cc %D%/test_flash.cc %D%/test_standin.cc

# Our kernels on the CPU, where CUDA's headers are.  No other part is C++.
AM_CXXFLAGS = -std=c++17 -Wall -Wextra -Wno-sign-compare -DTP_HOST_CUDA -I$(srcdir)/tests/cuda -I$(srcdir) \
	$(CUDA_HEADERS) $(SAN_FLAGS) $(CHECK_CFLAGS)
if HAVE_CUDA_HEADERS
if HAVE_CHECK
check_LIBRARIES = %D%/libhostcuda.a
tests_cuda_libhostcuda_a_SOURCES = %D%/host_cuda.cc
host_cuda_tests = %D%/test_host_cuda %D%/test_standin
if PEERS
host_cuda_tests += %D%/test_peer %D%/test_flash
endif
check_PROGRAMS += $(host_cuda_tests)
TESTS += $(host_cuda_tests)
host_cuda_libs = %D%/libhostcuda.a $(LDADD)

tests_cuda_test_host_cuda_SOURCES = %D%/test_host_cuda.cc
tests_cuda_test_host_cuda_LDADD = $(host_cuda_libs)
tests_cuda_test_flash_SOURCES = %D%/test_flash.cc
tests_cuda_test_flash_LDADD = $(host_cuda_libs)
tests_cuda_test_standin_SOURCES = %D%/test_standin.cc
tests_cuda_test_standin_LDADD = $(host_cuda_libs)
tests_cuda_test_peer_SOURCES = %D%/test_peer.cc
tests_cuda_test_peer_LDADD = $(host_cuda_libs)
endif
endif
