#ifndef TP_CLI_CHECK_MAKE_H
#define TP_CLI_CHECK_MAKE_H
#include "cli/command.h"

struct tp_check_make {
  const char *result, *out;                    /* out NULL: standard output */
  const struct tp_words *metrics, *tolerances; /* none: the usual ones */
};

/* Writes the baseline; notes what it leaves out and what no column of the result tells. */
enum tp_status tp_check_make(const struct tp_session *session, const struct tp_check_make *asked,
                             struct tp_error *error);
#endif
