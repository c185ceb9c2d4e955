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

/* log10(value) rounded down, or one beside it; value is normal and positive. */
static int about_log10(double value)
{
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const int log2 = (int)(bits >> 52) - 1023;
  return log2 * 78913 >> 18; /* 78913 / 2^18 = log10(2) to seven digits */
}

/* value = digits * 10^(exponent-8), rounded to nearest; false where that is too close to call. */
static bool round_to_digits(double value, uint32_t *digits, int *exponent)
{
  long double scaled;
  int e = about_log10(value);
  if (!scale((long double)value, DIGITS - 1 - e, &scaled))
    return false;
  if (scaled < powers[DIGITS - 1] && !scale((long double)value, DIGITS - 1 - --e, &scaled))
    return false;
  if (scaled >= powers[DIGITS] && !scale((long double)value, DIGITS - 1 - ++e, &scaled))
    return false;
  const int64_t whole = (int64_t)scaled;
  const long double part = scaled - (long double)whole;
  if (fabsl(part - 0.5L) < 1e-6L)
    return false; /* the product's own rounding, 5e-11, could decide */
  *digits = (uint32_t)whole + (part > 0.5L);
  *exponent = e;
  if (*digits == (uint32_t)powers[DIGITS]) {
    *digits /= 10;
    ++*exponent;
  }
  return true;
}

/* The digits without trailing zeros; returns how many are left. */
static int write_digits(uint32_t digits, char text[DIGITS])
{
  static const char pairs[] =
      "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445"
      "46474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091"
      "9293949596979899";
  for (int i = DIGITS - 2; i > 0; i -= 2, digits /= 100)
    memcpy(text + i, pairs + 2 * (digits % 100), 2);
  text[0] = (char)('0' + digits);
  int n = DIGITS;
  while (n > 1 && text[n - 1] == '0')
    n--;
  return n;
}

static char *put(char *at, const char *text, int n)
{
  for (int i = 0; i < n; i++) /* less than a call of memcpy */
    at[i] = text[i];
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

static char *put_whole(char *at, uint32_t whole)
{
  char digits[DIGITS];
  int n = 0;
  do
    digits[n++] = (char)('0' + whole % 10);
  while ((whole /= 10) > 0);
  while (n > 0)
    *at++ = digits[--n];
  return at;
}

char *tp_decimal_write(double value, char text[TP_DECIMAL_CHARS])
{
  uint32_t digits;
  int exponent;
  const double size = fabs(value);
  const bool whole = size < 1e9 && size == (double)(uint32_t)size;
  if (!whole &&
      (LDBL_MANT_DIG < 64 || !isnormal(value) || !round_to_digits(size, &digits, &exponent)))
    return text + snprintf(text, TP_DECIMAL_CHARS, "%.9g", value);
  char *at = text;
  if (signbit(value))
    *at++ = '-';
  if (whole) {
    at = put_whole(at, (uint32_t)size);
  } else {
    char shown[DIGITS];
    const int n = write_digits(digits, shown);
    at = exponent < -4 || exponent >= DIGITS ? put_scientific(at, shown, n, exponent)
                                             : put_plain(at, shown, n, exponent);
  }
  *at = '\0';
  return at;
}
