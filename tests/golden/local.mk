# tests of golden
if TPSIM
TESTS += %D%/calibrate.sh %D%/closed-loop.sh %D%/commands.sh %D%/flash-error.sh %D%/gpu.sh %D%/plot.sh %D%/report.sh
endif
EXTRA_DIST += %D%/calibrate.sh %D%/closed-loop.sh %D%/data %D%/commands.sh %D%/flash-error.sh %D%/flash-error.txt %D%/gpu.sh %D%/plot.sh %D%/report.sh

if TPSIM
TESTS += %D%/accuracy.sh %D%/baseline.sh %D%/public.sh %D%/readme.sh %D%/scale.sh %D%/serve.sh %D%/stress.sh %D%/traces.sh %D%/transcripts.sh
endif
EXTRA_DIST += %D%/accuracy.sh %D%/baseline.sh %D%/keys.txt %D%/public.sh %D%/readme.sh %D%/scale.sh %D%/serve.sh %D%/serve.cmd %D%/serve.expected %D%/stress.sh %D%/traces.sh %D%/transcripts.sh %D%/update %D%/tiny.json \
	%D%/collectives.cmd %D%/collectives.expected \
	%D%/costs.cmd %D%/costs.expected \
	%D%/errors.cmd %D%/errors.expected \
	%D%/help-calibrate.cmd %D%/help-calibrate.expected \
	%D%/help-check.cmd %D%/help-check.expected \
	%D%/help-compare.cmd %D%/help-compare.expected \
	%D%/help-cost.cmd %D%/help-cost.expected \
	%D%/help-list.cmd %D%/help-list.expected \
	%D%/help-predict.cmd %D%/help-predict.expected \
	%D%/help-reproduce.cmd %D%/help-reproduce.expected \
	%D%/help-show-model.cmd %D%/help-show-model.expected \
	%D%/help-show-platform.cmd %D%/help-show-platform.expected \
	%D%/help-show-program.cmd %D%/help-show-program.expected \
	%D%/help-sweep.cmd %D%/help-sweep.expected \
	%D%/help-validate.cmd %D%/help-validate.expected \
	%D%/list.cmd %D%/list.expected \
	%D%/show-program-stages.cmd %D%/show-program-stages.expected \
	%D%/notes.cmd %D%/notes.expected \
	%D%/predict-ideal.cmd %D%/predict-ideal.expected \
	%D%/help-solve.cmd %D%/help-solve.expected \
	%D%/solve.cmd %D%/solve.expected \
	%D%/reproduce.cmd %D%/reproduce.expected \
	%D%/show-model.cmd %D%/show-model.expected \
	%D%/show-platform.cmd %D%/show-platform.expected \
	%D%/show-program-train.cmd %D%/show-program-train.expected \
	%D%/tables.cmd %D%/tables.expected \
	%D%/show-program-desync-2x.cmd %D%/show-program-desync-2x.expected \
	%D%/show-program-desync-4x.cmd %D%/show-program-desync-4x.expected \
	%D%/show-program-experts.cmd %D%/show-program-experts.expected \
	%D%/show-program-kraken.cmd %D%/show-program-kraken.expected \
	%D%/show-program-ladder.cmd %D%/show-program-ladder.expected \
	%D%/show-program-no-comm.cmd %D%/show-program-no-comm.expected \
	%D%/show-program-operands.cmd %D%/show-program-operands.expected \
	%D%/show-program-parallel.cmd %D%/show-program-parallel.expected \
	%D%/show-program-standard.cmd %D%/show-program-standard.expected

# What each key of --set does: thousands of predictions, for which no process is started.
unit_tests += %D%/keys
%C%_keys_SOURCES = %D%/keys.c %D%/keys.h %D%/keys_bench.c %D%/keys_list.c %D%/keys_ops.c %D%/keys_tried.c

TESTS += %D%/docs.sh
EXTRA_DIST += %D%/docs.sh
