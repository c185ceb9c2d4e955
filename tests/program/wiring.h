#ifndef TP_TESTS_PROGRAM_WIRING_H
#define TP_TESTS_PROGRAM_WIRING_H
/* Wirings built by tests, and programs compared but for names. */
#include "builds.h"
#include "program/operands.h"
#include "program/wiring/build.h"

static const char *const source_roots[] = {TP_SRCDIR};
static const struct tp_datadir source_dirs = {source_roots, 1};

/* Names of tensors and events by the order in which ops name them first. */
struct renamed {
  int n_tensors, n_events;
  const char *tensors[TP_MAX_TENSORS], *events[TP_MAX_EVENTS];
};

static inline void rename_of_op(const struct tp_op *op, struct renamed *names,
                                struct tp_arena *arena)
{
  for (int i = 0; i < op->n_in + op->n_out; i++) {
    const int tensor = i < op->n_in ? op->in[i] : op->out[i - op->n_in];
    if (names->tensors[tensor] == NULL)
      names->tensors[tensor] = tp_arena_printf(arena, "t%d", names->n_tensors++);
  }
  for (int i = 0; i <= op->n_waits; i++) {
    const int event = i < op->n_waits ? op->waits[i] : op->records;
    if (event != TP_NO_EVENT && names->events[event] == NULL)
      names->events[event] = tp_arena_printf(arena, "e%d", names->n_events++);
  }
}

/* The text of the program without names, but with the layers that ops and segments are of. */
static inline const char *text_but_for_names(struct tp_program program, struct tp_arena *arena)
{
  struct renamed names = {.n_tensors = 0};
  for (size_t s = 0; s < program.n_segments; s++) {
    struct tp_segment *segment = &program.segments[s];
    segment->name = tp_arena_printf(arena, "of %d, call %d", segment->layers, segment->layers_call);
    for (size_t i = 0; i < segment->n_ops; i++) {
      rename_of_op(&segment->ops[i], &names, arena);
      segment->ops[i].name =
          tp_arena_printf(arena, "layer %d turn %d chunk %d", segment->ops[i].layer,
                          segment->ops[i].turn, segment->ops[i].chunk);
    }
  }
  struct tp_tensor *tensors = TP_NEW(arena, struct tp_tensor, program.n_tensors + 1);
  for (int i = 0; i < program.n_tensors; i++) {
    tensors[i] = program.tensors[i];
    tensors[i].name = names.tensors[i];
  }
  for (int i = 0; i < program.n_events; i++)
    program.event_names[i] = names.events[i];
  program.tensors = tensors;
  program.title = program.equation = "";
  return tp_program_text(&program, arena);
}

/* Builds a variant of the project's wirings, or of a file. */
static inline enum tp_status build_wired(const char *name, const struct tp_request *request,
                                         struct tp_arena *arena, struct tp_program *program,
                                         struct tp_error *error)
{
  struct tp_variant variant = {0};
  TP_TRY(tp_variant_open(&source_dirs, name, arena, &variant, error));
  return tp_variant_build(&variant, request, arena, program, error);
}
#endif
