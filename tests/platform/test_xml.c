/* The SimGrid XML of a platform, held to the byte, and read back into the same graph. */
#include "../toy.h"

#include "base/file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tp_arena *arena;
static char path[64];

static void setup(void)
{
  arena = tp_arena_create();
  snprintf(path, sizeof path, "test_xml.%ld.xml", (long)getpid());
}

static void teardown(void)
{
  unlink(path);
  tp_arena_free(arena);
}

static void write_to(const struct tp_platform *platform, double dram_bytes_per_s)
{
  FILE *out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  tp_platform_write_xml(platform, dram_bytes_per_s, NULL, 0, out);
  ck_assert_int_eq(fclose(out), 0);
}

static struct tp_platform read_back(void)
{
  struct tp_platform platform;
  struct tp_error error;
  if (tp_platform_read_xml(path, arena, &platform, &error) != TP_OK)
    ck_abort_msg("%s", error.text);
  return platform;
}

static const char *slurp(const char *file)
{
  static char text[2][1 << 16];
  static int turn;
  char *buffer = text[turn++ % 2];
  FILE *in = fopen(file, "r");
  ck_assert_msg(in != NULL, "%s is missing", file);
  buffer[fread(buffer, 1, sizeof text[0] - 1, in)] = '\0';
  fclose(in);
  return buffer;
}

/* Expectation: two GPUs and a switch; DRAM is shared both ways, NVLink is not, PCIe is half duplex
 * here.  A difference is a change of what SimGrid simulates: read it before accepting it. */
START_TEST(tiny_to_the_byte)
{
  const struct tp_platform platform =
      toy_platform("none",
                   "{\"name\": \"gpu\", \"count\": 2, \"kind\": \"gpu\", \"numa\": 1},"
                   "{\"name\": \"sw\", \"kind\": \"switch\", \"reduces\": true}",
                   "{\"name\": \"nvlink\", \"between\": [\"gpu0\", \"sw\"], \"kind\": \"nvlink\","
                   " \"bytes_per_s_per_direction\": 450e9, \"latency_s\": 0.25e-6},"
                   "{\"name\": \"pcie\", \"between\": [\"sw\", \"gpu1\"], \"kind\": \"pcie\","
                   " \"bytes_per_s_per_direction\": 63e9, \"latency_s\": 0.5e-6, "
                   "\"full_duplex\": false}",
                   arena);
  write_to(&platform, 3350e9);
  const char *got = slurp(path), *want = slurp(TP_SRCDIR "/tests/platform/tiny.xml");
  size_t same = 0;
  while (got[same] != '\0' && got[same] == want[same])
    same++;
  ck_assert_msg(strcmp(got, want) == 0, "differs from tiny.xml at byte %zu: got %.80s", same,
                got + same);
}
END_TEST

static void compare_links(const struct tp_platform *a, const struct tp_platform *b)
{
  ck_assert_uint_eq(a->n_links, b->n_links);
  for (size_t l = 0; l < a->n_links; l++) {
    const struct tp_link *x = &a->links[l], *y = &b->links[l];
    ck_assert_str_eq(x->name, y->name);
    ck_assert_str_eq(x->group, y->group);
    ck_assert_int_eq(x->kind, y->kind);
    ck_assert(x->bytes_per_s == y->bytes_per_s && x->latency_s == y->latency_s);
    ck_assert_int_eq(x->full_duplex, y->full_duplex);
  }
}

static void compare(const struct tp_platform *a, const struct tp_platform *b)
{
  ck_assert_str_eq(a->name, b->name);
  ck_assert_str_eq(a->device_name, b->device_name);
  ck_assert_int_eq(a->n_gpus, b->n_gpus);
  ck_assert_int_eq(a->n_nodes, b->n_nodes);
  ck_assert_uint_eq(a->n_vertices, b->n_vertices);
  for (size_t v = 0; v < a->n_vertices; v++) {
    ck_assert_str_eq(a->vertices[v].name, b->vertices[v].name);
    ck_assert_int_eq(a->vertices[v].kind, b->vertices[v].kind);
    ck_assert_int_eq(a->vertices[v].node, b->vertices[v].node);
    ck_assert_int_eq(a->vertices[v].numa, b->vertices[v].numa);
    ck_assert_int_eq(a->vertices[v].reduces, b->vertices[v].reduces);
    ck_assert_int_eq(a->vertices[v].only_reduces, b->vertices[v].only_reduces);
  }
  compare_links(a, b);
  for (int from = 0; from < (int)a->n_vertices; from++)
    for (int to = 0; to < (int)a->n_vertices; to++) {
      const struct tp_route x = tp_platform_route(a, from, to), y = tp_platform_route(b, from, to);
      ck_assert_int_eq(x.n_hops, y.n_hops);
      ck_assert_mem_eq(x.hops, y.hops, (size_t)x.n_hops * sizeof(int));
    }
}

/* A file has the route of every pair of GPUs: those of the largest platform are more than a file
 * may have. */
