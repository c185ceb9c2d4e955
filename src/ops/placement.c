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

static int node_of(const struct tp_platform *platform, int gpu)
{
  return platform->vertices[platform->gpus[gpu]].node;
}

/* GPUs of the node that has most of the first n. */
static int most_in_node(const struct tp_platform *platform, int n)
{
  int most = 0;
  for (int node = 0; node < platform->n_nodes; node++) {
    int here = 0;
    for (int i = 0; i < n; i++)
      here += node_of(platform, i) == node;
    most = here > most ? here : most;
  }
  return most;
}

/* Nodes that have one of the first n GPUs. */
static int count_nodes(const struct tp_platform *platform, int n)
{
  int n_nodes = 0;
  for (int i = 0; i < n; i++) {
    bool seen = false;
    for (int k = 0; k < i && !seen; k++)
      seen = node_of(platform, k) == node_of(platform, i);
    n_nodes += !seen;
  }
  return n_nodes;
}

const char *tp_op_placement_fault(const struct tp_op_placement *placement, int ranks,
                                  const struct tp_platform *platform, bool was_asked_for,
                                  struct tp_arena *arena)
{
  if (placement->hosts == 0 || ranks > platform->n_gpus)
    return NULL;
  const int nodes = count_nodes(platform, ranks);
  const int node_gpus = most_in_node(platform, platform->n_gpus);
  if (was_asked_for && node_gpus > MOST_GPUS_A_HOST) /* no server has so many: a rack */
    return NULL;
  if (nodes == placement->hosts && most_in_node(platform, ranks) >= placement->ranks_per_host)
    return NULL;
  return tp_arena_printf(arena,
                         "%d ranks sat on %d host%s, up to %d on one, and platform '%s' (nodes of "
                         "%d GPUs) has them on %d node%s; give --platform with %d nodes of %d",
                         ranks, placement->hosts, placement->hosts == 1 ? "" : "s",
                         placement->ranks_per_host, platform->name, node_gpus, nodes,
                         nodes == 1 ? "" : "s", placement->hosts, placement->ranks_per_host);
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
  bool named = false;
  const char *at = device;
  while (next_word(&at, model) && !has_digit(model)) /* "rtx-4090": 4090 */
    continue;
  if (notes == NULL || !has_digit(model))
    return;
  for (at = gpu; next_word(&at, word);) {
    if (strcmp(word, model) == 0)
      return;
    named = named || has_digit(word);
  }
  if (named) /* and not just "NVIDIA Graphics Device" */
    tell(notes,
         tp_arena_printf(arena, "%s: ran on '%s', and the device is %s; --device says another",
                         file, gpu, device),
         arena);
}
