/* What a session opens. */
#include "cli/command.h"

struct tp_catalog tp_session_catalog(const struct tp_session *session, const struct tp_words *sets,
                                     const char *device)
{
  return (struct tp_catalog){.arena = session->arena,
                             .dirs = session->dirs,
                             .engines = session->engines,
                             .device = device,
                             .sets = sets->items,
                             .note = tp_command_note,
                             .n_sets = sets->n};
}
