#ifndef TP_CUDA_COMMANDS_H
#define TP_CUDA_COMMANDS_H
/* The commands of tpsim-cuda; main.c lists them. */
#include "command/command.h"

extern const struct tp_command tp_command_bench, tp_command_devices, tp_command_selftest;
#endif
