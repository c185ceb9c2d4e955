#ifndef TP_PROGRAM_WIRING_BUILD_H
#define TP_PROGRAM_WIRING_BUILD_H
#include "base/datadir.h"
#include "program/variant.h"
#include "program/wiring/wiring.h"

/* The wiring of a name or of a file as an architecture of that name, whose argument `list variants`
 * and messages name; `found` is false where there is no such file, and the name no path.  `dirs`
 * may be NULL: paths alone.  In `arena`. */
enum tp_status tp_wiring_find(const struct tp_datadir *dirs, const char *name,
                              struct tp_arena *arena, const struct tp_architecture **found,
                              struct tp_error *error);
struct tp_architecture tp_wiring_architecture(const struct tp_wiring *wiring, const char *name);
/* Names of the data directories' wirings, without extension. */
enum tp_status tp_wiring_list(const struct tp_datadir *dirs, struct tp_arena *arena,
                              const char ***names, size_t *n, struct tp_error *error);

/* TP_E_INPUT where the wiring is of models whose modules hang together otherwise, or sums over a
 * group that the job lacks. */
enum tp_status tp_wiring_check_job(const struct tp_wiring *wiring, const struct tp_model *model,
                                   const struct tp_mesh *mesh, struct tp_error *error);
bool tp_wiring_fits(const struct tp_wiring *wiring, const struct tp_model *model);
/* Whether it says, statement for statement, what the built-in standard does with this model. */
bool tp_wiring_is_standard(const struct tp_wiring *wiring, const struct tp_model *model);

/* The program of a wiring's architecture, as struct tp_architecture has it. */
enum tp_status tp_wiring_build(const struct tp_request *request, const struct tp_variant *variant,
                               struct tp_arena *arena, struct tp_program *program,
                               struct tp_error *error);
#endif
