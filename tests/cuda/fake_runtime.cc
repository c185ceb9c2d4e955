#include "fake_runtime.h"
#include "fake_runtime_state.h"

#include <set>

/* A record of an event: done when its turn has come, or the place in a capture it stands for. */
struct mark {
  bool done;
  unsigned long long ns;
  int capture; /* its number; 0: none */
  std::set<int> after;
};

struct CUevent_st {
  std::shared_ptr<mark> last;
};

/* What launches do, and which of them come first. */
struct node {
  host_cuda_work work;
  cudaStream_t stream;
  std::set<int> after;
};

struct fake_capture {
  int number;
  cudaStream_t origin;
  std::vector<node> nodes;
  std::set<cudaStream_t> members;
  bool broken;
};

struct CUstream_st {
  fake_capture *capture;
  std::set<int> tail; /* its last nodes */
};

struct CUgraph_st {
  std::vector<node> nodes;
};

struct CUgraphExec_st {
  std::shared_ptr<const std::vector<node>> nodes;
};

namespace
{

int objects, captures, happened;
fake_capture *active;
std::vector<fake_kernel> kernels;

cudaError_t broken(cudaError_t error)
{
  if (active != nullptr)
    active->broken = true;
  return error;
}

/* Of calls that a capture in this thread forbids. */
cudaError_t unless_captured()
{
  return active == nullptr ? cudaSuccess : broken(cudaErrorStreamCaptureUnsupported);
}

/* Into a stream, with a note of a kernel's times. */
void run_in(cudaStream_t stream, host_cuda_work work, cudaStream_t noted)
{
  const auto kernel = std::make_shared<fake_kernel>();
  const auto ends = work.ends;
  const bool is_kernel = !work.step || work.of_library;
  *kernel = {noted, work.grid.x, work.block.x, work.shared_bytes, 0, 0, 0, 0};
  work.begins = [kernel]() {
    kernel->begin_ns = host_cuda_time();
    kernel->begin = ++happened;
  };
  work.ends = [kernel, ends, is_kernel]() {
    kernel->end_ns = host_cuda_time();
    kernel->end = ++happened;
    if (is_kernel && kernels.size() < FAKE_KERNELS)
      kernels.push_back(*kernel);
    if (ends)
      ends();
  };
  host_cuda_enqueue(stream, std::move(work));
}

/* A replay under way. */
struct replay {
  std::shared_ptr<const std::vector<node>> nodes;
  std::vector<size_t> left;
  size_t all_left;
};

void start_node(const std::shared_ptr<replay> &run, size_t i)
{
  const node &n = (*run->nodes)[i];
  host_cuda_work work = n.work;
  work.ends = [run, i]() {
    run->all_left--;
    for (size_t j = 0; j < run->nodes->size(); j++)
      if ((*run->nodes)[j].after.count(static_cast<int>(i)) > 0 && --run->left[j] == 0)
        start_node(run, j);
  };
  run_in(reinterpret_cast<cudaStream_t>(&run->left[i]), std::move(work), n.stream);
}

host_cuda_progress go_on(const std::shared_ptr<replay> &run)
{
  if (run->left.empty() && !run->nodes->empty()) {
    run->all_left = run->nodes->size();
    for (const node &n : *run->nodes)
      run->left.push_back(n.after.size());
    for (size_t i = 0; i < run->left.size(); i++)
      if (run->left[i] == 0)
        start_node(run, i);
    return HOST_CUDA_GOES_ON;
  }
  return run->all_left == 0 ? HOST_CUDA_DONE : HOST_CUDA_WAITS;
}

/* Those that lead to `after`, and they. */
std::set<int> ancestors(const std::vector<node> &nodes, std::set<int> after)
{
  std::set<int> all;
  while (!after.empty()) {
    const int i = *after.begin();
    after.erase(after.begin());
    if (all.insert(i).second)
      after.insert(nodes[static_cast<size_t>(i)].after.begin(),
                   nodes[static_cast<size_t>(i)].after.end());
  }
  return all;
}

} // namespace

bool fake_captured(cudaStream_t stream)
{
  return stream != nullptr && stream->capture != nullptr;
}

cudaError_t fake_submit(cudaStream_t stream, host_cuda_work work)
{
  if (stream == nullptr && active != nullptr)
    return broken(cudaErrorStreamCaptureImplicit);
  if (!fake_captured(stream)) {
    run_in(stream, std::move(work), stream);
    return cudaSuccess;
  }
  fake_capture &capture = *stream->capture;
  capture.nodes.push_back({std::move(work), stream, stream->tail});
  stream->tail = {static_cast<int>(capture.nodes.size()) - 1};
  return cudaSuccess;
}

extern "C" void fake_stream_run(cudaStream_t stream, void (*run)(void *job), const void *job,
                                size_t bytes)
{
  const auto kept = std::make_shared<std::vector<char>>(static_cast<const char *>(job),
                                                        static_cast<const char *>(job) + bytes);
  host_cuda_work work = {};
  work.of_library = true;
  work.step = [kept, run]() {
    run(kept->data());
    return HOST_CUDA_DONE;
  };
  fake_submit(stream, std::move(work));
}

extern "C" void fake_runtime_begin(int rank, uint64_t seed)
{
  fake_rank = rank;
  host_cuda_seed(seed);
  host_cuda_resident_blocks(36);
  host_cuda_taker = [](cudaStream_t stream, host_cuda_work work) {
    fake_submit(stream, std::move(work));
  };
}

extern "C" const struct fake_kernel *fake_runtime_kernels(int *n)
{
  *n = static_cast<int>(kernels.size());
  return kernels.data();
}

extern "C" void fake_runtime_forget(void)
{
  kernels.clear();
}

