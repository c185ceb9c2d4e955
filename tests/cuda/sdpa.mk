# Flash attention: over a fake of cuDNN that computes what it is told, and planned by cuDNN itself.
EXTRA_DIST += %D%/fake_cudnn.h %D%/fake_cudnn_descriptor.h %D%/fake_driver.c %D%/sm_90.json
if HAVE_CUDNN
if HAVE_CHECK
sdpa_tests = %D%/test_gpu_sdpa %D%/test_sdpa_plans
check_PROGRAMS += $(sdpa_tests)
TESTS += $(sdpa_tests)
endif
endif
sdpa_sources = src/gpu/sdpa_graph.c src/gpu/sdpa_plan.c
%C%_test_gpu_sdpa_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS)
%C%_test_gpu_sdpa_SOURCES = %D%/test_gpu_sdpa.c %D%/fake_cudnn.c %D%/fake_cudnn_run.c \
	src/gpu/sdpa.c $(sdpa_sources)
%C%_test_gpu_sdpa_LDADD = %D%/libfakegpu.a $(LDADD)

%C%_test_sdpa_plans_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_HEADERS) \
	-DTP_FAKE_DRIVER='"$(abs_builddir)/%D%/fake_driver.so"'
%C%_test_sdpa_plans_SOURCES = %D%/test_sdpa_plans.c $(sdpa_sources)
%C%_test_sdpa_plans_LDFLAGS = $(AM_LDFLAGS) -Wl,--as-needed
%C%_test_sdpa_plans_LDADD = $(LDADD) $(CUDA_LIBS)
EXTRA_%C%_test_sdpa_plans_DEPENDENCIES = %D%/fake_driver.so
%D%/fake_driver.so: %D%/fake_driver.c
	$(AM_V_CCLD)$(MKDIR_P) $(@D) && \
	$(CC) $(CFLAGS) -shared -fPIC -Wl,-soname,libcuda.so.1 -o $@ $(srcdir)/%D%/fake_driver.c
CLEANFILES += %D%/fake_driver.so
