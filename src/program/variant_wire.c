#include "program/variant.h"

struct tp_wire tp_variant_wire(const struct tp_variant *variant)
{
  struct tp_wire wire = {0};
  if (variant->wire != NULL)
    wire = variant->wire->wire;
  if (variant->wire_argument > 0)
    wire.group = variant->wire_argument;
  return wire;
}
