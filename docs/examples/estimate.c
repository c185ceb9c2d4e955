/* How much faster ladder makes a 70B model on 8 GPUs, by batch:
 *     cc estimate.c $(pkg-config --cflags --libs tpsim) && ./a.out */
#include <stdio.h>
#include <string.h>
#include <tpsim.h>

int main(void)
{
  struct tpsim_error error;
  struct tpsim *tpsim = tpsim_open(NULL, &error);
  int status = tpsim == NULL;
  for (int batch = 1; batch <= 64 && status == 0; batch *= 4) {
    const struct tpsim_point point = {.model = "llama-3.1-70b",
                                      .platform = "dgx-h100",
                                      .variant = "ladder",
                                      .tp = 8,
                                      .batch = batch};
    struct tpsim_result result;
    status = tpsim_estimate(tpsim, &point, &result, &error);
    if (status != TPSIM_OK)
      break;
    if (strcmp(result.status, "ok") == 0)
      printf("batch %2d: %.3f ms a token, %.3f times as fast as standard\n", batch,
             1e3 * result.tpot_s, result.speedup);
    else
      printf("batch %2d: %s\n", batch, result.status);
  }
  if (status != TPSIM_OK)
    fprintf(stderr, "estimate: %s\n", error.text);
  tpsim_close(tpsim);
  return status;
}
