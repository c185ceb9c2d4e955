#include "base/decimal.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 9, MOST_POWER = 27 /* 5^27 < 2^64: exact in a long double of 64 bits */ };

static const long double powers[MOST_POWER + 1] = {1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,
                                                   1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
                                                   1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L,
                                                   1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

static bool scale(long double value, int power, long double *scaled)
{
  if (power > MOST_POWER || power < -MOST_POWER)
    return false;
  *scaled = power >= 0 ? value * powers[power] : value / powers[-power];
  return true;
}

/* value = digits * 10^(exponent-8), rounded to nearest; false where that is too close to call. */
static bool round_to_digits(double value, int64_t *digits, int *exponent)
{
  long double scaled;
  int e = (int)floor(log10(value));
  if (!scale((long double)value, DIGITS - 1 - e, &scaled))
    return false;
  /* log10 may be off by one beside a power of ten. */
  if (scaled < powers[DIGITS - 1] && !scale((long double)value, DIGITS - 1 - --e, &scaled))
    return false;
  if (scaled >= powers[DIGITS] && !scale((long double)value, DIGITS - 1 - ++e, &scaled))
    return false;
  const int64_t whole = (int64_t)scaled;
  const long double part = scaled - (long double)whole;
  if (fabsl(part - 0.5L) < 1e-6L)
    return false; /* the product's own rounding, 5e-11, could decide */
  *digits = whole + (part > 0.5L);
  *exponent = e;
  if (*digits == (int64_t)powers[DIGITS]) {
    *digits /= 10;
    ++*exponent;
  }
  return true;
}

/* The digits without trailing zeros; returns how many are left. */
static int write_digits(int64_t digits, char text[DIGITS])
{
  for (int i = DIGITS - 1; i >= 0; i--, digits /= 10)
    text[i] = (char)('0' + digits % 10);
  int n = DIGITS;
  while (n > 1 && text[n - 1] == '0')
    n--;
  return n;
}

static char *put(char *at, const char *text, int n)
{
  memcpy(at, text, (size_t)n);
  return at + n;
}

static char *put_zeros(char *at, int n)
{
  for (; n > 0; n--)
    *at++ = '0';
  return at;
}

static char *put_scientific(char *at, const char *digits, int n, int exponent)
{
  *at++ = digits[0];
  if (n > 1)
    *at++ = '.';
  at = put(at, digits + 1, n - 1);
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  const int size = exponent < 0 ? -exponent : exponent; /* below 100: see MOST_POWER */
  *at++ = (char)('0' + size / 10);
  *at++ = (char)('0' + size % 10);
  return at;
}

static char *put_plain(char *at, const char *digits, int n, int exponent)
{
  if (exponent < 0) {
    at = put_zeros(put(at, "0.", 2), -exponent - 1);
    return put(at, digits, n);
  }
  const int before = exponent + 1;
  if (n <= before)
    return put_zeros(put(at, digits, n), before - n);
  at = put(at, digits, before);
  *at++ = '.';
  return put(at, digits + before, n - before);
}

void tp_decimal_write(double value, char text[TP_DECIMAL_CHARS])
{
  int64_t digits;
  int exponent;
  const double size = fabs(value);
  if (LDBL_MANT_DIG < 64 || !isnormal(value) || !round_to_digits(size, &digits, &exponent)) {
    snprintf(text, TP_DECIMAL_CHARS, "%.9g", value);
    return;
  }
  char shown[DIGITS];
  const int n = write_digits(digits, shown);
  char *at = text;
  if (value < 0)
    *at++ = '-';
  at = exponent < -4 || exponent >= DIGITS ? put_scientific(at, shown, n, exponent)
                                           : put_plain(at, shown, n, exponent);
  *at = '\0';
}
