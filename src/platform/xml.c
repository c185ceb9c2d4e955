/* Writes a platform as SimGrid XML 4.1.
 *
 * What SimGrid has no word for (a vertex's kind, a link's ends) stands in <prop> elements, which
 * SimGrid ignores and xml_read.c reads back.
 */
#include "platform/platform.h"

#include <stdlib.h>
#include <string.h>

static const char *const vertex_kinds[] = TP_VERTEX_KIND_NAMES;
static const char *const link_kinds[] = TP_LINK_KIND_NAMES;
static const char *const peer_accesses[] = TP_PEER_ACCESS_NAMES;

/* ` key="NAMEsuffix"`: names of files, and of hosts and links in somebody's XML, may hold anything.
 */
static void put_name(FILE *out, const char *key, const char *name, const char *suffix)
{
  fprintf(out, " %s=\"", key);
  for (; *name != '\0'; name++)
    if (*name == '&')
      fputs("&amp;", out);
    else if (*name == '<')
      fputs("&lt;", out);
    else if (*name == '"')
      fputs("&quot;", out);
    else if (strchr("\t\n\r", *name) != NULL)
      fprintf(out, "&#%d;", *name);
    else
      fputc(*name, out);
  fprintf(out, "%s\"", suffix);
}

/* SimGrid's defaults model TCP: CM02 with these off is latency + size / bandwidth, shared max-min.
 * At its default precision sleeps under a nanosecond are rounded up. */
static void put_config(FILE *out)
{
  fputs("  <config>\n"
        "    <prop id=\"network/model\" value=\"CM02\"/>\n"
        "    <prop id=\"network/TCP-gamma\" value=\"0\"/>\n"
        "    <prop id=\"network/crosstraffic\" value=\"0\"/>\n"
        "    <prop id=\"network/weight-S\" value=\"0\"/>\n"
        "    <prop id=\"surf/precision\" value=\"1e-12\"/>\n"
        "  </config>\n",
        out);
}

/* ` key="VALUEunit"` in the fewest digits that read back as the same double. */
static void put_quantity(FILE *out, const char *key, double value, const char *unit)
{
  char digits[32];
  int precision = 6;
  do
    snprintf(digits, sizeof digits, "%.*g", precision++, value);
  while (precision <= 17 && strtod(digits, NULL) != value);
  fprintf(out, " %s=\"%s%s\"", key, digits, unit);
}

static void put_link(FILE *out, const char *name, const char *suffix, double bytes_per_s,
                     double latency_s, bool full_duplex)
{
  fputs("    <link", out);
  put_name(out, "id", name, suffix);
  put_quantity(out, "bandwidth", bytes_per_s, "Bps");
  put_quantity(out, "latency", latency_s, "s");
  fprintf(out, " sharing_policy=\"%s\">", full_duplex ? "SPLITDUPLEX" : "SHARED");
}

static void put_hosts(const struct tp_platform *platform, FILE *out)
{
  for (size_t v = 0; v < platform->n_vertices; v++) {
    const struct tp_vertex *vertex = &platform->vertices[v];
    fputs("    <host", out);
    put_name(out, "id", vertex->name, "");
    fprintf(out,
            " speed=\"1f\"><prop id=\"kind\" value=\"%s\"/><prop id=\"node\" value=\"%d\"/>"
            "<prop id=\"numa\" value=\"%d\"/><prop id=\"reduces\" value=\"%s\"/>%s</host>\n",
            vertex_kinds[vertex->kind], vertex->node, vertex->numa,
            vertex->reduces ? "true" : "false",
            vertex->only_reduces ? "<prop id=\"only_reduces\" value=\"true\"/>" : "");
  }
  for (int i = 0; i < platform->n_gpus; i++) {
    fputs("    <host", out);
    put_name(out, "id", platform->vertices[platform->gpus[i]].name, ".mem");
    fputs(" speed=\"1f\"><prop id=\"kind\" value=\"dram\"/></host>\n", out);
  }
}

static void put_links(const struct tp_platform *platform, double dram_bytes_per_s, FILE *out)
{
  for (size_t l = 0; l < platform->n_links; l++) {
    const struct tp_link *link = &platform->links[l];
    put_link(out, link->name, "", link->bytes_per_s, link->latency_s, link->full_duplex);
    fprintf(out, "<prop id=\"kind\" value=\"%s\"/><prop id=\"group\"", link_kinds[link->kind]);
    put_name(out, "value", link->group, "");
    fputs("/></link>\n", out);
  }
  for (int i = 0; i < platform->n_gpus; i++) {
    put_link(out, platform->vertices[platform->gpus[i]].name, ".hbm", dram_bytes_per_s, 0, false);
    fputs("<prop id=\"kind\" value=\"dram\"/></link>\n", out);
  }
}

static void put_route(const struct tp_platform *platform, int from, int to, FILE *out)
{
  const struct tp_route route = tp_platform_route(platform, from, to);
  if (route.n_hops == 0)
    return;
  fputs("    <route", out);
  put_name(out, "src", platform->vertices[from].name, "");
  put_name(out, "dst", platform->vertices[to].name, "");
  fputs(" symmetrical=\"NO\">", out);
  for (int h = 0; h < route.n_hops; h++) {
    const struct tp_link *link = &platform->links[route.hops[h] / 2];
    fputs("<link_ctn", out);
    put_name(out, "id", link->name, "");
    fprintf(out, "%s/>",
            !link->full_duplex       ? ""
            : route.hops[h] % 2 == 0 ? " direction=\"UP\""
                                     : " direction=\"DOWN\"");
  }
  fputs("</route>\n", out);
}

static void put_routes(const struct tp_platform *platform, const struct tp_ends *ends,
                       size_t n_ends, FILE *out)
{
  const int n = ends == NULL ? (int)platform->n_vertices : 0;
  for (size_t i = 0; ends != NULL && i < n_ends; i++)
    put_route(platform, ends[i].from, ends[i].to, out);
  for (int from = 0; from < n; from++)
    for (int to = 0; to < n; to++)
      put_route(platform, from, to, out);
}

static void put_memory_routes(const struct tp_platform *platform, FILE *out)
{
  for (int i = 0; i < platform->n_gpus; i++) {
    const char *name = platform->vertices[platform->gpus[i]].name;
    fputs("    <route", out);
    put_name(out, "src", name, "");
    put_name(out, "dst", name, ".mem");
    fputs(" symmetrical=\"YES\"><link_ctn", out);
    put_name(out, "id", name, ".hbm");
    fputs("/></route>\n", out);
  }
}

void tp_platform_write_xml(const struct tp_platform *platform, double dram_bytes_per_s,
                           const struct tp_ends *ends, size_t n_ends, FILE *out)
{
  fputs("<?xml version=\"1.0\"?>\n"
        "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
        "<platform version=\"4.1\">\n",
        out);
  put_config(out);
  fputs("  <zone", out);
  put_name(out, "id", platform->name, "");
  fputs(" routing=\"Full\">\n", out);
  if (platform->device_name != NULL) {
    fputs("    <prop id=\"device\"", out);
    put_name(out, "value", platform->device_name, "");
    fputs("/>\n", out);
  }
  if (platform->peer_access != TP_PEER_DIRECT)
    fprintf(out, "    <prop id=\"peer_access\" value=\"%s\"/>\n",
            peer_accesses[platform->peer_access]);
  put_hosts(platform, out);
  put_links(platform, dram_bytes_per_s, out);
  put_routes(platform, ends, n_ends, out);
  put_memory_routes(platform, out);
  fputs("  </zone>\n</platform>\n", out);
}
