#ifndef TP_TESTS_RANDOM_WORLD_H
#define TP_TESTS_RANDOM_WORLD_H
/* A random model on a random machine with random software, from a seed: topologies of every shape
 * with random rates; devices and stacks are shipped ones whose values were moved about. */
#include "../random.h"
#include "../toy.h"
#include "platform/open.h"
#include "predict/predict.h"

#include <check.h>
#include <math.h>

struct random_world {
  struct tp_arena *arena;
  uint64_t state;
  struct tp_model model;
  struct tp_platform platform;
  struct tp_device device;
  struct tp_stack stack;
  struct tp_point point;      /* of these; variant not set */
  const char *text;           /* what it is, for messages */
  struct tp_machine *machine; /* of its passes (passes.h); NULL: none is made yet */
};

static inline int64_t random_int(struct random_world *world, int64_t least, int64_t most)
{
  return least + (int64_t)tp_random_below(&world->state, (size_t)(most - least + 1));
}

static inline bool random_coin(struct random_world *world)
{
  return random_int(world, 0, 1) == 1;
}

/* Evenly spread in the logarithm. */
static inline double random_real(struct random_world *world, double least, double most)
{
  const double part = (double)tp_random_below(&world->state, 1u << 30) * 0x1p-30;
  return least * pow(most / least, part);
}

static inline double random_near(struct random_world *world, double value, double least,
                                 double most)
{
  return fmin(fmax(value * random_real(world, 0.5, 2), least), most);
}

/* Runs with `tp` ranks, and with one. */
static inline struct tp_model random_model(struct random_world *world, int tp)
{
  const int64_t kv_heads = random_coin(world) ? tp * random_int(world, 1, 4) : 1;
  const int64_t heads = kv_heads * (kv_heads == 1 ? tp : 1) * random_int(world, 1, 8);
  const bool side_by_side = random_int(world, 0, 3) == 0;
  return (struct tp_model){
      .name = "random",
      .family = "llama",
      .layers = random_int(world, 1, 24),
      .hidden = 64 * random_int(world, 1, 160),
      .heads = heads,
      .kv_heads = kv_heads,
      .head_dim = 16 * random_int(world, 1, 16),
      .ffn = 16 * tp * random_int(world, 1, 200),
      .vocab = random_int(world, 100, 150000),
      .norm = random_coin(world) ? TP_NORM_RMS : TP_NORM_LAYER,
      .position = (enum tp_position)(random_coin(world) ? TP_POSITION_ROTARY : TP_POSITION_ALIBI),
      .gated_mlp = random_coin(world),
      .tied_head = random_coin(world),
      .qk_norm = random_coin(world),
      .embedding_norm = random_coin(world),
      .parallel_residual = side_by_side,
      .shared_norm = side_by_side && random_coin(world)};
}

/* "NAME", its ends, a kind, and a random rate and latency. */
static inline const char *random_link(struct random_world *world, const char *name,
                                      const char *ends, const char *kind)
{
  return tp_arena_printf(
      world->arena,
      "{\"name\": \"%s\", %s, \"kind\": \"%s\", \"bytes_per_s_per_direction\": %.17g, "
      "\"latency_s\": %.17g, \"full_duplex\": %s}",
      name, ends, kind, random_real(world, 5e9, 2e12), random_real(world, 1e-8, 1e-5),
      random_int(world, 0, 3) > 0 ? "true" : "false");
}

/* Eight GPUs around a switch (which may add), joined pair by pair, in a ring, behind two PCIe
 * switches and the sockets, or in two servers with an adapter a GPU. */
