// Process groups, collectives and the handles of pending ones.

#include "collective.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupWrapper.hpp>

using torch_ddp::backend_for;
using torch_ddp::guarded;
using torch_ddp::milliseconds;
using torch_ddp::pending;
using torch_ddp::reduce_op;
using torch_ddp::text;

namespace {

// gloo behind locks. libtorch counts collectives without one, because in Python the interpreter's lock does that work;
// here, threads of Rust and the reducer's hooks on autograd's threads may all enqueue. The locks are held while an
// operation is enqueued, not while it runs (only monitoredBarrier does both in one, with the group's own alone).
class SerialGloo final : public c10d::ProcessGroupGloo {
 public:
  using c10d::ProcessGroupGloo::ProcessGroupGloo;

  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           const c10d::BroadcastOptions& options) override {
    return start([&] { return ProcessGroupGloo::broadcast(tensors, options); });
  }

  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options) override {
    return start([&] { return ProcessGroupGloo::allreduce(tensors, options); });
  }

  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions& options) override {
    return start([&] { return ProcessGroupGloo::allgather(outputs, inputs, options); });
  }

  c10::intrusive_ptr<c10d::Work> reduce(std::vector<at::Tensor>& tensors, const c10d::ReduceOptions& options) override {
    return start([&] { return ProcessGroupGloo::reduce(tensors, options); });
  }

  c10::intrusive_ptr<c10d::Work> gather(std::vector<std::vector<at::Tensor>>& outputs, std::vector<at::Tensor>& inputs,
                                        const c10d::GatherOptions& options) override {
    return start([&] { return ProcessGroupGloo::gather(outputs, inputs, options); });
  }

  c10::intrusive_ptr<c10d::Work> scatter(std::vector<at::Tensor>& outputs, std::vector<std::vector<at::Tensor>>& inputs,
                                         const c10d::ScatterOptions& options) override {
    return start([&] { return ProcessGroupGloo::scatter(outputs, inputs, options); });
  }

  c10::intrusive_ptr<c10d::Work> _reduce_scatter_base(at::Tensor& output, at::Tensor& input,
                                                      const c10d::ReduceScatterOptions& options) override {
    return start([&] { return ProcessGroupGloo::_reduce_scatter_base(output, input, options); });
  }

  c10::intrusive_ptr<c10d::Work> alltoall_base(at::Tensor& output, at::Tensor& input,
                                               std::vector<int64_t>& output_counts, std::vector<int64_t>& input_counts,
                                               const c10d::AllToAllOptions& options) override {
    return start([&] { return ProcessGroupGloo::alltoall_base(output, input, output_counts, input_counts, options); });
  }

  c10::intrusive_ptr<c10d::Work> send(std::vector<at::Tensor>& tensors, int to, int tag) override {
    return start([&] { return ProcessGroupGloo::send(tensors, to, tag); });
  }

  c10::intrusive_ptr<c10d::Work> recv(std::vector<at::Tensor>& tensors, int from, int tag) override {
    return start([&] { return ProcessGroupGloo::recv(tensors, from, tag); });
  }

  c10::intrusive_ptr<c10d::Work> barrier(const c10d::BarrierOptions& options) override {
    return start([&] { return ProcessGroupGloo::barrier(options); });
  }

  void monitoredBarrier(const c10d::BarrierOptions& options, bool wait_all_ranks) override {
    const std::lock_guard<std::recursive_mutex> lock(order_);
    ProcessGroupGloo::monitoredBarrier(options, wait_all_ranks);
  }

  // c10d has no abort for gloo. But gloo closes all connections, and fails every operation under way, when one operation times out;
  // so this starts one that cannot succeed: a message under a tag that nobody sends.
  void abort() override {
    if (getSize() < 2) return;
    const std::lock_guard<std::recursive_mutex> lock(order_);
    std::vector<at::Tensor> never{at::empty({1}, at::kByte)};
    try {
      recv(never, getRank() == 0 ? 1 : 0, std::numeric_limits<int32_t>::max())->wait(std::chrono::milliseconds(1));
    } catch (const std::exception&) {
      // As intended.
    }
  }

 private:
  template <class Call>
  c10::intrusive_ptr<c10d::Work> start(Call&& call) {
    const std::lock_guard<std::recursive_mutex> own(order_);
    // Of all groups: libtorch notes each when its first operation starts, in a table of the process that it reads at
    // every operation, both without a lock.
    static std::recursive_mutex noted;
    const std::lock_guard<std::recursive_mutex> all(noted);
    return call();
  }

  // Recursive, both: some operations of c10d are made of others.
  std::recursive_mutex order_;
};

std::shared_ptr<::gloo::transport::Device> device(int32_t kind, const std::string& name) {
  using Gloo = c10d::ProcessGroupGloo;
  switch (kind) {
    case 0:
      return Gloo::createDeviceForHostname("127.0.0.1");
    case 1:
      return Gloo::createDeviceForInterface(name);
    case 2:
      return Gloo::createDeviceForHostname(name);
    default:
      return Gloo::createDefaultDevice();
  }
}

}  // namespace

