unit_tests += %D%/test_machine %D%/test_collective \
	%D%/test_gemm %D%/test_attention %D%/test_kernel_properties %D%/test_slice \
	%D%/test_stack %D%/test_two_step %D%/test_fabric %D%/test_later_terms %D%/test_quantise \
	%D%/test_exchange %D%/test_experts %D%/test_latent
EXTRA_DIST += %D%/machines.h
