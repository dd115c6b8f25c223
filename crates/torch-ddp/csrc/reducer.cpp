// Data-parallel training: c10d's reducer with what Python's DistributedDataParallel adds around it.

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <unordered_map>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/default_comm_hooks.hpp>
#include <torch/csrc/distributed/c10d/logger.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>

#include "collective.hpp"

using torch_ddp::guarded;
using torch_ddp::InvalidArgument;

struct tddp_ddp {
  c10::intrusive_ptr<c10d::ProcessGroup> group;
  // Of the backend for GPUs, which `group` keeps alive; null on the CPU.
  torch_ddp::Overseer* overseer;
  std::vector<at::Tensor> params;
  std::vector<at::Tensor> buffers;
  bool static_graph;
  bool find_unused;
  // Whether the callback of a static graph's first backward pass has run. Shared with the callbacks, which may outlive this.
  std::shared_ptr<std::atomic<bool>> static_graph_known = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<c10d::Reducer> reducer;
  // Last, so that it goes first: its destructor still reads the reducer.
  std::shared_ptr<c10d::Logger> logger;
};

// In the layout of `Options` in src/ffi.rs.
struct tddp_ddp_options {
  int64_t first_bucket_bytes;
  int64_t bucket_bytes;
  int32_t find_unused;
  int32_t gradient_as_bucket_view;
  int32_t static_graph;
  int32_t fixed_buckets;
  // 0 none, 1 half precision, 2 bfloat16.
  int32_t compression;
};

// Nanoseconds, -1 where unknown. In the layout of `Timings` in src/ffi.rs.
struct tddp_ddp_timings {
  int64_t iteration;
  int64_t forward;
  int64_t backward;
  int64_t communication;
  int64_t overlap;
};

namespace {

// As torch.distributed's: enough to send most models in one piece.
constexpr size_t kBroadcastBytes = 250 * 1024 * 1024;

// The counterpart of libtorch's own FP16CompressCommHook, which has none for bfloat16.
class Bf16Compress final : public c10d::CppCommHookInterface<c10::intrusive_ptr<c10d::ProcessGroup>> {
 public:
  using CppCommHookInterface::CppCommHookInterface;

  c10::intrusive_ptr<c10::ivalue::Future> runHook(c10d::GradBucket& bucket) override {
    const at::Tensor full = bucket.getBufferRef();
    std::vector<at::Tensor> compressed{full.to(at::kBFloat16).div_(state_->getSize())};
    auto future = state_->allreduce(compressed)->getFuture();
    return future->then(
        [full](c10::ivalue::Future& done) {
          const c10::IValue value = done.value();
          full.copy_(c10d::detail::parseCppCommHookResult(value));
          return c10::IValue(full);
        },
        c10::TensorType::get());
  }
};

std::vector<at::Tensor> tensors(const at::Tensor* const* pointers, size_t count) {
  std::vector<at::Tensor> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) list.push_back(*pointers[i]);
  return list;
}

// The reducer's constructor finds some of this too, but throws when its hooks are on some parameters already, and they would
// outlive it.
void require_fit(const tddp_ddp& ddp, const std::unordered_map<size_t, std::string>& names, at::Device device) {
  std::unordered_map<const at::TensorImpl*, size_t> seen;
  for (size_t i = 0; i < ddp.params.size(); ++i) {
    const at::Tensor& param = ddp.params[i];
    const std::string& name = names.at(i);
    if (!param.is_leaf()) throw InvalidArgument("variable `" + name + "` is computed from others; only leaves can be trained");
    const auto [other, is_new] = seen.emplace(param.unsafeGetTensorImpl(), i);
    if (!is_new) {
      throw InvalidArgument("variables `" + names.at(other->second) + "` and `" + name + "` are the same tensor; keep one");
    }
  }
  for (const auto* list : {&ddp.params, &ddp.buffers}) {
    for (const at::Tensor& tensor : *list) {
      if (tensor.device() != device || tensor.layout() != at::kStrided) {
        throw InvalidArgument("a variable is on " + tensor.device().str() + " or not dense; this group averages dense tensors on " +
                              device.str());
      }
    }
  }
}

void broadcast(const tddp_ddp& ddp, const std::vector<at::Tensor>& list, int root) {
  if (list.empty()) return;
  const at::NoGradGuard no_grad;
  c10d::broadcast_coalesced(ddp.group, list, kBroadcastBytes, root);
}

