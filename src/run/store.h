#ifndef TP_RUN_STORE_H
#define TP_RUN_STORE_H
/* A rank's tensors in device memory, shared by the programs it runs.
 *
 * Weights and caches are shared by name (prefill and decode read the same); activations, too, as
 * large as the largest program needs them.  Weights and caches are filled when first bound
 * (run/weights.h).
 *
 *     bind prefill, bind decode, then capture, write tokens, run ...
 *
 * Binding a program that needs more of an activation or a cache than any before moves it: what was
 * in it is gone, and graphs captured before must not be replayed.
 */
#include "run/calls.h"

struct tp_store;

/* Of a tensor that every layer has, at most `most_layers` copies are held and used in turn (layer l
 * uses copy l mod most_layers); 0: one a layer.  With fewer, numbers are no longer the model's, but
 * times are. */
struct tp_store *tp_store_create(const struct tp_calls *calls, uint64_t seed, int most_layers);
void tp_store_free(struct tp_store *store); /* memory, too; NULL is fine */

struct tp_binding;

/* Finds memory for every tensor of the program.  The binding lives in `arena`, borrows program and
 * store, and fails with TP_E_INPUT where the program does not say its operands or has a weight of
 * another shape than the store's, TP_E_ENVIRONMENT where memory ends. */
enum tp_status tp_store_bind(struct tp_store *store, const struct tp_program *program,
                             struct tp_arena *arena, struct tp_binding **binding,
                             struct tp_error *error);

const struct tp_program *tp_binding_program(const struct tp_binding *binding);

/* Tensor `tensor` of the program for layer `layer`, views resolved. */
struct tp_operand tp_binding_operand(const struct tp_binding *binding, int tensor, int layer);

/* Bytes allocated so far. */
size_t tp_store_bytes(const struct tp_store *store);
#endif