START_TEST(shipped_platforms_come_back)
{
  enum { MOST_GPUS = 128 };
  const char **names;
  size_t n;
  struct tp_error error;
  ck_assert_int_eq(tp_datadir_list(toy_dirs(), "platforms", ".json", arena, &names, &n, &error),
                   TP_OK);
  ck_assert_uint_gt(n, 0);
  for (size_t i = 0; i < n; i++) {
    const struct tp_setup *machine = toy_setup(names[i], NULL, "ideal", arena);
    if (machine->platform.n_gpus > MOST_GPUS)
      continue;
    write_to(&machine->platform, machine->device.datasheet.dram_bytes_per_s);
    const struct tp_platform back = read_back();
    compare(&machine->platform, &back);
    const char *first, *second;
    ck_assert_int_eq(tp_file_read(path, arena, &first, &error), TP_OK);
    write_to(&back, machine->device.datasheet.dram_bytes_per_s);
    ck_assert_int_eq(tp_file_read(path, arena, &second, &error), TP_OK);
    ck_assert_msg(strcmp(first, second) == 0, "%s: written again it differs", names[i]);
  }
}
END_TEST

/* Written by hand, as SimGrid's own examples are: no <prop>, units, a star around a point that no
 * host names, undirected links. */
START_TEST(foreign_star)
{
  FILE *out = fopen(path, "w");
  fputs("<?xml version='1.0'?><!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
        "<!-- a star --><platform version=\"4.1\"><zone id=\"star\" routing=\"Full\">\n"
        "<host id=\"n0\" speed=\"1Gf\"/><host id=\"n1\" speed=\"1Gf\"/>"
        "<host id=\"n2\" speed=\"1Gf\"></host>\n"
        "<link id=\"l0\" bandwidth=\"400Gbps\" latency=\"1us\"/>"
        "<link id=\"l1\" bandwidth=\"25GBps\" latency=\"500ns\"/>"
        "<link id=\"l2\" bandwidth=\"1e9\" latency=\"0.001ms\"/>\n"
        "<route src=\"n0\" dst=\"n1\"><link_ctn id=\"l0\"/><link_ctn id=\"l1\"/></route>\n"
        "<route src=\"n0\" dst=\"n2\"><link_ctn id=\"l0\"/><link_ctn id=\"l2\"/></route>\n"
        "<route src=\"n1\" dst=\"n2\"><link_ctn id=\"l1\"/><link_ctn id=\"l2\"/></route>\n"
        "</zone></platform>\n",
        out);
  fclose(out);
  const struct tp_platform star = read_back();
  ck_assert_str_eq(star.name, "star");
  ck_assert_ptr_null(star.device_name);
  ck_assert_int_eq(star.n_gpus, 3);
  ck_assert_uint_eq(star.n_vertices, 3); /* what only links meet at is no vertex */
  const struct tp_route route = tp_platform_route(&star, 1, 2);
  ck_assert_int_eq(route.n_hops, 2);
  ck_assert_rel(route.latency_s, 1.5e-6, 1e-12);
  ck_assert_rel(route.bytes_per_s, 1e9, 1e-15);
  ck_assert_rel(tp_platform_route(&star, 0, 1).bytes_per_s, 25e9, 1e-15);
  ck_assert_rel(star.links[0].bytes_per_s, 50e9, 1e-15);
  ck_assert(!star.links[0].full_duplex);
}
END_TEST

static void put_file(const char *text)
{
  FILE *out = fopen(path, "w");
  ck_assert_ptr_nonnull(out);
  fputs(text, out);
  fclose(out);
}

#define HEAD \
  "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"

/* What was read from somebody's XML is written so that it is read again. */
START_TEST(names_survive)
{
  put_file(HEAD "<platform version='4.1'><zone id='&amp;' routing='Full'>\n"
                "<prop id='device' value='&#x22;'/>"
                "<host id='&lt;&#9;' speed='1f'/><host id='&quot;&#10;\xC3\xA9' speed='1f'/>\n"
                "<link id=\"l&amp;'\" bandwidth='1GBps' latency='1us'/>\n"
                "<route src='&lt;&#9;' dst='&quot;&#10;\xC3\xA9'><link_ctn id=\"l&amp;'\"/></route>"
                "</zone></platform>");
  const struct tp_platform read = read_back();
  ck_assert_str_eq(read.name, "&");
  ck_assert_str_eq(read.vertices[1].name, "\"\n\xC3\xA9");
  write_to(&read, 1e12);
  const struct tp_platform again = read_back();
  compare(&read, &again);
}
END_TEST

/* A fat tree by hand: 4 hosts at two leaf switches of two, one root; 1 GBps and 1 us a cable.  Two
 * hosts of a leaf are two cables apart, others four. */
START_TEST(a_fat_tree)
{
  put_file(HEAD "<platform version='4.1'><cluster id='tree' prefix='n' radical='0-3' suffix=''"
                " speed='1Gf' bw='1GBps' lat='1us' topology='FAT_TREE'"
                " topo_parameters='2;2,2;1,1;1,1'/></platform>");
  const struct tp_platform tree = read_back();
  ck_assert_int_eq(tree.n_gpus, 4);
  ck_assert_str_eq(tree.vertices[2].name, "n2");
  ck_assert_int_eq(tp_platform_route(&tree, 0, 1).n_hops, 2);
  const struct tp_route far = tp_platform_route(&tree, 0, 3);
  ck_assert_int_eq(far.n_hops, 4);
  ck_assert_rel(far.latency_s, 4e-6, 1e-12);
  ck_assert(far.bytes_per_s == 1e9);
}
END_TEST

