#include "host_cuda.h"

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <sched.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
enum { STACK_BYTES = 256 << 10 };
#else
enum { STACK_BYTES = 64 << 10 };
#endif
/* So many turns without a thread that ends or passes a barrier are a wait without end. */
enum { PATIENCE = 1000000, IMPATIENCE = 1000 };

namespace
{

struct block_state;

/* A stack that runs one thread after another: making one costs more than most threads. */
struct worker {
  ucontext_t context;
  jmp_buf resumed;
  char *stack;
  bool started;
};

struct fiber {
  worker *on;
  host_cuda_thread place;
  block_state *block;
  int warp, lane;
  bool waits, done;
};

struct warp_state {
  unsigned arrived, mask;
  host_cuda_slot slots[32];
};

struct block_state {
  std::vector<fiber> fibers;
  std::vector<warp_state> warps;
  std::map<const void *, std::unique_ptr<char[]>> shared;
  std::unique_ptr<char[]> dynamic_shared;
  size_t at_barrier, done;
  const std::function<void()> *thread;
};

struct launch {
  host_cuda_work work;
  unsigned long long number; /* of all launches */
  size_t started, rest;
  bool begun, done;
  std::vector<std::unique_ptr<block_state>> blocks;
};

std::map<cudaStream_t, std::deque<launch>> streams;
bool deferred;
uint64_t order_state;
int resident_blocks = 8;
unsigned long long now_ns, launches, turns_without_progress;
std::vector<worker *> &idle = *new std::vector<worker *>; /* leak checkers come after destructors */
fiber *running;

[[noreturn]] void stop(const char *what)
{
  if (running != nullptr)
    fprintf(stderr, "host_cuda: block %u thread %u: %s\n", running->place.block.x,
            running->place.thread.x, what);
  else
    fprintf(stderr, "host_cuda: %s\n", what);
  abort();
}

#if defined(__SANITIZE_ADDRESS__)

ucontext_t scheduler;
const void *scheduler_stack;
size_t scheduler_stack_bytes;

void to_scheduler()
{
  fiber *const self = running;
  self->place = host_cuda_now;
  void *fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, scheduler_stack, scheduler_stack_bytes);
  swapcontext(&self->on->context, &scheduler);
  __sanitizer_finish_switch_fiber(fake, &scheduler_stack, &scheduler_stack_bytes);
}

void resume(fiber *f)
{
  running = f;
  host_cuda_now = f->place;
  void *fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, f->on->stack, STACK_BYTES);
  swapcontext(&scheduler, &f->on->context);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
  running = nullptr;
}

void arrived()
{
  __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_stack_bytes);
}

#else

/* Jumps, since swapcontext asks the kernel for the signal mask at every switch. */
jmp_buf scheduler;

void to_scheduler()
{
  running->place = host_cuda_now;
  if (_setjmp(running->on->resumed) == 0)
    _longjmp(scheduler, 1);
}

void resume(fiber *f)
{
  running = f;
  host_cuda_now = f->place;
  if (_setjmp(scheduler) == 0) {
    if (f->on->started)
      _longjmp(f->on->resumed, 1);
    f->on->started = true;
    setcontext(&f->on->context);
  }
  running = nullptr;
}

void arrived()
{
}

#endif

void worker_main()
{
  arrived();
  for (;;) {
    (*running->block->thread)();
    running->done = true;
    running->block->done++;
    turns_without_progress = 0;
    if (running->block->at_barrier > 0)
      stop("ends while others of its block wait at a barrier");
    to_scheduler();
  }
}

void make_workers(size_t n)
{
  void *const stacks = mmap(nullptr, n * STACK_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stacks == MAP_FAILED)
    stop("no memory for stacks");
  for (size_t i = n; i-- > 0;) {
    worker *const made = new worker();
    made->stack = static_cast<char *>(stacks) + i * STACK_BYTES;
    getcontext(&made->context);
    made->context.uc_stack.ss_sp = made->stack;
    made->context.uc_stack.ss_size = STACK_BYTES;
    made->context.uc_link = nullptr;
    makecontext(&made->context, worker_main, 0);
    idle.push_back(made);
  }
}

worker *take_worker()
{
  if (idle.empty())
    make_workers(64);
  worker *const taken = idle.back();
  idle.pop_back();
  return taken;
}

uint3 place_in(dim3 dims, size_t index)
{
  return make_uint3(static_cast<unsigned>(index % dims.x),
                    static_cast<unsigned>(index / dims.x % dims.y),
                    static_cast<unsigned>(index / dims.x / dims.y));
}

