#ifndef TP_VERIFY_SELFTEST_LINE_H
#define TP_VERIFY_SELFTEST_LINE_H
/* A line of the self-test: what is checked, what was found, and what is told of it. */
#include "verify/selftest.h"

/* What one rank found. */
struct tp_finding {
  enum tp_status status;
  double error;
  struct tp_error text;
};

/* What is checked. */
struct tp_subject {
  const char *name;
  double bound;
  bool may_be_refused; /* else refusing it is a fault */
};

bool tp_selftest_wants(const struct tp_selftest *selftest, const char *name);

/* Counts it, too. */
void tp_selftest_tell(struct tp_selftest *selftest, struct tp_subject subject,
                      const struct tp_finding *finding);
#endif
