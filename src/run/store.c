#include "run/store.h"

#include "run/weights.h"

#include <stdlib.h>
#include <string.h>

/* The memory of a name. */
struct slot {
  struct slot *next;
  const char *name;
  enum tp_tensor_kind kind;
  int64_t rows, columns; /* weights */
  size_t copy_bytes;
  int layers, copies;
  void **memory; /* a copy each; NULL: none yet */
};

struct tp_store {
  const struct tp_calls *calls;
  uint64_t seed;
  int most_layers;
  size_t bytes;
  struct tp_arena *arena;
  struct slot *slots;
};

struct tp_binding {
  const struct tp_program *program;
  const struct slot **slots; /* by tensor; NULL: a view */
};

struct tp_store *tp_store_create(const struct tp_calls *calls, uint64_t seed, int most_layers)
{
  struct tp_arena *arena = tp_arena_create();
  struct tp_store *store = TP_NEW(arena, struct tp_store, 1);
  *store =
      (struct tp_store){.calls = calls, .seed = seed, .most_layers = most_layers, .arena = arena};
  return store;
}

static void release(struct tp_store *store, struct slot *slot)
{
  for (int i = 0; i < slot->copies; i++)
    if (slot->memory[i] != NULL) {
      store->calls->release(store->calls->state, slot->memory[i]);
      store->bytes -= slot->copy_bytes;
      slot->memory[i] = NULL;
    }
}

void tp_store_free(struct tp_store *store)
{
  if (store == NULL)
    return;
  for (struct slot *slot = store->slots; slot != NULL; slot = slot->next)
    release(store, slot);
  tp_arena_free(store->arena);
}

size_t tp_store_bytes(const struct tp_store *store)
{
  return store->bytes;
}

static size_t row_bytes(const struct tp_tensor *tensor)
{
  return (size_t)tensor->columns * (size_t)tp_tensor_element_bytes(tensor);
}

static enum tp_status fill_copy(const struct tp_store *store, const struct tp_program *program,
                                const struct tp_tensor *tensor, int layer, void *memory,
                                struct tp_error *error)
{
  const int rank = store->calls->rank;
  unsigned char *to = memory;
  enum tp_status status = TP_OK;
  if (tensor->kind == TP_TENSOR_CACHE) {
    const struct tp_fill fill = tp_cache_fill(tensor, store->seed, layer, rank);
    return store->calls->fill(store->calls->state, memory, &fill, error);
  }
  for (int p = 0; p < tensor->n_pieces && status == TP_OK; p++) {
    const struct tp_piece *piece = &tensor->pieces[p];
    const struct tp_fill fill =
        tp_weight_fill(piece, store->seed, layer, rank, program->mesh.tp, tensor->dtype);
    status = store->calls->fill(store->calls->state, to, &fill, error);
    to += (size_t)piece->rows * row_bytes(tensor);
  }
  return status;
}

static struct slot *find_slot(const struct tp_store *store, const char *name)
{
  struct slot *slot = store->slots;
  while (slot != NULL && strcmp(slot->name, name) != 0)
    slot = slot->next;
  return slot;
}

static struct slot *add_slot(struct tp_store *store, const struct tp_tensor *tensor)
{
  const int most = store->most_layers > 0 ? store->most_layers : tensor->layers;
  struct slot *slot = TP_NEW(store->arena, struct slot, 1);
  *slot = (struct slot){
      .next = store->slots,
      .name = tp_arena_strdup(store->arena, tensor->name),
      .kind = tensor->kind,
      .rows = tensor->rows,
      .columns = tensor->columns,
      .copy_bytes = (size_t)tensor->rows * row_bytes(tensor),
      .layers = tensor->layers,
      .copies = tensor->layers < most ? tensor->layers : most,
  };
  slot->memory = TP_NEW(store->arena, void *, slot->copies);
  return store->slots = slot;
}