size_t count(dim3 dims)
{
  return static_cast<size_t>(dims.x) * dims.y * dims.z;
}

std::unique_ptr<char[]> poisoned(size_t bytes)
{
  std::unique_ptr<char[]> memory(new char[bytes + 1]);
  memset(memory.get(), 0xff, bytes);
  return memory;
}

std::unique_ptr<block_state> start_block(launch &l, size_t index)
{
  std::unique_ptr<block_state> block(new block_state());
  const dim3 grid = l.work.grid, shape = l.work.block;
  const size_t threads = count(shape);
  block->thread = &l.work.thread;
  block->dynamic_shared = poisoned(l.work.shared_bytes);
  block->warps.resize((threads + 31) / 32);
  block->fibers.resize(threads);
  for (size_t i = 0; i < threads; i++) {
    fiber &f = block->fibers[i];
    f.on = take_worker();
    f.place = {place_in(shape, i), place_in(grid, index), shape, grid};
    f.block = block.get();
    f.warp = static_cast<int>(i / 32);
    f.lane = static_cast<int>(i % 32);
  }
  return block;
}

/* A number below n; 0 without a seed. */
size_t chance(size_t n)
{
  if (order_state == 0)
    return 0;
  order_state ^= order_state << 13;
  order_state ^= order_state >> 7;
  order_state ^= order_state << 17;
  return order_state % n;
}

/* Every thread of a block that does not wait, once; says whether there was any. */
bool turn(block_state &block)
{
  bool any = false;
  const size_t n = block.fibers.size();
  size_t at = chance(n);
  const bool backwards = chance(2) == 1;
  for (size_t i = 0; i < n; i++) {
    fiber &f = block.fibers[at];
    at = backwards ? (at == 0 ? n : at) - 1 : at + 1 == n ? 0 : at + 1; /* divisions are dear */
    if (f.waits || f.done)
      continue;
    resume(&f);
    any = true;
  }
  return any;
}

bool try_step(launch &l)
{
  const host_cuda_progress progress = l.work.step();
  l.done = progress == HOST_CUDA_DONE;
  if (l.done)
    turns_without_progress = 0;
  return progress != HOST_CUDA_WAITS;
}

bool turn(launch &l)
{
  bool any = false;
  if (chance(8) == 0)
    l.rest = chance(32);
  if (l.rest > 0) {
    l.rest--;
    return true;
  }
  if (!l.begun && l.work.begins)
    l.work.begins();
  l.begun = true;
  if (l.work.step)
    return try_step(l);
  while (l.started < count(l.work.grid) && l.blocks.size() < static_cast<size_t>(resident_blocks))
    l.blocks.push_back(start_block(l, l.started++));
  const size_t n = l.blocks.size(), first = chance(n);
  for (size_t i = 0; i < n; i++)
    any |= turn(*l.blocks[(first + i) % n]);
  for (size_t i = n; i-- > 0;) {
    if (l.blocks[i]->done < l.blocks[i]->fibers.size())
      continue;
    for (const fiber &f : l.blocks[i]->fibers)
      idle.push_back(f.on);
    l.blocks.erase(l.blocks.begin() + static_cast<std::ptrdiff_t>(i));
  }
  l.done = l.started == count(l.work.grid) && l.blocks.empty();
  return any;
}

/* What ends a launch may put another into any stream. */
bool turn_all()
{
  bool any = false;
  std::map<unsigned long long, cudaStream_t> now; /* not by addresses, which differ every time */
  for (const auto &stream : streams)
    now[stream.second.front().number] = stream.first;
  for (const auto &each : now) {
    const cudaStream_t stream = each.second;
    launch &l = streams[stream].front();
    any |= turn(l);
    if (!l.done)
      continue;
    const std::function<void()> ends = std::move(l.work.ends);
    streams[stream].pop_front();
    if (streams[stream].empty())
      streams.erase(stream);
    if (ends)
      ends();
  }
  return any;
}

} // namespace

host_cuda_thread host_cuda_now;

void host_cuda_defer(bool defer)
{
  deferred = defer;
}
void host_cuda_seed(uint64_t seed)
{
  order_state = seed * 0x9e3779b97f4a7c15u;
}
void host_cuda_resident_blocks(int blocks)
{
  resident_blocks = blocks;
}

std::function<void(cudaStream_t, host_cuda_work)> host_cuda_taker;

