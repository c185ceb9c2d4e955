#ifndef TP_VERIFY_COMPUTED_H
#define TP_VERIFY_COMPUTED_H
/* Which variants devices compute, as the registries have them (variant.h): one that is added there
 * is checked without being named anywhere else. */
#include "program/variant.h"

/* In `arena`: every architecture alone; the first architecture with every overlap and with every
 * wire; every other architecture with one of these in turn, and the last overlap with the first
 * wire.  Left out is what is refused as having no meaning or as asking for hardware that is not
 * there; without a wire come first. */
size_t tp_computed_variants(struct tp_arena *arena, const struct tp_variant **variants);

/* Whether devices compute its programs; else they refuse them by name. */
bool tp_variant_is_computed(const struct tp_variant *variant, struct tp_arena *arena);
#endif