static inline struct tp_platform random_topology(struct random_world *world)
{
  static const char gpus[] = "{\"name\": \"gpu\", \"count\": 8, \"kind\": \"gpu\"}";
  const char *vertices = gpus, *links = "";
  switch (random_int(world, 0, 4)) {
  case 0:
    vertices = tp_arena_printf(world->arena,
                               "%s, {\"name\": \"sw\", \"kind\": \"switch\", \"reduces\": %s}",
                               gpus, random_coin(world) ? "true" : "false");
    links = random_link(world, "fabric", "\"between\": [\"gpu[0-7]\", \"sw\"]", "nvlink");
    break;
  case 1:
    links = random_link(world, "fabric", "\"between\": [\"gpu[0-7]\", \"gpu[0-7]\"]", "nvlink");
    break;
  case 2:
    links = random_link(world, "fabric", "\"ring\": \"gpu[0-7]\"", "nvlink");
    break;
  case 3:
    vertices = tp_arena_printf(world->arena,
                               "%s, {\"name\": \"sw\", \"count\": 2, \"kind\": \"switch\"}, "
                               "{\"name\": \"host\", \"count\": 2, \"kind\": \"bridge\"}",
                               gpus);
    links = tp_arena_printf(
        world->arena, "%s, %s, %s, %s",
        random_link(world, "left", "\"between\": [\"gpu[0-3]\", \"sw0\"]", "pcie"),
        random_link(world, "right", "\"between\": [\"gpu[4-7]\", \"sw1\"]", "pcie"),
        random_link(world, "up", "\"between\": [[\"sw0\", \"host0\"], [\"sw1\", \"host1\"]]",
                    "pcie"),
        random_link(world, "sockets", "\"between\": [\"host0\", \"host1\"]", "pcie"));
    break;
  case 4:
    vertices = "{\"name\": \"gpu\", \"count\": 4, \"kind\": \"gpu\", \"node\": 0}, "
               "{\"name\": \"gpu\", \"first\": 4, \"count\": 4, \"kind\": \"gpu\", \"node\": 1}, "
               "{\"name\": \"sw\", \"kind\": \"switch\", \"count\": 1, \"node\": 0}, "
               "{\"name\": \"sw\", \"kind\": \"switch\", \"first\": 1, \"count\": 1, \"node\": 1}, "
               "{\"name\": \"nic\", \"count\": 8, \"kind\": \"nic\"}, "
               "{\"name\": \"net\", \"kind\": \"switch\"}";
    links = tp_arena_printf(
        world->arena, "%s, %s, %s, %s",
        random_link(world, "left", "\"between\": [\"gpu[0-3]\", \"sw0\"]", "nvlink"),
        random_link(world, "right", "\"between\": [\"gpu[4-7]\", \"sw1\"]", "nvlink"),
        random_link(world, "bus", "\"between\": [\"gpu[0-7]\", \"nic[0-7]\"]", "pcie"),
        random_link(world, "wire", "\"between\": [\"nic[0-7]\", \"net\"]", "network"));
    break;
  }
  return toy_platform("random", vertices, links, world->arena);
}

static const char *const shipped_devices[] = {
    "a100-sxm-40gb", "a100-sxm-80gb", "h100-sxm", "h200-sxm", "b200-sxm",
    "l40",           "l40s",          "rtx-4090", "mi300x",   "t3-gpu"};
static const char *const shipped_stacks[] = {
    "ideal", "gpt-fast-compile", "tensorrt-llm-0.12", "vllm-graph", "eager", "sglang-graph"};
enum {
  N_SHIPPED_DEVICES = sizeof shipped_devices / sizeof shipped_devices[0],
  N_SHIPPED_STACKS = sizeof shipped_stacks / sizeof shipped_stacks[0]
};

/* Thousands of worlds begin with the same files: each is read once a process. */
struct shipped {
  struct tp_arena *arena;
  struct tp_device devices[N_SHIPPED_DEVICES];
  struct tp_stack stacks[N_SHIPPED_STACKS];
};

static inline void shipped_open(struct shipped *shipped, const char *folder, const char *name,
                                struct tp_doc *doc)
{
  const char *const srcdir = getenv("SRCDIR");
  struct tp_error error = {.text = ""};
  const char *file = tp_arena_printf(shipped->arena, "%s/platforms/%s/%s.json",
                                     srcdir != NULL ? srcdir : TP_SRCDIR, folder, name);
  ck_assert_msg(tp_doc_open(file, shipped->arena, doc, &error) == TP_OK, "%s", error.text);
}

