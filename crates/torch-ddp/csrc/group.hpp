// The process group as the shim holds it.
#pragma once

#include <limits>
#include <mutex>
#include <vector>

#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "common.hpp"

namespace torch_ddp {

// gloo behind a lock. libtorch counts collectives without one, because in Python the interpreter's lock does that work;
// here, threads of Rust and the reducer's hooks on autograd's threads may all enqueue. The lock is held while an
// operation is enqueued, not while it runs (only monitoredBarrier does both in one).
class SerialGloo final : public c10d::ProcessGroupGloo {
 public:
  using c10d::ProcessGroupGloo::ProcessGroupGloo;

  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           const c10d::BroadcastOptions& options) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ProcessGroupGloo::broadcast(tensors, options);
  }

  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ProcessGroupGloo::allreduce(tensors, options);
  }

  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions& options) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ProcessGroupGloo::allgather(outputs, inputs, options);
  }

  c10::intrusive_ptr<c10d::Work> barrier(const c10d::BarrierOptions& options) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ProcessGroupGloo::barrier(options);
  }

  void monitoredBarrier(const c10d::BarrierOptions& options, bool wait_all_ranks) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    ProcessGroupGloo::monitoredBarrier(options, wait_all_ranks);
  }

  // c10d has no abort for gloo. But gloo closes all connections, and fails every operation under way, when one operation times out;
  // so this starts one that cannot succeed: a message under a tag that nobody sends.
  void abort() override {
    if (getSize() < 2) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<at::Tensor> never{at::empty({1}, at::kByte)};
    try {
      ProcessGroupGloo::recv(never, getRank() == 0 ? 1 : 0, std::numeric_limits<int32_t>::max())
          ->wait(std::chrono::milliseconds(1));
    } catch (const std::exception&) {
      // As intended.
    }
  }

 private:
  std::mutex mutex_;
};

}  // namespace torch_ddp

struct tddp_group {
  c10::intrusive_ptr<torch_ddp::SerialGloo> gloo;
  // What collectives go through: `gloo`, or a wrapper that compares the calls of all ranks first.
  c10::intrusive_ptr<c10d::Backend> backend;
  // What the reducer talks to.
  c10::intrusive_ptr<c10d::ProcessGroup> group;
};
