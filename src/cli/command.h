#ifndef TP_CLI_COMMAND_H
#define TP_CLI_COMMAND_H
/* The commands of tpsim; commands.c lists them. */
#include "command/command.h"
#include "predict/catalog.h"
#include "serve/arrivals.h"

extern const struct tp_command tp_command_predict, tp_command_compare, tp_command_sweep,
    tp_command_cost, tp_command_show_program, tp_command_show_platform, tp_command_list,
    tp_command_reproduce, tp_command_check, tp_command_calibrate, tp_command_validate,
    tp_command_plot, tp_command_flash_error, tp_command_solve, tp_command_report,
    tp_command_show_model, tp_command_serve;
extern const struct tp_command *const tp_commands[]; /* NULL-terminated */

#define TP_DEVICE_HELP "GPU in place of the one that a platform names: name or file"

/* The catalog of this session with the overrides of --set; `device` in place of those that
 * platforms name, or NULL. */
struct tp_catalog tp_session_catalog(const struct tp_session *session, const struct tp_words *sets,
                                     const char *device);

/* Reads a file of the user's and records it for the sidecar; in the catalog's arena. */
enum tp_status tp_input_text(const char *file, struct tp_catalog *catalog, const char **text,
                             struct tp_error *error);
enum tp_status tp_input_csv(const char *file, struct tp_catalog *catalog, struct tp_csv *csv,
                            struct tp_error *error);
/* A trace of requests; notes the columns that nobody reads, but those that published ones have. */
enum tp_status tp_input_arrivals(const char *file, struct tp_catalog *catalog,
                                 struct tp_arrivals *visits, struct tp_error *error);

/* Fails where OUT, which `option` names, is a file that the catalog has read. */
enum tp_status tp_session_keep(const struct tp_session *session, const struct tp_catalog *catalog,
                               const char *option, const char *out, struct tp_error *error);
#endif
