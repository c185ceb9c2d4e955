#ifndef TP_PLATFORM_XML_QUANTITY_H
#define TP_PLATFORM_XML_QUANTITY_H
/* SimGrid's quantities with units, within the bounds a topology has. */
#include <stdbool.h>

bool tp_xml_bandwidth(const char *text, double *bytes_per_s); /* "450GBps", "400Gbps", "1e9" */
bool tp_xml_latency(const char *text, double *latency_s);     /* "0.5us", "1e-6" */
#endif
