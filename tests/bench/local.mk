# Benchmarks are built and run by `make bench` only: their figures depend on the machine.
EXTRA_PROGRAMS = %D%/bench_analytic
%C%_bench_analytic_LDADD = $(core_libs)
CLEANFILES += $(EXTRA_PROGRAMS)

bench: $(EXTRA_PROGRAMS)
	@for program in $(EXTRA_PROGRAMS); do ./$$program || exit 1; done
.PHONY: bench
