#ifndef TP_COST_KERNELS_LOAD_H
#define TP_COST_KERNELS_LOAD_H
/* How the tokens of a fused-experts op lie on the experts of its rank. */
#include "program/op.h"

/* Experts alike in classes: `share` of them with `rows` tokens each. */
enum { TP_LOAD_CLASSES = 32 };
struct tp_expert_load {
  int n_classes;
  double experts[TP_LOAD_CLASSES], each[TP_LOAD_CLASSES];
  double lone;    /* experts beside those, with one token each */
  double touched; /* experts that any token comes to, at least 1 */
  double rows;    /* of all experts, at least 1 */
};

/* Evenly: every expert gets as many as any other, to one token.  At random: a binomial distribution
 * of the tokens.  With a skew the tokens of the experts have the density x^-skew between 1 and 0.8
 * of the tokens (between 0.01 and 2 where there are fewer tokens than experts), scaled to their
 * sum.  But for the first the rank is the busiest of its group. */
struct tp_expert_load tp_expert_load(const struct tp_experts *experts);

/* Tiles of so many rows, at least 1; and those of them that are not full. */
double tp_expert_row_tiles(const struct tp_expert_load *load, double tile_rows);
double tp_expert_partial_tiles(const struct tp_expert_load *load, double tile_rows);
/* Tiles that the rows missing in those would fill. */
double tp_expert_empty_tiles(const struct tp_expert_load *load, double tile_rows);
#endif
