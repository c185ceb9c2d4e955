# Benchmarks are built and run by `make bench` only: their figures depend on the machine.
EXTRA_PROGRAMS = %D%/bench_analytic %D%/bench_des %D%/bench_predict
%C%_bench_analytic_LDADD = $(core_libs)
%C%_bench_des_CPPFLAGS = $(AM_CPPFLAGS) $(SIMGRID_CFLAGS)
%C%_bench_des_LDADD = $(des_libs)
%C%_bench_predict_LDADD = $(study_libs)
CLEANFILES += $(EXTRA_PROGRAMS)

bench: $(EXTRA_PROGRAMS)
	@for program in $(EXTRA_PROGRAMS); do ./$$program || exit 1; done
.PHONY: bench
