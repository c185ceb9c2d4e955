# Benchmarks are built and run by `make bench` only: their figures depend on the machine.
bench_programs = %D%/bench_analytic %D%/bench_des %D%/bench_predict
EXTRA_PROGRAMS += $(bench_programs)
%C%_bench_analytic_LDADD = $(core_libs)
%C%_bench_des_CPPFLAGS = $(AM_CPPFLAGS) $(SIMGRID_CFLAGS)
%C%_bench_des_LDADD = $(des_libs)
%C%_bench_predict_LDADD = $(study_libs)
CLEANFILES += $(EXTRA_PROGRAMS)

bench: $(bench_programs)
	@for program in $(bench_programs); do ./$$program || exit 1; done
.PHONY: bench
