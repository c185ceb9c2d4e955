#include "base/hash.h"

#include <inttypes.h>
#include <stdio.h>

/* http://www.isthe.com/chongo/tech/comp/fnv/ */
uint64_t tp_hash(const char *text)
{
  uint64_t value = 0xcbf29ce484222325U;
  for (; *text != '\0'; text++)
    value = (value ^ (unsigned char)*text) * 0x100000001b3U;
  return value;
}

void tp_hash_text(const char *text, char hash[TP_HASH_CHARS])
{
  snprintf(hash, TP_HASH_CHARS, "%016" PRIx64, tp_hash(text));
}