extern "C" int fake_runtime_objects(void)
{
  return objects + fake_allocations();
}

/* ---- streams and events ---- */

extern "C" cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}

extern "C" cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned, int)
{
  objects++;
  *stream = new CUstream_st{nullptr, {}};
  return cudaSuccess;
}

extern "C" cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
  return cudaStreamCreateWithPriority(stream, flags, 0);
}

extern "C" cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
  const cudaError_t result = unless_captured();
  if (result == cudaSuccess)
    host_cuda_run_until([stream]() { return host_cuda_idle(stream); });
  return result;
}

extern "C" cudaError_t cudaDeviceSynchronize(void)
{
  const cudaError_t result = unless_captured();
  if (result == cudaSuccess)
    host_cuda_run();
  return result;
}

extern "C" cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
  cudaStreamSynchronize(stream);
  objects--;
  delete stream;
  return cudaSuccess;
}

extern "C" cudaError_t cudaStreamIsCapturing(cudaStream_t stream,
                                             enum cudaStreamCaptureStatus *status)
{
  *status = fake_captured(stream) ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

extern "C" cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
  objects++;
  *event = new CUevent_st{};
  return cudaSuccess;
}

extern "C" cudaError_t cudaEventCreate(cudaEvent_t *event)
{
  return cudaEventCreateWithFlags(event, 0);
}

extern "C" cudaError_t cudaEventDestroy(cudaEvent_t event)
{
  objects--;
  delete event;
  return cudaSuccess;
}

extern "C" cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
  const auto made = std::make_shared<mark>(mark{false, 0, 0, {}});
  event->last = made;
  if (fake_captured(stream)) {
    made->capture = stream->capture->number;
    made->after = stream->tail;
    return cudaSuccess;
  }
  host_cuda_work work = {};
  work.step = [made]() {
    made->done = true;
    made->ns = host_cuda_time();
    return HOST_CUDA_DONE;
  };
  return fake_submit(stream, std::move(work));
}

/* A captured stream stands after what the event stands after. */
static cudaError_t join_capture(cudaStream_t stream, const mark &last)
{
  if (last.capture != active->number)
    return broken(cudaErrorStreamCaptureIsolation);
  if (stream->capture == nullptr) {
    stream->capture = active;
    stream->tail.clear();
    active->members.insert(stream);
  }
  stream->tail.insert(last.after.begin(), last.after.end());
  return cudaSuccess;
}

extern "C" cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
  const std::shared_ptr<mark> last = event->last;
  if (!last)
    return cudaSuccess;
  if (fake_captured(stream) || last->capture != 0)
    return active == nullptr ? cudaErrorInvalidValue : join_capture(stream, *last);
  host_cuda_work work = {};
  work.step = [last]() { return last->done ? HOST_CUDA_DONE : HOST_CUDA_WAITS; };
  return fake_submit(stream, std::move(work));
}

extern "C" cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
  const std::shared_ptr<mark> last = event->last;
  if (last && last->capture != 0)
    return broken(cudaErrorCapturedEvent);
  const cudaError_t result = unless_captured();
  if (result == cudaSuccess && last)
    host_cuda_run_until([last]() { return last->done; });
  return result;
}

extern "C" cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t from, cudaEvent_t to)
{
  if (!from->last || !to->last || !from->last->done || !to->last->done)
    return cudaErrorNotReady;
  *milliseconds = 1e-6f * static_cast<float>(to->last->ns - from->last->ns);
  return cudaSuccess;
}

/* ---- graphs ---- */

extern "C" cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode)
{
  if (active != nullptr || stream == nullptr)
    return broken(cudaErrorStreamCaptureUnsupported);
  active = new fake_capture{++captures, stream, {}, {stream}, false};
  stream->capture = active;
  stream->tail.clear();
  return cudaSuccess;
}

extern "C" cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
  if (active == nullptr || active->origin != stream)
    return broken(cudaErrorStreamCaptureUnmatched);
  const std::unique_ptr<fake_capture> capture(active);
  const bool joined = ancestors(capture->nodes, stream->tail).size() == capture->nodes.size();
  active = nullptr;
  for (cudaStream_t member : capture->members)
    member->capture = nullptr;
  *graph = nullptr;
  if (capture->broken)
    return cudaErrorStreamCaptureInvalidated;
  if (!joined)
    return cudaErrorStreamCaptureUnjoined;
  objects++;
  *graph = new CUgraph_st{capture->nodes};
  return cudaSuccess;
}

extern "C" cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
  objects--;
  delete graph;
  return cudaSuccess;
}

/* Without the flag a graph's kernels would all have the priority of the stream it is put on. */
extern "C" cudaError_t cudaGraphInstantiate(cudaGraphExec_t *executable, cudaGraph_t graph,
                                            unsigned long long flags)
{
  if (flags != cudaGraphInstantiateFlagUseNodePriority)
    return cudaErrorInvalidValue;
  objects++;
  *executable = new CUgraphExec_st{std::make_shared<const std::vector<node>>(graph->nodes)};
  return unless_captured();
}

extern "C" cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t)
{
  return unless_captured();
}

extern "C" cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream)
{
  const auto run = std::make_shared<replay>(replay{executable->nodes, {}, 0});
  host_cuda_work work = {};
  work.step = [run]() { return go_on(run); };
  return active != nullptr ? unless_captured() : fake_submit(stream, std::move(work));
}

extern "C" cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable)
{
  objects--;
  delete executable;
  return cudaSuccess;
}

cudaError_t fake_forbidden(void)
{
  return unless_captured();
}

cudaError_t fake_wait_for_all(void)
{
  return cudaDeviceSynchronize();
}
