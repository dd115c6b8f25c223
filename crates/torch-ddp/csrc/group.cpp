// Process groups, collectives and the handles of pending ones.

#include "group.hpp"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/distributed/c10d/ProcessGroupWrapper.hpp>

using torch_ddp::guarded;
using torch_ddp::InvalidArgument;
using torch_ddp::text;

struct tddp_work {
  c10::intrusive_ptr<c10d::Work> work;
  // Keeps the tensors alive as long as Rust may ask for the result; libtorch keeps its own references while it runs.
  std::vector<at::Tensor> tensors;
};

namespace {

// gloo reads and writes `numel` elements from the first on, whatever the strides are: with anything but a contiguous tensor it
// would touch memory beyond the tensor's.
void require_plain(const at::Tensor& tensor) {
  if (!tensor.defined()) throw InvalidArgument("the tensor is undefined; give one with data");
  if (!tensor.device().is_cpu()) {
    throw InvalidArgument("the tensor is on " + tensor.device().str() + "; gloo works on CPU tensors, move it with to_device");
  }
  if (tensor.layout() != at::kStrided) throw InvalidArgument("the tensor is not dense; make it so with to_dense");
  if (!tensor.is_contiguous()) throw InvalidArgument("the tensor is not contiguous; make it so with contiguous()");
}

std::chrono::milliseconds milliseconds(int64_t count) {
  return std::chrono::milliseconds(count);
}

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
    auto gloo = c10::make_intrusive<torch_ddp::SerialGloo>(store->store, rank, size, options);
    c10::intrusive_ptr<c10d::Backend> backend = gloo;
    if (checked != 0) backend = c10::make_intrusive<c10d::ProcessGroupWrapper>(backend, gloo);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(store->store, rank, size);
    group->setBackend(at::kCPU, c10d::ProcessGroup::BackendType::GLOO, backend);
    group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
    *out = new tddp_group{gloo, backend, group};
  });
}

void tddp_group_free(tddp_group* group) {
  torch_ddp::destroy(group);
}

int32_t tddp_group_abort(const tddp_group* group, char** message) {
  return guarded(message, [&] { group->gloo->abort(); });
}

// The collectives go to the backend and not through c10d::ProcessGroup, whose barrier assigns a static tensor without a lock.

int32_t tddp_group_broadcast(const tddp_group* group, const at::Tensor* tensor, int32_t root, int64_t timeout_ms,
                             tddp_work** out, char** message) {
  return guarded(message, [&] {
    require_plain(*tensor);
    const at::NoGradGuard no_grad;
    c10d::BroadcastOptions options;
    options.rootRank = root;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> tensors{*tensor};
    auto work = group->backend->broadcast(tensors, options);
    *out = new tddp_work{work, tensors};
  });
}

int32_t tddp_group_all_reduce(const tddp_group* group, const at::Tensor* tensor, int32_t op, int64_t timeout_ms,
                              tddp_work** out, char** message) {
  return guarded(message, [&] {
    require_plain(*tensor);
    const at::NoGradGuard no_grad;
    c10d::AllreduceOptions options;
    options.reduceOp = static_cast<c10d::ReduceOp::RedOpType>(op);
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> tensors{*tensor};
    auto work = group->backend->allreduce(tensors, options);
    *out = new tddp_work{work, tensors};
  });
}

int32_t tddp_group_all_gather(const tddp_group* group, const at::Tensor* tensor, int64_t timeout_ms, tddp_work** out,
                              char** message) {
  return guarded(message, [&] {
    require_plain(*tensor);
    const at::NoGradGuard no_grad;
    c10d::AllgatherOptions options;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> inputs{tensor->detach()};
    std::vector<std::vector<at::Tensor>> outputs(1);
    for (int rank = 0; rank < group->gloo->getSize(); ++rank) outputs[0].push_back(at::empty_like(inputs[0]));
    auto work = group->backend->allgather(outputs, inputs, options);
    *out = new tddp_work{work, outputs[0]};
  });
}

int32_t tddp_group_barrier(const tddp_group* group, int64_t timeout_ms, tddp_work** out, char** message) {
  return guarded(message, [&] {
    c10d::BarrierOptions options;
    options.timeout = milliseconds(timeout_ms);
    *out = new tddp_work{group->backend->barrier(options), {}};
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
    try {
      work->work->wait(milliseconds(timeout_ms));
      *completed = 1;
    } catch (...) {
      // libtorch throws both when the operation failed and when it is not over yet.
      if (work->work->isCompleted()) throw;
      *completed = 0;
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
