#ifndef TP_COMMAND_KEEP_H
#define TP_COMMAND_KEEP_H
/* A result must not take the place of what it is made from. */
#include "command/options.h"

/* Fails where OUT, which `option` names, is the file INPUT, by whatever path.  Either may be NULL,
 * and INPUT no file. */
enum tp_status tp_command_keep(const char *input, const char *option, const char *out,
                               struct tp_error *error);
enum tp_status tp_command_keep_all(const struct tp_words *inputs, const char *option,
                                   const char *out, struct tp_error *error);
#endif
