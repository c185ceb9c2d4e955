#ifndef TP_ENGINE_DES_BLOCK_H
#define TP_ENGINE_DES_BLOCK_H
/* A plan and the record of its simulation as one block of memory that two processes share, each at
 * an address of its own.  Nothing in it points anywhere: whoever opens it finds the arrays by their
 * order and lengths. */
#include "engine/des/des.h"

size_t tp_des_block_bytes(const struct tp_des_plan *plan);

/* Copies the plan to `memory`, of so many bytes and aligned for any type, and sets the record to
 * its arrays there, zeroed. */
void tp_des_block_put(void *memory, const struct tp_des_plan *plan, struct tp_des_record *record);

/* The other side: plan and record with their arrays in `memory`.  False where the program that put
 * them is of another build. */
bool tp_des_block_open(void *memory, struct tp_des_plan *plan, struct tp_des_record *record);
#endif
