#ifndef TP_PROGRAM_ALIKE_H
#define TP_PROGRAM_ALIKE_H
/* Which ops of a program are one kernel in several layers.
 *
 *     segment "layers" x2                      segment "layer" x1
 *       qkv attn[window] ..  qkv attn[all] ..    qkv attn[window] ..
 *        1    2               1   0               1    2               op.alike
 *
 * What a fit says of a kernel's time is wrong by the same share wherever the kernel runs, so errors
 * of ops with one number add up, as those of an op's repetitions do.  Cutting the layers into
 * segments differently changes no error, and neither does writing a layer as two kinds that are
 * alike.
 *
 * Two ops are alike if one call of tp_pass_layers emitted them, in different layers (or groups of
 * them); if they have the same name and the same words of what a cost depends on (op_key.h); and if
 * as many such ops stand before each of them in its layer.  So two equal all-reduces of one layer
 * stay two ops, each of which is alike from layer to layer.
 */
#include "program/program.h"

/* Numbers the ops that are alike: to be called once the program's ops are there. */
void tp_program_find_alike(struct tp_program *program, struct tp_arena *arena);
#endif
