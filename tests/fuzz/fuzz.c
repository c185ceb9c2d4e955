/* A target under libFuzzer, chosen by TP_FUZZ_TARGET; its own seed goes to the file TP_FUZZ_SEED.
 * See tools/fuzz. */
#include "targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fuzz_target *chosen;

static void write_seed(const char *path)
{
  FILE *const out = path != NULL && chosen->seed != NULL ? fopen(path, "w") : NULL;
  if (out == NULL)
    return;
  fputs(chosen->seed, out);
  fclose(out);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  const char *const name = getenv("TP_FUZZ_TARGET");
  (void)argc;
  (void)argv;
  for (chosen = fuzz_targets; chosen->name != NULL; chosen++)
    if (name != NULL && strcmp(chosen->name, name) == 0)
      break;
  if (chosen->name == NULL)
    fuzz_fail("TP_FUZZ_TARGET", "names no target of tests/fuzz/targets.c");
  fuzz_open();
  write_seed(getenv("TP_FUZZ_SEED"));
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  fuzz_run(chosen, bytes, n);
  return 0;
}
