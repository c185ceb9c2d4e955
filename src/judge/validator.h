#ifndef TP_JUDGE_VALIDATOR_H
#define TP_JUDGE_VALIDATOR_H
/* What the parts of tp_validate share, a file each: ops, points (validate.c), summary. */
#include "judge/validate.h"

struct tp_validator {
  const struct tp_validate_request *request;
  struct tp_catalog *catalog;
  struct tp_arena *arena;
  struct tp_error *error;
  struct tp_csv csv;
  struct tp_validation *validation;
};

/* Appends a figure, named FILE:LINE and `what`.  The array of figures has room for it. */
void tp_validator_add(struct tp_validator *self, size_t row, const char *metric, const char *what,
                      double measured, double predicted);

/* Tells which columns nobody reads.  Those that rows are chosen and grouped by are read. */
enum tp_status tp_validator_tell(const struct tp_validator *self, struct tp_readable readable,
                                 const char *more);

enum tp_status tp_validator_run_ops(struct tp_validator *self);

/* Can the figures be grouped as asked? */
enum tp_status tp_validator_check_column(const struct tp_validator *self);
void tp_validator_summarise(struct tp_validator *self);
#endif
