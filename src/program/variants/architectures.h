#ifndef TP_PROGRAM_VARIANTS_ARCHITECTURES_H
#define TP_PROGRAM_VARIANTS_ARCHITECTURES_H
/* The builders, one file each; architectures.c lists them. */
#include "program/pass.h"

extern const struct tp_architecture tp_architecture_standard, tp_architecture_parallel,
    tp_architecture_ladder, tp_architecture_desync_2x, tp_architecture_desync_4x,
    tp_architecture_kraken, tp_architecture_no_comm;

/* Wires of wire_flash.c: X(symbol, name, reduce-side bits, gather-side bits, spikes, summary). */
#define TP_FLASH_WIRES(X)                                                                 \
  X(flash_int8, "flash-int8", 8, 8, false, "all-reduces travel at 8 bits an element")     \
  X(flash_int6, "flash-int6", 6, 6, false, "all-reduces travel at 6 bits an element")     \
  X(flash_int5, "flash-int5", 5, 5, false, "all-reduces travel at 5 bits an element")     \
  X(flash_int4, "flash-int4", 4, 4, false, "all-reduces travel at 4 bits an element")     \
  X(flash_int3, "flash-int3", 3, 3, false, "all-reduces travel at 3 bits an element")     \
  X(flash_int2, "flash-int2", 2, 2, false, "all-reduces travel at 2 bits an element")     \
  X(flash_int4_int8, "flash-int4-int8", 4, 8, false, "at 4 bits to the sum, 8 bits back") \
  X(flash_int4_sr, "flash-int4-sr", 4, 4, true,                                           \
    "at 4 bits, a group's extremes in fp16 (spike reserving)")                            \
  X(flash_int3_sr, "flash-int3-sr", 3, 3, true,                                           \
    "at 3 bits, a group's extremes in fp16 (spike reserving)")                            \
  X(flash_int2_sr, "flash-int2-sr", 2, 2, true,                                           \
    "at 2 bits, a group's extremes in fp16 (spike reserving)")
#define X(symbol, name, reduce, gather, spikes, summary) \
  extern const struct tp_transform tp_wire_##symbol;
TP_FLASH_WIRES(X)
#undef X

/* The model as it was trained.  A model whose own block is parallel (gpt_neox, falcon) keeps it:
 * attention and MLP side by side on one residual, one all-reduce a layer. */
void tp_standard_emit(struct tp_pass *pass);

/* Of desync, in both phases: attention and its addition on the rank alone; and a layer that
 * exchanges nothing, to the norm of the next. */
void tp_desync_attention(struct tp_pass *pass);
void tp_desync_layer_apart(struct tp_pass *pass);

/* Attention and MLP on one norm, their first GEMMs one. */
void tp_parallel_modules(struct tp_pass *pass);

/* Opens a pass whose ranks have blocks of their own, `degree` a layer. */
void tp_kraken_begin(struct tp_pass *pass, const struct tp_request *request, int degree,
                     struct tp_arena *arena, struct tp_program *program);
/* y = W x, a rank's columns of W; and what they weigh, once the pass has ended. */
void tp_kraken_combine(struct tp_pass *pass, enum tp_value x, enum tp_value y);
void tp_kraken_add_combine_weights(const struct tp_pass *pass);

/* The model with layers of `degree` sub-layers: its own, or as wide as gives them the parameters of
 * one of its layers. */
struct tp_model tp_kraken_model(const struct tp_model *model, int degree);
#endif