/* Weights must be those that are there; the rest may have to grow. */
static enum tp_status fit_slot(struct tp_store *store, struct slot *slot,
                               const struct tp_tensor *tensor, struct tp_error *error)
{
  const size_t bytes = (size_t)tensor->rows * row_bytes(tensor);
  const bool weight = tensor->kind == TP_TENSOR_WEIGHT;
  if (slot->kind != tensor->kind || slot->layers != tensor->layers ||
      (weight && (slot->rows != tensor->rows || slot->columns != tensor->columns ||
                  slot->copy_bytes != bytes)))
    return tp_fail(
        error, TP_E_INPUT,
        "tensor '%s' is %lld x %lld in %d layers here and %lld x %lld in %d in a program "
        "bound before: give each model, degree and type a store of its own",
        tensor->name, (long long)tensor->rows, (long long)tensor->columns, tensor->layers,
        (long long)slot->rows, (long long)slot->columns, slot->layers);
  if (bytes > slot->copy_bytes) {
    release(store, slot);
    slot->copy_bytes = bytes;
  }
  return TP_OK;
}

static enum tp_status ensure_memory(struct tp_store *store, const struct tp_program *program,
                                    const struct tp_tensor *tensor, struct slot *slot,
                                    struct tp_error *error)
{
  const struct tp_calls *calls = store->calls;
  for (int i = 0; i < slot->copies; i++) {
    if (slot->memory[i] != NULL)
      continue;
    void *memory;
    enum tp_status status = calls->allocate(calls->state, slot->copy_bytes, &memory, error);
    if (status != TP_OK)
      return status;
    slot->memory[i] = memory;
    store->bytes += slot->copy_bytes;
    if (tensor->kind == TP_TENSOR_WEIGHT || tensor->kind == TP_TENSOR_CACHE)
      status = fill_copy(store, program, tensor, i, memory, error);
    if (status != TP_OK)
      return status;
  }
  return TP_OK;
}

static enum tp_status bind_tensor(struct tp_store *store, const struct tp_program *program,
                                  const struct tp_tensor *tensor, const struct slot **found,
                                  struct tp_error *error)
{
  if (tensor->view_of != TP_NO_TENSOR)
    return TP_OK;
  struct slot *slot = find_slot(store, tensor->name);
  if (slot == NULL)
    slot = add_slot(store, tensor);
  const enum tp_status status = fit_slot(store, slot, tensor, error);
  if (status != TP_OK)
    return status;
  *found = slot;
  return ensure_memory(store, program, tensor, slot, error);
}

enum tp_status tp_store_bind(struct tp_store *store, const struct tp_program *program,
                             struct tp_arena *arena, struct tp_binding **binding,
                             struct tp_error *error)
{
  if (program->n_tensors == 0)
    return tp_fail(error, TP_E_INPUT, "%s cannot be run on a device: %s",
                   program->title != NULL ? program->title : "the program",
                   program->unsaid != NULL ? program->unsaid : "its ops do not say their operands");
  struct tp_binding *made = TP_NEW(arena, struct tp_binding, 1);
  made->program = program;
  made->slots = TP_NEW(arena, const struct slot *, program->n_tensors);
  for (int i = 0; i < program->n_tensors; i++) {
    const enum tp_status status =
        bind_tensor(store, program, &program->tensors[i], &made->slots[i], error);
    if (status != TP_OK)
      return status;
  }
  *binding = made;
  return TP_OK;
}

const struct tp_program *tp_binding_program(const struct tp_binding *binding)
{
  return binding->program;
}

struct tp_operand tp_binding_operand(const struct tp_binding *binding, int tensor, int layer)
{
  const struct tp_tensor *described = &binding->program->tensors[tensor];
  struct tp_operand operand = {
      .tensor = described, .rows = described->rows, .columns = described->columns};
  if (described->view_of == TP_NO_TENSOR) {
    const struct slot *slot = binding->slots[tensor];
    operand.data = slot->memory[slot->layers > 1 ? layer % slot->copies : 0];
    operand.row_elements = described->columns;
    return operand;
  }
  const struct tp_operand base = tp_binding_operand(binding, described->view_of, layer);
  const int64_t first = described->first_row * base.row_elements + described->first_column;
  operand.data = (unsigned char *)base.data + first * (int64_t)tp_tensor_element_bytes(described);
  operand.row_elements = base.row_elements * described->row_step;
  return operand;
}
