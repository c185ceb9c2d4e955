#ifndef TP_NUMERIC_PACKED_H
#define TP_NUMERIC_PACKED_H
/* Quantised values as the bytes that travel.
 *
 *     | plane of 4 bits a value | of 2 | of 1 | group 0 | group 1 | ...     (bits = 7)
 *
 * Codes are split into units of 8, 4, 2 and 1 bits, the binary digits of their width (3 = 2 + 1,
 * 5 = 4 + 1, 6 = 4 + 2, 7 = 4 + 2 + 1: arXiv 2508.03760, bit splitting), so that no unit straddles
 * a byte.  A plane holds one unit of every value, high bits in the first plane, early values in a
 * byte's low bits, and fills whole bytes.  A group is scale and zero in fp16; with spike reserving
 * then both spikes in fp16 and their places, of one byte up to groups of 256, else of two.  All
 * little-endian.  For n values
 *
 *     bytes = sum over units u of ceil(n u / 8) + ceil(n / group) * (4 [+ 4 + 2 * place_bytes])
 *
 * which is bits + 32 / group bits a value where n is a multiple of 8 and of the group, and
 * 48 / group (64 / group above 256) more with spike reserving.
 */
#include "numeric/quantise.h"

size_t tp_packed_bytes(const struct tp_low_bit *format, size_t n);

/* `packed` holds tp_packed_bytes(). */
void tp_pack(const struct tp_low_bit *format, const struct tp_quantised *quantised, size_t n,
             uint8_t *packed);
void tp_unpack(const struct tp_low_bit *format, const uint8_t *packed, size_t n,
               struct tp_quantised *quantised);
#endif
