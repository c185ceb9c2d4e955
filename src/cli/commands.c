#include "cli/command.h"

const struct tp_command *const tp_commands[] = {
    &tp_command_predict,     &tp_command_compare,      &tp_command_sweep,
    &tp_command_serve,       &tp_command_solve,        &tp_command_cost,
    &tp_command_reproduce,   &tp_command_check,        &tp_command_plot,
    &tp_command_report,      &tp_command_calibrate,    &tp_command_validate,
    &tp_command_flash_error, &tp_command_show_program, &tp_command_show_platform,
    &tp_command_show_model,  &tp_command_list,         NULL,
};
