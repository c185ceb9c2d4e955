#include "program/architectures.h"

const struct tp_architecture *const tp_architectures[] = {
    &tp_architecture_standard,  &tp_architecture_parallel,
    &tp_architecture_ladder,    &tp_architecture_desync_2x,
    &tp_architecture_desync_4x, &tp_architecture_kraken,
    &tp_architecture_no_comm,   NULL,
};

const struct tp_transform *const tp_overlaps[] = {NULL};
const struct tp_transform *const tp_wires[] = {NULL};
