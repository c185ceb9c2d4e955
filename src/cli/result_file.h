#ifndef TP_CLI_RESULT_FILE_H
#define TP_CLI_RESULT_FILE_H
/* What commands that write a result CSV with its sidecar do around it. */
#include "cli/command.h"
#include "sweep/sidecar.h"

/* The result and what made it: the command line without what changes no byte (-j, --resume). */
struct tp_sweep_file tp_result_target(const struct tp_session *session, const char *out);

/* Neither the result nor its sidecar, nor the parts that they grow as, takes the place of what they
 * are made from; `points`: the file of --points.  Either may be NULL. */
enum tp_status tp_result_keep_inputs(const struct tp_session *session,
                                     const struct tp_catalog *catalog, const char *points,
                                     const char *out, struct tp_error *error);

/* What a sweep grows its result as, claimed so that no other command writes that result meanwhile.
 */
struct tp_result_claim {
  const char *part;
  int descriptor; /* -1: nothing is claimed */
};

/* For a command that writes its result at once, at the end; `out` no regular file: none is
 * claimed.  TP_E_ENVIRONMENT where another process has it. */
enum tp_status tp_result_claim(const struct tp_session *session, const char *out,
                               struct tp_result_claim *claim, struct tp_error *error);
void tp_result_release(struct tp_result_claim *claim);

/* Says where a result that is given back as `points` would not give its own numbers; NULL: none is.
 */
void tp_result_say_differences(const struct tp_session *session, const struct tp_catalog *catalog,
                               const char *points);
#endif
