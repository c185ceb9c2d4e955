#ifndef TP_TESTS_FUZZ_TARGETS_H
#define TP_TESTS_FUZZ_TARGETS_H
/* Readers of what people write, each as a function of any text: it is read or refused in words of
 * one line, and what it says is predicted without a NaN.  libFuzzer drives them (fuzz.c, built by
 * tools/fuzz), and the suite does for a moment (test_fuzz.c). */
#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
  const char *name;
  void (*run)(const char *text);
  const char *seeds; /* a pattern of files below the source tree; NULL: `seed` alone */
  const char *seed;  /* NULL: the files alone; of a part fuzz_open() makes it */
};
extern struct fuzz_target fuzz_targets[]; /* ended by a NULL name */

void fuzz_open(void); /* once, before any run */
void fuzz_close(void);

/* Runs a target on a text of these bytes, up to a zero. */
void fuzz_run(const struct fuzz_target *chosen, const uint8_t *bytes, size_t n);

/* Ends the process with the text on standard error: what is wrong is not the input's fault. */
_Noreturn void fuzz_fail(const char *what, const char *text);
#endif
