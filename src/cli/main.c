/* The program tpsim. */
#include "cli/command.h"

#include <gsl/gsl_errno.h>

static const struct tp_engine *const engines[] = {&tp_engine_analytic, &tp_engine_des, NULL};

static const struct tp_executable tpsim = {
    .name = "tpsim",
    .purpose =
        "tpsim predicts how long a tensor-parallel transformer takes on a machine, and how much\n"
        "of its communication each published technique hides.\n",
    .example = "tpsim compare --model llama-3.1-70b --platform dgx-h100 --tp 8",
    .lacks = "disk full, data not installed",
    .commands = tp_commands,
    .engines = engines,
};

int main(int argc, char **argv)
{
  gsl_set_error_handler_off();
  return tp_executable_run(&tpsim, argc, argv);
}