/* A ring of 4 and a dragonfly of 2 groups, 1 chassis each of 2 routers with 1 host: 4 hosts. */
START_TEST(tori_and_dragonflies)
{
  put_file(HEAD "<platform version='4.1'><cluster id='ring' prefix='n' radical='0-3' suffix=''"
                " speed='1Gf' bw='1GBps' lat='1us' topology='TORUS' topo_parameters='4'/>"
                "</platform>");
  const struct tp_platform ring = read_back();
  ck_assert_int_eq(tp_platform_route(&ring, 0, 1).n_hops, 1);
  ck_assert_int_eq(tp_platform_route(&ring, 3, 0).n_hops, 1);
  ck_assert_int_eq(tp_platform_route(&ring, 0, 2).n_hops, 2);
  put_file(HEAD "<platform version='4.1'><cluster id='fly' prefix='n' radical='0-3' suffix=''"
                " speed='1Gf' bw='1GBps' lat='1us' topology='DRAGONFLY'"
                " topo_parameters='2,1;1,1;2,1;1'/></platform>");
  const struct tp_platform fly = read_back();
  ck_assert_int_eq(fly.n_gpus, 4);
  ck_assert_int_eq(tp_platform_route(&fly, 0, 1).n_hops, 3); /* out, across, in */
}
END_TEST

/* Zones in zones; GiBps; no latency; hosts 2 and 10 by their numbers; a link that is two ways. */
START_TEST(nested_zones)
{
  put_file(HEAD "<platform version='4.1'><zone id='all' routing='Full'>"
                "<cluster id='c' prefix='c' radical='2,10' suffix='' speed='1Gf' bw='1GiBps'"
                " lat='0' sharing_policy='SPLITDUPLEX' router_id='r'/>"
                "<zone id='one' routing='Full'><host id='alone' speed='1Gf'/></zone>"
                "<link id='far' bandwidth='16Gbps'/>"
                "<zoneRoute src='c' dst='one' gw_src='r' gw_dst='alone'><link_ctn id='far'/>"
                "</zoneRoute></zone></platform>");
  const struct tp_platform read = read_back();
  ck_assert_int_eq(read.n_gpus, 3);
  ck_assert_str_eq(read.vertices[0].name, "alone");
  ck_assert_str_eq(read.vertices[1].name, "c2");
  ck_assert_str_eq(read.vertices[2].name, "c10");
  const struct tp_route out = tp_platform_route(&read, 1, 0), back = tp_platform_route(&read, 0, 1);
  ck_assert_int_eq(out.n_hops, 2);
  ck_assert_rel(out.bytes_per_s, 0x1p30, 1e-15);
  ck_assert(out.latency_s == 0);
  ck_assert(read.links[out.hops[0] / 2].full_duplex && out.hops[0] / 2 == back.hops[1] / 2);
  ck_assert_int_ne(out.hops[0], back.hops[1]);
  ck_assert_str_eq(read.links[out.hops[1] / 2].name, "far");
}
END_TEST

/* SimGrid would write the trace where the file says. */
START_TEST(nothing_is_written)
{
  put_file(HEAD "<platform version='4.1'><config>\n<prop id='tracing' value='yes'/>\n"
                "<prop id='tracing/filename' value='test_xml.trace'/></config>\n<config/>"
                "<zone id='z' routing='Full'><host id='a' speed='1f'/></zone></platform>");
  ck_assert_int_eq(read_back().n_gpus, 1);
  ck_assert_int_ne(access("test_xml.trace", F_OK), 0);
  put_file(HEAD "<platform version='4.1'><config>\n<prop id='tracing' value='yes'/>\n</config>\n"
                "<zone id='z' routing='Full'><host id='a'/></zone></platform>");
  struct tp_platform platform;
  struct tp_error error;
  ck_assert_int_eq(tp_platform_read_xml(path, arena, &platform, &error), TP_E_INPUT);
  ck_assert_msg(strstr(error.text, ".xml:6: ") != NULL, "%s", error.text);
}
END_TEST

static Suite *suite(void)
{
  Suite *suite = suite_create("xml");
  TCase *xml = tcase_create("xml");
  tcase_set_timeout(xml, 30);
  tcase_add_checked_fixture(xml, setup, teardown);
  tcase_add_test(xml, tiny_to_the_byte);
  tcase_add_test(xml, shipped_platforms_come_back);
  tcase_add_test(xml, foreign_star);
  tcase_add_test(xml, names_survive);
  tcase_add_test(xml, a_fat_tree);
  tcase_add_test(xml, tori_and_dragonflies);
  tcase_add_test(xml, nested_zones);
  tcase_add_test(xml, nothing_is_written);
  suite_add_tcase(suite, xml);
  return suite;
}
TP_SUITE_MAIN
