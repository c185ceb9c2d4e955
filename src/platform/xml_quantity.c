#include "platform/xml_quantity.h"

#include <stdlib.h>
#include <string.h>

struct unit {
  const char *name;
  double factor;
};

/* A number and a unit of the table (ended by factor 0); SI without one. */
static bool read_quantity(const char *text, const struct unit *units, double *value)
{
  char *end;
  *value = strtod(text, &end);
  if (end == text || !(*value >= 0) || *value > 1e300)
    return false;
  if (*end == '\0')
    return true;
  while (units->factor > 0 && strcmp(units->name, end) != 0)
    units++;
  *value *= units->factor;
  return units->factor > 0;
}

bool tp_xml_bandwidth(const char *text, double *bytes_per_s)
{
  static const struct unit units[] = {
      {"Bps", 1},        {"kBps", 1e3},     {"MBps", 1e6},     {"GBps", 1e9},      {"TBps", 1e12},
      {"KiBps", 0x1p10}, {"MiBps", 0x1p20}, {"GiBps", 0x1p30}, {"TiBps", 0x1p40},  {"bps", 1.0 / 8},
      {"kbps", 1e3 / 8}, {"Mbps", 1e6 / 8}, {"Gbps", 1e9 / 8}, {"Tbps", 1e12 / 8}, {"", 0}};
  return read_quantity(text, units, bytes_per_s) && *bytes_per_s >= 1e3 && *bytes_per_s <= 1e15;
}

bool tp_xml_latency(const char *text, double *latency_s)
{
  static const struct unit units[] = {{"s", 1},     {"ms", 1e-3},  {"us", 1e-6},
                                      {"ns", 1e-9}, {"ps", 1e-12}, {"", 0}};
  return read_quantity(text, units, latency_s) && *latency_s <= 1;
}
