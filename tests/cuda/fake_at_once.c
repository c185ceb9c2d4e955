#include "fake_stream.h"

#include <stdlib.h>
#include <string.h>

void fake_stream_run(cudaStream_t stream, void (*run)(void *job), const void *job, size_t bytes)
{
  void *const copy = memcpy(malloc(bytes), job, bytes);
  (void)stream;
  run(copy);
  free(copy);
}
