if TPSIM
bin_PROGRAMS += tpsim
endif
tpsim_LDADD = libtpcommand.la $(study_libs)
tpsim_SOURCES = \
	%D%/check_make.c %D%/check_make.h \
	%D%/cmd_calibrate.c \
	%D%/cmd_check.c \
	%D%/cmd_compare.c \
	%D%/cmd_cost.c \
	%D%/cmd_flash_error.c \
	%D%/cmd_list.c \
	%D%/cmd_plot.c \
	%D%/cmd_predict.c \
	%D%/cmd_report.c \
	%D%/cmd_reproduce.c \
	%D%/cmd_serve.c \
	%D%/cmd_show_model.c \
	%D%/cmd_show_platform.c \
	%D%/cmd_show_program.c \
	%D%/cmd_solve.c \
	%D%/cmd_sweep.c \
	%D%/cmd_validate.c \
	%D%/collectives_table.c %D%/collectives_table.h \
	%D%/command.h \
	%D%/commands.c \
	%D%/gnuplot.c %D%/gnuplot.h \
	%D%/main.c \
	%D%/points.c %D%/points.h \
	%D%/program_rows.c %D%/program_rows.h \
	%D%/report_origin.c \
	%D%/report_page.c %D%/report_page.h \
	%D%/report_pictures.c \
	%D%/result_file.c %D%/result_file.h \
	%D%/rows.c %D%/rows.h \
	%D%/rows_table.c \
	%D%/served_rows.c %D%/served_rows.h \
	%D%/session.c \
	%D%/timeline_file.c %D%/timeline_file.h
