#ifndef TP_PROGRAM_ARCHITECTURES_H
#define TP_PROGRAM_ARCHITECTURES_H
/* The builders, one file each; architectures.c lists them. */
#include "program/pass.h"

extern const struct tp_architecture tp_architecture_standard, tp_architecture_parallel,
    tp_architecture_ladder, tp_architecture_desync_2x, tp_architecture_desync_4x,
    tp_architecture_kraken, tp_architecture_no_comm;

/* The model as it was trained.  A model whose own block is parallel (gpt_neox, falcon) keeps it:
 * attention and MLP side by side on one residual, one all-reduce a layer. */
void tp_standard_emit(struct tp_pass *pass);
#endif