static inline const struct shipped *shipped_read(void)
{
  static struct shipped shipped;
  struct tp_error error = {.text = ""};
  struct tp_doc doc;
  if (shipped.arena != NULL)
    return &shipped;
  shipped.arena = tp_arena_create();
  for (int i = 0; i < N_SHIPPED_DEVICES; i++) {
    shipped_open(&shipped, "devices", shipped_devices[i], &doc);
    ck_assert_msg(tp_device_read(&doc, shipped.arena, &shipped.devices[i], &error) == TP_OK, "%s",
                  error.text);
    tp_doc_close(&doc);
  }
  for (int i = 0; i < N_SHIPPED_STACKS; i++) {
    const char *const roots[] = {getenv("SRCDIR") != NULL ? getenv("SRCDIR") : TP_SRCDIR};
    const struct tp_datadir dirs = {roots, 1};
    struct tp_library_files files;
    shipped_open(&shipped, "stacks", shipped_stacks[i], &doc);
    ck_assert_msg(tp_libraries_apply(&dirs, &doc, NULL, shipped.arena, &files, &error) == TP_OK &&
                      tp_stack_read(&doc, shipped.arena, &shipped.stacks[i], &error) == TP_OK,
                  "%s", error.text);
    tp_doc_close(&doc);
  }
  return &shipped;
}

static inline void random_device(struct random_world *world)
{
  struct tp_device *device = &world->device;
  *device = shipped_read()->devices[random_int(world, 0, N_SHIPPED_DEVICES - 1)];
#define MOVE_VALUE(key, least, most, meaning) \
  group->key = random_near(world, group->key, (least), (most));
#define MOVE_GROUP(name, TABLE)                     \
  {                                                 \
    struct tp_device_##name *group = &device->name; \
    TABLE(MOVE_VALUE)                               \
  }
  MOVE_GROUP(datasheet, TP_DEVICE_DATASHEET)
  TP_DEVICE_FITTED_GROUPS(MOVE_GROUP)
#undef MOVE_GROUP
#undef MOVE_VALUE
  device->datasheet.sm_count = ceil(device->datasheet.sm_count);
}

static inline void random_stack(struct random_world *world)
{
  struct tp_stack *stack = &world->stack;
  *stack = shipped_read()->stacks[random_int(world, 0, N_SHIPPED_STACKS - 1)];
  stack->launch.kernel_gap_s *= random_real(world, 0.5, 2);
  stack->launch.host_launch_s *= random_real(world, 0.5, 2);
  stack->fusion.residual_norm = random_coin(world);
  stack->fusion.overlapped_residual = random_coin(world);
  stack->fusion.rope = random_coin(world);
  stack->fusion.activation = random_coin(world);
  stack->fusion.matrix_vector = random_coin(world);
  stack->fusion.quantise = (int)random_int(world, 0, 2);
  stack->fusion.scale = random_coin(world);
  stack->attention.kv_dtype = (int)random_int(world, 0, 4);
  stack->launch.host_step_s = random_real(world, 0, 1e-3);
  stack->head.sharded = random_coin(world);
  stack->head.embedding_sharded = random_coin(world);
  for (int many = 0; many < 2; many++) {
    stack->collectives.one_shot_max_bytes[many] *= random_real(world, 0.5, 2);
    stack->collectives.two_shot_max_bytes[many] *= random_real(world, 0.5, 2);
    stack->collectives.switch_max_bytes[many] *= random_real(world, 0.5, 2);
  }
  stack->collectives.in_place_ratio = random_near(world, stack->collectives.in_place_ratio, 1, 2);
  stack->collectives.in_place_s *= random_real(world, 0.5, 2);
}

/* Case `i` of the seed. */
static inline void random_world_open(struct random_world *world, int i)
{
  *world = (struct random_world){.arena = tp_arena_create(), .state = tp_random_seed(i)};
  const int tp = (int)random_int(world, 1, 8);
  world->model = random_model(world, tp);
  world->platform = random_topology(world);
  random_device(world);
  random_stack(world);
  world->point = (struct tp_point){.model = &world->model,
                                   .platform = &world->platform,
                                   .device = &world->device,
                                   .stack = &world->stack,
                                   .mesh = tp_mesh_of_tp(tp),
                                   .batch = (int64_t)random_real(world, 1, 64),
                                   .prompt = (int64_t)random_real(world, 1, 4096),
                                   .generate = random_int(world, 1, 64),
                                   .dtype = (enum tp_dtype)random_int(world, 0, 3),
                                   .engine = &tp_engine_analytic};
  world->text = tp_arena_printf(world->arena, "TP_SEED=%llu case %d (stack %s, tp %d, batch %lld)",
                                (unsigned long long)tp_random_base(), i, world->stack.name, tp,
                                (long long)world->point.batch);
}

static inline void random_world_close(struct random_world *world)
{
  tp_arena_free(world->arena);
}
#endif
