#ifndef TP_PROGRAM_CHECK_H
#define TP_PROGRAM_CHECK_H
#include "program/program.h"

/* Whether executors can run the program: streams, events, tensors and chunks that its ops name are
 * there.  Those of builders are; TP_E_INPUT names the op of one made by hand that is not.  A wait
 * for an event that nobody records is none, as in CUDA.  Executors ask before a first run. */
enum tp_status tp_program_check(const struct tp_program *program, struct tp_error *error);
#endif
