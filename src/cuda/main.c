/* The program tpsim-cuda. */
#include "cuda/commands.h"

static const struct tp_command *const commands[] = {&tp_command_selftest, &tp_command_bench,
                                                    &tp_command_devices, NULL};

static const struct tp_executable tpsim_cuda = {
    .name = "tpsim-cuda",
    .purpose = "tpsim-cuda runs on GPUs the very programs that tpsim predicts, and writes what it\n"
               "measured as `tpsim validate` and `tpsim calibrate` read it.\n",
    .example = "tpsim-cuda bench all",
    .lacks = "no GPU, out of memory, a library absent",
    .commands = commands,
};

int main(int argc, char **argv)
{
  return tp_executable_run(&tpsim_cuda, argc, argv);
}
