#include "verify/selftest_line.h"

#include <string.h>

bool tp_selftest_wants(const struct tp_selftest *selftest, const char *name)
{
  return selftest->only == NULL || strstr(name, selftest->only) != NULL;
}

void tp_selftest_tell(struct tp_selftest *selftest, struct tp_subject subject,
                      const struct tp_finding *finding)
{
  struct tp_selftest_line line = {.name = subject.name,
                                  .outcome = TP_SELFTEST_FAILED,
                                  .error = finding->error,
                                  .bound = subject.bound,
                                  .why = finding->text.text};
  if (finding->status == TP_OK)
    line.outcome = TP_SELFTEST_PASSED;
  else if (finding->status == TP_E_INPUT && subject.may_be_refused)
    line.outcome = TP_SELFTEST_SKIPPED;
  selftest->passed += line.outcome == TP_SELFTEST_PASSED;
  selftest->failed += line.outcome == TP_SELFTEST_FAILED;
  selftest->skipped += line.outcome == TP_SELFTEST_SKIPPED;
  selftest->report(selftest->data, &line);
}
