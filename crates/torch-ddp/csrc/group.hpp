// The process group as the shim holds it, and what it asks of a backend for GPUs. Both the shim and the part for NCCL, which is
// compiled apart and loaded only where CUDA is, include this.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/Work.hpp>

#include "common.hpp"

namespace torch_ddp {

using Clock = std::chrono::steady_clock;

// A backend whose operations run on a GPU, after the function that started them has returned: what has to be asked to learn how
// they ended. Everything here may be called from any thread.
class Overseer {
 public:
  // Makes the connections to all other ranks, who all call it.
  virtual void connect() = 0;

  // Throws when an operation under way has failed, or the backend was given up.
  virtual void check() = 0;

  // Waits at most `limit` (0: no limit) until `work` is over and tells whether it is. Throws when it failed, or was not over at
  // `deadline`; the backend is given up then, since a GPU cannot go on while a kernel waits for a rank that does not come.
  virtual bool settle(c10d::Work& work, Clock::time_point deadline, std::chrono::milliseconds limit) = 0;

  // As above, for all operations that were started until now.
  virtual void settle_all() = 0;

 protected:
  ~Overseer() = default;
};

}  // namespace torch_ddp

// A backend for the tensors of one GPU.
struct tddp_backend {
  c10::intrusive_ptr<c10d::Backend> backend;
  // The same object.
  torch_ddp::Overseer* overseer;
  c10::DeviceIndex device;
};

struct tddp_group {
  c10::intrusive_ptr<c10d::Backend> gloo;
  // What collectives on CPU tensors go through: `gloo`, or a wrapper that compares the calls of all ranks first.
  c10::intrusive_ptr<c10d::Backend> backend;
  // What collectives on tensors of a GPU go through, if there is one.
  std::unique_ptr<tddp_backend> device;
  // What the reducer talks to. It sends each tensor to the backend for its device.
  c10::intrusive_ptr<c10d::ProcessGroup> group;
};