void make_reducer(tddp_ddp& ddp, const tddp_ddp_options& options, std::unordered_map<size_t, std::string> names) {
  const std::vector<bool> sparse(ddp.params.size(), false);
  // Buckets are made anew after the first pass, in the order in which gradients came; until then one bucket does. Where they are
  // not made anew, the reverse of the parameters' order is the best guess.
  std::vector<size_t> limits{std::numeric_limits<size_t>::max()};
  if (options.find_unused != 0 && options.static_graph == 0) {
    limits = {static_cast<size_t>(options.first_bucket_bytes), static_cast<size_t>(options.bucket_bytes)};
  }
  auto [buckets, ignored] = c10d::compute_bucket_assignment_by_size(ddp.params, limits, sparse);
  std::reverse(buckets.begin(), buckets.end());
  ddp.reducer = std::make_shared<c10d::Reducer>(
      ddp.params, std::move(buckets), ddp.group, sparse, options.bucket_bytes, options.find_unused != 0,
      options.gradient_as_bucket_view != 0, std::move(names), options.first_bucket_bytes,
      /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false, std::vector<int64_t>{});
  ddp.logger = std::make_shared<c10d::Logger>(ddp.reducer);
  ddp.reducer->set_logger(ddp.logger);
  ddp.reducer->set_ddp_runtime_logging_sample_rate(1);
  if (options.static_graph != 0) ddp.reducer->set_static_graph();
  if (options.compression == 1) ddp.reducer->register_builtin_comm_hook(c10d::BuiltinCommHookType::FP16_COMPRESS);
  if (options.compression == 2) ddp.reducer->register_comm_hook(std::make_unique<Bf16Compress>(ddp.group));
  if (options.fixed_buckets != 0) {
    // As if a first pass were over in which gradients came in the parameters' order. The reducer makes buckets anew only once; where
    // it never does, this does nothing.
    ddp.reducer->push_rebuilt_params_for_all_indices();
    ddp.reducer->rebuild_buckets();
  }
}

// In a static graph's first pass the reducer counts how often each gradient arrives and reduces when backward is over. Python
// learns of that moment through a custom autograd function around the outputs; a hook on them does as well. A forward pass may
// stay without a backward pass, so every one is armed until the callback has run.
void arm_static_graph(tddp_ddp& ddp, const std::vector<at::Tensor>& outputs) {
  const auto fired = std::make_shared<std::atomic<bool>>(false);
  const auto known = ddp.static_graph_known;
  const std::weak_ptr<c10d::Reducer> weak = ddp.reducer;
  bool any = false;
  for (const at::Tensor& output : outputs) {
    if (!output.requires_grad()) continue;
    any = true;
    output.register_hook([weak, fired, known](const at::Tensor&) {
      if (known->load() || fired->exchange(true)) return;
      torch::autograd::Engine::get_default_engine().queue_callback([weak, known] {
        // Two armed forward passes may share one backward pass.
        if (known->exchange(true)) return;
        if (const auto reducer = weak.lock()) reducer->delay_all_reduce();
      });
    });
  }
  if (!any) throw InvalidArgument("with a static graph, forward must return an output that requires a gradient");
}

int64_t duration(const at::DDPLoggingData& data, const char* key) {
  const auto found = data.ints_map.find(key);
  return found == data.ints_map.end() ? -1 : found->second;
}

}  // namespace

