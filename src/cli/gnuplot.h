#ifndef TP_CLI_GNUPLOT_H
#define TP_CLI_GNUPLOT_H
/* gnuplot as a child process, without a shell. */
#include "base/error.h"

#include <stdio.h>

/* Runs `script` from its start; the picture goes to `picture`.  TP_E_ENVIRONMENT where there is no
 * gnuplot or it fails. */
enum tp_status tp_gnuplot_run(FILE *script, FILE *picture, struct tp_error *error);
#endif
