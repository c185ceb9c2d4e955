#include "program/variants/architectures.h"
#include "program/transforms/overlap.h"

const struct tp_architecture *const tp_architectures[] = {
    &tp_architecture_standard,  &tp_architecture_parallel,
    &tp_architecture_ladder,    &tp_architecture_desync_2x,
    &tp_architecture_desync_4x, &tp_architecture_kraken,
    &tp_architecture_no_comm,   NULL,
};

const struct tp_transform *const tp_overlaps[] = {
    &tp_overlap_t3,
    &tp_overlap_t3_mca,
    &tp_overlap_chunked,
    &tp_overlap_ideal,
    &tp_overlap_ideal_nmc,
    &tp_overlap_cu_share,
    NULL,
};
const struct tp_transform *const tp_wires[] = {
#define X(symbol, name, reduce, gather, spikes, summary) &tp_wire_##symbol,
    TP_FLASH_WIRES(X)
#undef X
        NULL};