extern "C" {

// The names are the parameters', each as a pointer and a length.
int32_t tddp_ddp_new(const tddp_group* group, const at::Tensor* const* params, const char* const* names,
                     const size_t* name_lengths, size_t param_count, const at::Tensor* const* buffers,
                     size_t buffer_count, const tddp_ddp_options* options, tddp_ddp** out, char** message) {
  return guarded(message, [&] {
    auto ddp = std::make_unique<tddp_ddp>();
    ddp->group = group->group;
    ddp->overseer = group->device ? group->device->overseer : nullptr;
    ddp->params = tensors(params, param_count);
    ddp->buffers = tensors(buffers, buffer_count);
    ddp->static_graph = options->static_graph != 0;
    ddp->find_unused = options->find_unused != 0;
    std::unordered_map<size_t, std::string> by_index;
    for (size_t i = 0; i < param_count; ++i) by_index.emplace(i, torch_ddp::text(names[i], name_lengths[i]));
    require_fit(*ddp, by_index, group->device ? at::Device(at::kCUDA, group->device->device) : at::Device(at::kCPU));
    broadcast(*ddp, ddp->params, /*root=*/0);
    broadcast(*ddp, ddp->buffers, /*root=*/0);
    make_reducer(*ddp, *options, std::move(by_index));
    *out = ddp.release();
  });
}

void tddp_ddp_free(tddp_ddp* ddp) {
  torch_ddp::destroy(ddp);
}

int32_t tddp_ddp_sync_buffers(const tddp_ddp* ddp, int32_t root, char** message) {
  return guarded(message, [&] { broadcast(*ddp, ddp->buffers, root); });
}

int32_t tddp_ddp_sync_parameters(const tddp_ddp* ddp, int32_t root, char** message) {
  return guarded(message, [&] { broadcast(*ddp, ddp->params, root); });
}

// The next gradients are divided by what `counted`, a sum under way, comes to; where `is_fixed`, by the number of all ranks.
int32_t tddp_ddp_divide_by(const tddp_ddp* ddp, const tddp_work* counted, int32_t is_fixed, char** message) {
  return guarded(message, [&] { ddp->reducer->set_forward_pass_work_handle(counted->work, is_fixed != 0); });
}

// Whether the reducer knows the graph already that it is to keep.
int32_t tddp_ddp_knows_graph(const tddp_ddp* ddp) {
  return !ddp->static_graph || ddp->static_graph_known->load() ? 1 : 0;
}

// Takes part in the reductions of the others' backward pass, with gradients of zero.
int32_t tddp_ddp_shadow_backward(const tddp_ddp* ddp, char** message) {
  return guarded(message, [&] {
    const at::NoGradGuard no_grad;
    std::vector<c10d::GradBucket> buckets = ddp->reducer->get_grad_buckets(/*return_zero_tensors=*/true);
    std::vector<c10::intrusive_ptr<c10::ivalue::Future>> pending;
    pending.reserve(buckets.size());
    for (c10d::GradBucket& bucket : buckets) pending.push_back(ddp->reducer->run_comm_hook(bucket));
    for (const auto& one : pending) one->waitAndThrow();
    if (ddp->find_unused && !ddp->static_graph) {
      std::vector<at::Tensor> used{ddp->reducer->get_local_used_map_on_device()};
      ddp->group->allreduce(used)->wait();
    }
    // As the others do in their first backward pass; after that it has no effect.
    ddp->reducer->push_rebuilt_params_for_all_indices();
  });
}

int32_t tddp_ddp_prepare_for_forward(const tddp_ddp* ddp, char** message) {
  return guarded(message, [&] {
    if (ddp->overseer != nullptr) ddp->overseer->check();
    ddp->reducer->prepare_for_forward();
  });
}

int32_t tddp_ddp_rebuild_buckets(const tddp_ddp* ddp, int32_t* rebuilt, char** message) {
  return guarded(message, [&] { *rebuilt = ddp->reducer->rebuild_buckets() ? 1 : 0; });
}

int32_t tddp_ddp_prepare_for_backward(tddp_ddp* ddp, const at::Tensor* const* outputs, size_t count, char** message) {
  return guarded(message, [&] {
    const std::vector<at::Tensor> list = tensors(outputs, count);
    if (ddp->static_graph && !ddp->static_graph_known->load()) arm_static_graph(*ddp, list);
    // The graph is searched from the outputs only where unused parameters are looked for.
    ddp->reducer->prepare_for_backward(ddp->find_unused && !ddp->static_graph ? list : std::vector<at::Tensor>{});
  });
}

int32_t tddp_backward(const at::Tensor* loss, char** message) {
  return guarded(message, [&] { loss->backward(); });
}

int32_t tddp_ddp_zero_grad(const tddp_ddp* ddp, char** message) {
  return guarded(message, [&] {
    for (const at::Tensor& param : ddp->params) param.mutable_grad().reset();
  });
}

// The sizes of the buckets in bytes, as many as fit in `capacity`; `count` is how many there are.
int32_t tddp_ddp_bucket_sizes(const tddp_ddp* ddp, int64_t* sizes, size_t capacity, size_t* count, char** message) {
  return guarded(message, [&] {
    const std::vector<int64_t> all = ddp->logger->get_bucket_sizes();
    std::copy_n(all.begin(), std::min(capacity, all.size()), sizes);
    *count = all.size();
  });
}

int32_t tddp_ddp_timings(const tddp_ddp* ddp, tddp_ddp_timings* out, char** message) {
  return guarded(message, [&] {
    // The reducer's clock would wait for the GPU too, but without end.
    if (ddp->overseer != nullptr) ddp->overseer->settle_all();
    ddp->logger->set_runtime_stats_and_log();
    const at::DDPLoggingData data = ddp->logger->get_ddp_logging_data();
    *out = {duration(data, "iteration"), duration(data, "forward_compute_time"),
            duration(data, "backward_compute_time"), duration(data, "backward_comm_time"),
            duration(data, "backward_compute_comm_overlap_time")};
  });
}

int32_t tddp_grad_enabled(void) {
  return at::GradMode::is_enabled() ? 1 : 0;
}

}  // extern "C"