void host_cuda_enqueue(cudaStream_t stream, host_cuda_work work)
{
  streams[stream].push_back(launch{std::move(work), launches++, 0, 0, false, false, {}});
}

void host_cuda_launch(dim3 grid, dim3 block, size_t shared_bytes, cudaStream_t stream,
                      std::function<void()> thread)
{
  if (count(grid) == 0 || count(block) == 0 || count(block) > 1024 || shared_bytes > 227 << 10 ||
      grid.y > 65535 || grid.z > 65535)
    stop("no GPU takes this launch: grid, block or shared memory");
  host_cuda_work work = {};
  work.grid = grid;
  work.block = block;
  work.shared_bytes = shared_bytes;
  work.thread = std::move(thread);
  if (host_cuda_taker)
    return host_cuda_taker(stream, std::move(work));
  host_cuda_enqueue(stream, std::move(work));
  if (!deferred)
    host_cuda_run();
}

void host_cuda_run_until(const std::function<bool()> &done)
{
  while (!done()) {
    if (!turn_all())
      stop("all threads wait for each other");
    if (++turns_without_progress > PATIENCE)
      stop("a wait without end");
    if (turns_without_progress > IMPATIENCE)
      sched_yield(); /* another process may have to go first */
  }
}

void host_cuda_run(void)
{
  host_cuda_run_until([]() { return streams.empty(); });
}

bool host_cuda_idle(cudaStream_t stream)
{
  return streams.count(stream) == 0;
}

unsigned long long host_cuda_time(void)
{
  return now_ns;
}

void host_cuda_yield(void)
{
  to_scheduler();
}

unsigned long long host_cuda_clock(void)
{
  to_scheduler();
  return now_ns += 10;
}

int host_cuda_lane(void)
{
  return running->lane;
}

void *host_cuda_shared(const void *key, size_t bytes)
{
  auto &memory = running->block->shared[key];
  if (!memory)
    memory = poisoned(bytes);
  return memory.get();
}

void *host_cuda_dynamic_shared(void)
{
  return running->block->dynamic_shared.get();
}

void host_cuda_barrier(void)
{
  fiber *const self = running;
  block_state &block = *self->block;
  if (block.done > 0)
    stop("waits at a barrier that a thread of its block has left out");
  if (++block.at_barrier < block.fibers.size()) {
    self->waits = true;
    to_scheduler();
    return;
  }
  block.at_barrier = 0;
  turns_without_progress = 0;
  for (fiber &f : block.fibers)
    f.waits = false;
  to_scheduler();
}

/* Lanes of a warp meet: the last one wakes the others. */
static void meet(fiber *self, unsigned mask)
{
  warp_state &warp = self->block->warps[static_cast<size_t>(self->warp)];
  if (warp.arrived != 0 && warp.mask != mask)
    stop("lanes of a warp meet with different masks");
  warp.mask = mask;
  warp.arrived |= 1u << self->lane;
  if (warp.arrived != mask) {
    self->waits = true;
    to_scheduler();
    return;
  }
  warp.arrived = 0;
  turns_without_progress = 0;
  const size_t first = static_cast<size_t>(self->warp) * 32;
  for (size_t lane = 0; lane < 32; lane++)
    if ((mask >> lane & 1) != 0)
      self->block->fibers[first + lane].waits = false;
}

static void expect_lanes(const block_state &block, size_t first, unsigned mask)
{
  if (block.done == 0 && first + 32 <= block.fibers.size())
    return;
  for (size_t lane = 0; lane < 32; lane++)
    if ((mask >> lane & 1) != 0 &&
        (first + lane >= block.fibers.size() || block.fibers[first + lane].done))
      stop("a lane of its mask is not there");
}

host_cuda_slot *host_cuda_meet(unsigned mask)
{
  fiber *const self = running;
  block_state &block = *self->block;
  if ((mask >> self->lane & 1) == 0)
    stop("is not in its own mask");
  expect_lanes(block, static_cast<size_t>(self->warp) * 32, mask);
  meet(self, mask);
  return host_cuda_slots();
}

host_cuda_slot *host_cuda_slots(void)
{
  return running->block->warps[static_cast<size_t>(running->warp)].slots;
}

/* What launchers ask of the runtime. */
extern "C" cudaError_t cudaGetLastError(void)
{
  return cudaSuccess;
}
extern "C" const char *cudaGetErrorString(cudaError_t)
{
  return "host_cuda";
}
extern "C" const char *cudaGetErrorName(cudaError_t)
{
  return "host_cuda";
}
