/* The program tpsim. */
#include "cli/command.h"
#include "program/op.h"

#include <gsl/gsl_errno.h>

#define WORD(value, text) text " "
static const struct tp_offer offers[] = {{"dtype", TP_DTYPES(WORD) "auto"},
                                         {"kv-dtype", TP_KV_DTYPES(WORD)},
                                         {"engine", "analytic des"},
                                         {NULL, NULL}};
#undef WORD

int main(int argc, char **argv)
{
  struct tp_engine des = tp_des_open();
  const struct tp_engine *const engines[] = {&tp_engine_analytic, &des, NULL};
  const struct tp_executable tpsim = {
      .name = "tpsim",
      .purpose =
          "tpsim predicts how long a tensor-parallel transformer takes on a machine, and how much\n"
          "of its communication each published technique hides.\n",
      .example = "tpsim compare --model llama-3.1-70b --platform dgx-h100 --tp 8",
      .lacks = "disk full, data not installed",
      .commands = tp_commands,
      .engines = engines,
      .offers = offers,
  };
  gsl_set_error_handler_off();
  const int exit_status = tp_executable_run(&tpsim, argc, argv);
  tp_des_close(&des);
  return exit_status;
}
