#ifndef TP_MODEL_MATRIX_NAMES_H
#define TP_MODEL_MATRIX_NAMES_H
/* Names of a layer's matrices as checkpoints spell them. */
#include "model/model.h"

/* One matrix in one layer, in every spelling that is known of it. */
enum { TP_MOST_SPELLINGS = 64 };
struct tp_matrix_names {
  int64_t layer;
  int n;
  const char *of[TP_MOST_SPELLINGS];
};

/* The matrices of a part: "q_proj", ... */
enum { TP_MOST_PART_MATRICES = 5 };
struct tp_part_matrices {
  int n;
  const char *names[TP_MOST_PART_MATRICES];
  double elements[TP_MOST_PART_MATRICES]; /* how they compare, in any unit */
};

struct tp_part_matrices tp_part_matrices(const struct tp_model *model, enum tp_model_part part);
/* `beside`: the experts stand beside an MLP, as gemma4's. */
void tp_matrix_spell(const char *family, enum tp_model_part part, const char *matrix, bool beside,
                     int64_t layer, struct tp_arena *arena, struct tp_matrix_names *names);
#endif
