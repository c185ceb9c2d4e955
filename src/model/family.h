#ifndef TP_MODEL_FAMILY_H
#define TP_MODEL_FAMILY_H
/* How each Hugging Face model_type spells its shape.  Inside src/model only. */
#include "model/model.h"

/* Which layers of a family have a window where the file lists none. */
enum tp_sliding {
  TP_SLIDING_NEVER,  /* its attention knows none */
  TP_SLIDING_LISTED, /* none; but those that a file lists */
  TP_SLIDING_ALL,
  TP_SLIDING_FROM /* from `max_window_layers` on, if it uses windows */
};

/* A config.json as read: the model, and the keys from which more of it follows. */
struct tp_config {
  struct tp_model model;
  int64_t ffn_expansion;     /* MLP width over hidden, where no width is given */
  int64_t embedding_width;   /* opt: another width than hidden means a projection */
  int64_t norms_in_parallel; /* falcon: 0 where the key is absent */
  bool attention_bias;       /* of all four attention matrices */
  bool multi_query, grouped; /* falcon: one KV head; new_decoder_architecture */
  bool alibi, bias;
  enum tp_sliding sliding;
  int64_t window, max_window_layers;
  int64_t window_pattern; /* of so many layers the last one is full, the others slide */
  bool use_window;
};

struct tp_family {
  const char *name;
  const struct tp_config *defaults; /* Hugging Face's own for keys a file may leave out */
  const struct tp_field *fields;    /* all optional here: two rows may spell one field */
  size_t n_fields;
  void (*settle)(struct tp_config *config); /* what follows from the keys; NULL: nothing */
};

extern const struct tp_family tp_families[];
extern const size_t tp_n_families;

/* Whether the file has the key, and not null. */
static inline bool tp_key_is_given(const struct tp_doc *doc, const char *key)
{
  const json_t *const value = json_object_get(doc->root, key);
  return value != NULL && !json_is_null(value);
}

/* windows.c: fills in the model's kinds of layers.  Fails where keys are mistyped or contradict one
 * another. */
enum tp_status tp_windows_read(const struct tp_doc *doc, struct tp_config *config,
                               struct tp_arena *arena, struct tp_error *error);
#endif