extern "C" {

int32_t tddp_group_gloo(const tddp_store* store, int32_t rank, int32_t size, int64_t timeout_ms, int32_t threads,
                        int32_t device_kind, const char* device_name, size_t device_name_length, int32_t checked,
                        tddp_group** out, char** message) {
  return guarded(message, [&] {
    auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(timeout_ms));
    options->threads = threads;
    options->devices.push_back(device(device_kind, text(device_name, device_name_length)));
    auto gloo = c10::make_intrusive<SerialGloo>(store->store, rank, size, options);
    c10::intrusive_ptr<c10d::Backend> backend = gloo;
    if (checked != 0) backend = c10::make_intrusive<c10d::ProcessGroupWrapper>(backend, gloo);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(store->store, rank, size);
    group->setBackend(at::kCPU, c10d::ProcessGroup::BackendType::GLOO, backend);
    group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
    *out = new tddp_group{gloo, backend, nullptr, group};
  });
}

// Adds a backend for a GPU to a group that nobody else uses yet, and connects it to those of all other ranks. Takes `backend` over,
// whatever happens.
int32_t tddp_group_add_device(tddp_group* group, tddp_backend* backend, char** message) {
  std::unique_ptr<tddp_backend> owned(backend);
  return guarded(message, [&] {
    owned->overseer->connect();
    group->group->setBackend(at::kCUDA, c10d::ProcessGroup::BackendType::NCCL, owned->backend);
    group->group->setDefaultBackend(c10d::ProcessGroup::BackendType::NCCL);
    group->device = std::move(owned);
  });
}

void tddp_backend_free(tddp_backend* backend) {
  torch_ddp::destroy(backend);
}

void tddp_group_free(tddp_group* group) {
  torch_ddp::destroy(group);
}

int32_t tddp_group_abort(const tddp_group* group, char** message) {
  return guarded(message, [&] {
    // The CPU's backend first: that of a GPU may have to wait for NCCL.
    group->gloo->abort();
    if (group->device) group->device->backend->abort();
  });
}

// Throws when an operation under way on a GPU has failed.
int32_t tddp_group_check(const tddp_group* group, char** message) {
  return guarded(message, [&] {
    if (group->device) group->device->overseer->check();
  });
}

// The collectives go to the backend and not through c10d::ProcessGroup, whose barrier assigns a static tensor without a lock.

int32_t tddp_group_broadcast(const tddp_group* group, const at::Tensor* tensor, int32_t root, int64_t timeout_ms,
                             tddp_work** out, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::BroadcastOptions options;
    options.rootRank = root;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> tensors{*tensor};
    auto work = backend->broadcast(tensors, options);
    *out = pending(*group, backend, work, tensors, timeout_ms);
  });
}

int32_t tddp_group_all_reduce(const tddp_group* group, const at::Tensor* tensor, int32_t op, int64_t timeout_ms,
                              tddp_work** out, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::AllreduceOptions options;
    options.reduceOp = reduce_op(op);
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> tensors{*tensor};
    auto work = backend->allreduce(tensors, options);
    *out = pending(*group, backend, work, tensors, timeout_ms);
  });
}

int32_t tddp_group_all_gather(const tddp_group* group, const at::Tensor* tensor, int64_t timeout_ms, tddp_work** out,
                              char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::AllgatherOptions options;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> inputs{tensor->detach()};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int rank = 0; rank < group->gloo->getSize(); ++rank) outputs[0].push_back(at::empty_like(inputs[0]));
    auto work = backend->allgather(outputs, inputs, options);
    *out = pending(*group, backend, work, outputs[0], timeout_ms);
  });
}

int32_t tddp_group_barrier(const tddp_group* group, int64_t timeout_ms, tddp_work** out, char** message) {
  return guarded(message, [&] {
    c10d::BarrierOptions options;
    options.timeout = milliseconds(timeout_ms);
    const auto& backend = group->device ? group->device->backend : group->backend;
    // Without it, NCCL would guess the GPU from the rank.
    if (group->device) options.device_ids = {group->device->device};
    *out = pending(*group, backend, backend->barrier(options), {}, timeout_ms);
  });
}

int32_t tddp_group_monitored_barrier(const tddp_group* group, int64_t timeout_ms, char** message) {
  return guarded(message, [&] {
    c10d::BarrierOptions options;
    options.timeout = milliseconds(timeout_ms);
    group->gloo->monitoredBarrier(options, /*wait_all_ranks=*/true);
  });
}

void tddp_work_free(tddp_work* work) {
  torch_ddp::destroy(work);
}

int32_t tddp_work_is_completed(const tddp_work* work, int32_t* completed, char** message) {
  return guarded(message, [&] { *completed = work->work->isCompleted() ? 1 : 0; });
}

// Waits at most `timeout_ms` (0: as long as it takes); `completed` tells whether the operation is over.
int32_t tddp_work_wait(const tddp_work* work, int64_t timeout_ms, int32_t* completed, char** message) {
  return guarded(message, [&] {
    if (work->overseer != nullptr) {
      *completed = work->overseer->settle(*work->work, work->deadline, milliseconds(timeout_ms)) ? 1 : 0;
      // Over on the GPU: what is left is to let this thread's stream know.
      if (*completed != 0) work->work->wait();
      return;
    }
    try {
      work->work->wait(milliseconds(timeout_ms));
      *completed = 1;
    } catch (...) {
      // libtorch throws both when the operation failed and when it is not over yet; and it may have ended just after that.
      *completed = work->work->isCompleted() ? 1 : 0;
      if (*completed != 0) work->work->wait();
    }
  });
}

size_t tddp_work_tensor_count(const tddp_work* work) {
  return work->tensors.size();
}

// A new reference to the tensor, which the caller owns.
int32_t tddp_work_tensor(const tddp_work* work, size_t index, at::Tensor** out, char** message) {
  return guarded(message, [&] { *out = new at::Tensor(work->tensors.at(index)); });
}

}  // extern "C"
