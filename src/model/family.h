#ifndef TP_MODEL_FAMILY_H
#define TP_MODEL_FAMILY_H
/* How each Hugging Face model_type spells its shape.  Inside src/model only. */
#include "model/model.h"

/* A config.json as read: the model, and the keys from which more of it follows. */
struct tp_config {
  struct tp_model model;
  int64_t ffn_expansion;     /* MLP width over hidden, where no width is given */
  int64_t embedding_width;   /* opt: another width than hidden means a projection */
  int64_t norms_in_parallel; /* falcon: 0 where the key is absent */
  bool attention_bias;       /* of all four attention matrices */
  bool multi_query, grouped; /* falcon: one KV head; new_decoder_architecture */
  bool alibi, bias;
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
#endif
