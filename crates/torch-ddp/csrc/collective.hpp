// What all collectives share: checking a tensor, finding the backend for it, and the handle of an operation under way.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <torch/csrc/distributed/c10d/Types.hpp>

#include "group.hpp"

struct tddp_work {
  c10::intrusive_ptr<c10d::Work> work;
  // Keeps the tensors alive as long as Rust may ask for the result; libtorch keeps its own references while it runs.
  std::vector<at::Tensor> tensors;
  // Who knows how it goes, when it runs on a GPU: the backend, kept alive by the reference beside it.
  torch_ddp::Overseer* overseer;
  c10::intrusive_ptr<c10d::Backend> backend;
  torch_ddp::Clock::time_point deadline;
};

namespace torch_ddp {

// gloo reads and writes `numel` elements from the first on, whatever the strides are: with anything but a contiguous tensor it
// would touch memory beyond the tensor's.
inline void require_plain(const tddp_group& group, const at::Tensor& tensor) {
  if (!tensor.defined()) throw InvalidArgument("the tensor is undefined; give one with data");
  const at::Device device = tensor.device();
  if (!device.is_cpu() && !(group.device && device == at::Device(at::kCUDA, group.device->device))) {
    throw InvalidArgument("the tensor is on " + device.str() + "; this group works on CPU tensors" +
                          (group.device ? " and those of cuda:" + std::to_string(group.device->device) : "") +
                          ", move it with to_device");
  }
  if (tensor.layout() != at::kStrided) throw InvalidArgument("the tensor is not dense; make it so with to_dense");
  if (!tensor.is_contiguous()) throw InvalidArgument("the tensor is not contiguous; make it so with contiguous()");
}

inline std::chrono::milliseconds milliseconds(int64_t count) {
  return std::chrono::milliseconds(count);
}

// The operation that `ReduceOp::code` in src/group.rs numbers.
inline c10d::ReduceOp reduce_op(int32_t op) {
  return static_cast<c10d::ReduceOp::RedOpType>(op);
}

// The backend of a tensor's device.
inline const c10::intrusive_ptr<c10d::Backend>& backend_for(const tddp_group& group, const at::Tensor& tensor) {
  require_plain(group, tensor);
  return tensor.device().is_cpu() ? group.backend : group.device->backend;
}

// The handle of an operation that was just started on `backend`.
inline tddp_work* pending(const tddp_group& group, const c10::intrusive_ptr<c10d::Backend>& backend,
                          c10::intrusive_ptr<c10d::Work> work, std::vector<at::Tensor> tensors, int64_t timeout_ms) {
  const bool on_gpu = group.device && backend == group.device->backend;
  // A day is as good as never, and cannot overflow.
  const auto timeout = std::min(milliseconds(timeout_ms), milliseconds(24 * 60 * 60 * 1000));
  return new tddp_work{std::move(work), std::move(tensors), on_gpu ? group.device->overseer : nullptr, backend,
                       Clock::now() + timeout};
}

}  // namespace torch_ddp
