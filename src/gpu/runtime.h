#ifndef TP_GPU_RUNTIME_H
#define TP_GPU_RUNTIME_H
/* The calls of calls.h that a GPU answers by the CUDA runtime; open.c makes the table. */
#include "gpu/state.h"

/* TP_E_INPUT while a pass is captured, naming `what` then cannot be done. */
enum tp_status tp_gpu_not_captured(const struct tp_device_state *state, const char *what,
                                   struct tp_error *error);
enum tp_status tp_gpu_allocate(struct tp_device_state *state, size_t bytes, void **memory,
                               struct tp_error *error);
void tp_gpu_release(struct tp_device_state *state, void *memory);
enum tp_status tp_gpu_fill(struct tp_device_state *state, void *memory, const struct tp_fill *fill,
                           struct tp_error *error);
enum tp_status tp_gpu_write(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                            struct tp_error *error);
enum tp_status tp_gpu_read(struct tp_device_state *state, void *to, const void *from, size_t bytes,
                           struct tp_error *error);
enum tp_status tp_gpu_record(struct tp_device_state *state, int event, int stream,
                             struct tp_error *error);
enum tp_status tp_gpu_wait(struct tp_device_state *state, int event, int stream,
                           struct tp_error *error);
enum tp_status tp_gpu_capture(struct tp_device_state *state, struct tp_error *error);
enum tp_status tp_gpu_capture_end(struct tp_device_state *state, struct tp_graph **graph,
                                  struct tp_error *error);
/* Ends a capture that an error broke off, if there is one. */
void tp_gpu_capture_drop(struct tp_device_state *state);
enum tp_status tp_gpu_replay(struct tp_device_state *state, struct tp_graph *graph,
                             struct tp_error *error);
void tp_gpu_graph_free(struct tp_device_state *state, struct tp_graph *graph);
enum tp_status tp_gpu_join(struct tp_device_state *state, struct tp_error *error);
enum tp_status tp_gpu_mark(struct tp_device_state *state, int mark, struct tp_error *error);
enum tp_status tp_gpu_seconds(struct tp_device_state *state, int from, int to, double *seconds,
                              struct tp_error *error);
enum tp_status tp_gpu_finish(struct tp_device_state *state, struct tp_error *error);
#endif
