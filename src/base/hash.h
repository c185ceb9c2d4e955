#ifndef TP_BASE_HASH_H
#define TP_BASE_HASH_H
/* FNV-1a, 64 bits: tells whether a file is the one that made a result. */
#include <stdint.h>

enum { TP_HASH_CHARS = 17 };

uint64_t tp_hash(const char *text);

/* Writes the hash of `text` as 16 hexadecimal digits. */
void tp_hash_text(const char *text, char hash[TP_HASH_CHARS]);
#endif
