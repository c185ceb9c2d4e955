#include "ops/placement.h"

#include <ctype.h>
#include <string.h>

enum { MOST_WORD = 32, MOST_GPUS_A_HOST = 16 };

enum tp_status tp_op_row_placement(const struct tp_op_reader *reader, const struct tp_op_row *row,
                                   struct tp_op_placement *placement)
{
  double hosts, ranks_per_host;
  TP_TRY(tp_cell_limit(reader, row, "hosts", &hosts));
  TP_TRY(tp_cell_limit(reader, row, "ranks_per_host", &ranks_per_host));
  if (hosts > TP_MAX_GPUS || ranks_per_host > TP_MAX_GPUS)
    return tp_op_row_fail(reader, row,
                          tp_arena_printf(reader->arena,
                                          "columns 'hosts', 'ranks_per_host': give %d at most",
                                          TP_MAX_GPUS));
  *placement = (struct tp_op_placement){(int)hosts, (int)ranks_per_host};
  return TP_OK;
}

/* How the first n GPUs of a platform are spread. */
struct spread {
  int nodes, most; /* nodes that have one of them; how many the fullest has */
};

static struct spread spread_of(const struct tp_platform *platform, int n, struct tp_arena *arena)
{
  int *const here = TP_NEW(arena, int, (size_t)platform->n_nodes);
  struct spread spread = {0, 0};
  for (int i = 0; i < n; i++) {
    const int count = ++here[platform->vertices[platform->gpus[i]].node];
    spread.nodes += count == 1;
    spread.most = count > spread.most ? count : spread.most;
  }
  return spread;
}

const char *tp_op_placement_fault(const struct tp_op_placement *placement, int ranks,
                                  const struct tp_platform *platform, bool was_asked_for,
                                  struct tp_arena *arena)
{
  if (placement->hosts == 0 || ranks > platform->n_gpus)
    return NULL;
  const struct spread used = spread_of(platform, ranks, arena);
  const int node_gpus = spread_of(platform, platform->n_gpus, arena).most;
  const bool is_rack = node_gpus > MOST_GPUS_A_HOST; /* no server has so many */
  if (was_asked_for && is_rack)
    return NULL;
  if (used.nodes == placement->hosts && used.most >= placement->ranks_per_host)
    return NULL;
  return tp_arena_printf(arena,
                         "%d ranks sat on %d host%s, up to %d on one, and platform '%s' (nodes of "
                         "%d GPUs) has them on %d node%s; give --platform with %d nodes of %d%s",
                         ranks, placement->hosts, placement->hosts == 1 ? "" : "s",
                         placement->ranks_per_host, platform->name, node_gpus, used.nodes,
                         used.nodes == 1 ? "" : "s", placement->hosts, placement->ranks_per_host,
                         is_rack ? ", or this one where NVLink joins the hosts" : "");
}

static void tell(struct tp_notes *notes, const char *text, struct tp_arena *arena)
{
  for (size_t i = 0; i < notes->n; i++)
    if (strcmp(notes->texts[i], text) == 0)
      return;
  TP_APPEND(arena, notes->texts, notes->n, text);
}

void tp_op_platform_tell(struct tp_notes *notes, const char *platform, struct tp_arena *arena)
{
  if (notes != NULL)
    tell(notes,
         tp_arena_printf(arena,
                         "collectives are taken to run on platform '%s'; --platform says another",
                         platform),
         arena);
}

/* The next word of letters and digits at or behind *at, in lower case; false: there is none. */
static bool next_word(const char **at, char word[MOST_WORD])
{
  size_t n = 0;
  while (**at != '\0' && !isalnum((unsigned char)**at))
    ++*at;
  for (; isalnum((unsigned char)**at); ++*at)
    if (n + 1 < MOST_WORD)
      word[n++] = (char)tolower((unsigned char)**at);
  word[n] = '\0';
  return n > 0;
}

static bool has_digit(const char *word)
{
  return strpbrk(word, "0123456789") != NULL;
}

void tp_op_gpu_tell(struct tp_notes *notes, const char *file, const char *gpu, const char *device,
                    struct tp_arena *arena)
{
  char model[MOST_WORD], word[MOST_WORD];
  bool named = false, found = false, unlike = false;
  const char *at = device;
  while (next_word(&at, model) && !has_digit(model)) /* "rtx-4090": 4090 */
    continue;
  if (notes == NULL || !has_digit(model))
    return;
  at = gpu;
  for (bool more = true; more;) {
    more = next_word(&at, word);
    if (!more || strcmp(word, "and") == 0) { /* one of them ends */
      unlike = unlike || (named && !found);  /* not just "NVIDIA Graphics Device" */
      named = found = false;
      continue;
    }
    found = found || strcmp(word, model) == 0;
    named = named || has_digit(word);
  }
  if (unlike)
    tell(notes,
         tp_arena_printf(arena, "%s: ran on '%s', and the device is %s; --device says another",
                         file, gpu, device),
         arena);
}
