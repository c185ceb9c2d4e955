#ifndef TP_BASE_DECIMAL_H
#define TP_BASE_DECIMAL_H
/* printf's "%.9g", several times as fast: a sweep writes 25 numbers a row, 100,000 rows a second. */
#include <stddef.h>

enum { TP_DECIMAL_CHARS = 24 };

/* The same bytes as snprintf(text, TP_DECIMAL_CHARS, "%.9g", value); returns their end, a NUL. */
char *tp_decimal_write(double value, char text[TP_DECIMAL_CHARS]);
#endif
