#include "model/matrix_names.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

static void add(struct tp_part_matrices *matrices, const char *name, int64_t elements)
{
  if (elements <= 0)
    return;
  matrices->names[matrices->n] = name;
  matrices->elements[matrices->n++] = (double)elements;
}

static struct tp_part_matrices attention(const struct tp_model *model)
{
  const struct tp_latent_shape *const latent = &model->latent;
  struct tp_part_matrices made = {.n = 0};
  if (latent->kv_rank == 0) {
    add(&made, "q_proj", model->heads);
    add(&made, "k_proj", model->kv_heads);
    add(&made, "v_proj", model->kv_heads);
    add(&made, "o_proj", model->heads);
    return made;
  }
  const int64_t query = model->heads * (latent->nope_dim + latent->rope_dim);
  add(&made, "q_a_proj", model->hidden * latent->q_rank);
  add(&made, latent->q_rank > 0 ? "q_b_proj" : "q_proj",
      (latent->q_rank > 0 ? latent->q_rank : model->hidden) * query);
  add(&made, "kv_a_proj_with_mqa", model->hidden * (latent->kv_rank + latent->rope_dim));
  add(&made, "kv_b_proj", latent->kv_rank * model->heads * (latent->nope_dim + latent->value_dim));
  add(&made, "o_proj", model->heads * latent->value_dim * model->hidden);
  return made;
}

struct tp_part_matrices tp_part_matrices(const struct tp_model *model, enum tp_model_part part)
{
  if (part == TP_PART_ATTENTION)
    return attention(model);
  struct tp_part_matrices made = {.n = 0};
  add(&made, "gate_proj", model->gated_mlp);
  add(&made, "up_proj", 1);
  add(&made, "down_proj", 1);
  return made;
}

/* A matrix, what it is called elsewhere, and which one holds it where several are one. */
static const struct spelling {
  const char *name, *others[2], *joined;
} spellings[] = {{"q_proj", {NULL}, "qkv_proj"},
                 {"k_proj", {NULL}, "qkv_proj"},
                 {"v_proj", {NULL}, "qkv_proj"},
                 {"o_proj", {"out_proj", "wo"}, NULL},
                 {"q_a_proj", {"wq_a", NULL}, NULL},
                 {"q_b_proj", {"wq_b", NULL}, NULL},
                 {"kv_a_proj_with_mqa", {"wkv_a", NULL}, NULL},
                 {"kv_b_proj", {"wkv_b", NULL}, NULL},
                 {"gate_proj", {"w1", NULL}, "gate_up_proj"},
                 {"up_proj", {"w3", NULL}, "gate_up_proj"},
                 {"down_proj", {"w2", NULL}, NULL}};

/* Families whose checkpoints have joined matrices, and what they call them.  Elsewhere an
 * expression for one matrix must not be taken to mean another: ".*v_proj" fits "qkv_proj". */
static const struct {
  const char *family, *of, *joined;
} joiners[] = {{"phi3", "qkv_proj", "qkv_proj"},
               {"phi3", "gate_up_proj", "gate_up_proj"},
               {"glm", "gate_up_proj", "gate_up_proj"},
               {"glm4", "gate_up_proj", "gate_up_proj"},
               {"internlm2", "qkv_proj", "wqkv"},
               {"falcon", "qkv_proj", "query_key_value"},
               {"gpt_neox", "qkv_proj", "query_key_value"},
               {"bloom", "qkv_proj", "query_key_value"}};

/* What the matrix is called in the family's checkpoints; ends with NULL. */
static void find_names(const char *family, const char *matrix, const char *names[])
{
  size_t s = 0;
  while (s < sizeof spellings / sizeof *spellings && strcmp(spellings[s].name, matrix) != 0)
    s++;
  *names++ = matrix;
  if (s < sizeof spellings / sizeof *spellings) {
    for (int i = 0; i < 2 && spellings[s].others[i] != NULL; i++)
      *names++ = spellings[s].others[i];
    for (size_t j = 0; j < sizeof joiners / sizeof *joiners && spellings[s].joined != NULL; j++)
      if (strcmp(joiners[j].family, family) == 0 && strcmp(joiners[j].of, spellings[s].joined) == 0)
        *names++ = joiners[j].joined;
  }
  *names = NULL;
}

enum { MOST_FOLDERS = 4, MOST_NAMES = 4 };

/* Where the matrices of a part stand; of experts, the first one's. */
static const char *const folders[TP_N_PARTS][MOST_FOLDERS] = {
    [TP_PART_ATTENTION] = {"self_attn", "attn", "attention"},
    [TP_PART_MLP] = {"mlp", "ffn", "feed_forward"},
    [TP_PART_EXPERTS] = {"mlp.experts.0", "ffn.experts.0", "feed_forward.experts.0",
                         "block_sparse_moe.experts.0"},
    [TP_PART_SHARED] = {"mlp.shared_experts", "mlp.shared_expert", "ffn.shared_experts",
                        "feed_forward.shared_expert"}};
static const char *const expert_beside[MOST_FOLDERS] = {"experts.0"};

void tp_matrix_spell(const char *family, enum tp_model_part part, const char *matrix, bool beside,
                     int64_t layer, struct tp_arena *arena, struct tp_matrix_names *names)
{
  static const char *const prefixes[] = {"model.layers", "language_model.model.layers",
                                         "model.language_model.layers", "layers"};
  enum { N_PREFIXES = sizeof prefixes / sizeof *prefixes };
  static_assert(N_PREFIXES * MOST_FOLDERS * MOST_NAMES <= TP_MOST_SPELLINGS, "all of them");
  const bool shares = beside && part == TP_PART_SHARED;
  const char *const *const in = beside && part == TP_PART_EXPERTS ? expert_beside
                                : shares                          ? folders[TP_PART_MLP]
                                                                  : folders[part];
  const char *called[MOST_NAMES + 1];
  find_names(family, matrix, called);
  *names = (struct tp_matrix_names){.layer = layer};
  for (int p = 0; p < N_PREFIXES; p++)
    for (int f = 0; f < MOST_FOLDERS && in[f] != NULL; f++)
      for (int c = 0; called[c] != NULL; c++)
        names->of[names->n++] =
            tp_arena_printf(arena, "%s.%" PRId64 ".%s.%s", prefixes[p], layer, in[f], called[c]);
}
