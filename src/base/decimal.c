#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 9, MOST_POWER = 27 };

static const double powers[MOST_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
    1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27};

static bool scale(double value, int power, double *scaled)
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
  double scaled;
  int e = about_log10(value);
  if (!scale(value, DIGITS - 1 - e, &scaled))
    return false;
  if (scaled < powers[DIGITS - 1] && !scale(value, DIGITS - 1 - --e, &scaled))
    return false;
  if (scaled >= powers[DIGITS] && !scale(value, DIGITS - 1 - ++e, &scaled))
    return false;
  const int32_t whole = (int32_t)scaled;
  const double part = scaled - whole;
  if (fabs(part - 0.5) < 1e-6)
    return false; /* roundings of the power and of the product, 6e-8 each, could decide */
  *digits = (uint32_t)whole + (part > 0.5);
  *exponent = e;
  if (*digits == (uint32_t)powers[DIGITS]) {
    *digits /= 10;
    ++*exponent;
  }
  return true;
}

/* The digits without trailing zeros; returns how many are left. */
static int write_digits(uint32_t digits, char *text)
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

/* Up to DIGITS of them: so many are copied and n of them counted, which takes no loop.  There is
 * room for them in the text, and behind the digits. */
static char *put(char *at, const char *digits, int n)
{
  memcpy(at, digits, DIGITS);
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
    *at++ = '0';
    *at++ = '.';
    at = put_zeros(at, -exponent - 1);
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
  if (!whole && (!isnormal(value) || !round_to_digits(size, &digits, &exponent)))
    return text + snprintf(text, TP_DECIMAL_CHARS, "%.9g", value);
  char *at = text;
  if (signbit(value))
    *at++ = '-';
  if (whole) {
    at = put_whole(at, (uint32_t)size);
  } else {
    char shown[2 * DIGITS];
    const int n = write_digits(digits, shown);
    at = exponent < -4 || exponent >= DIGITS ? put_scientific(at, shown, n, exponent)
                                             : put_plain(at, shown, n, exponent);
  }
  *at = '\0';
  return at;
}
