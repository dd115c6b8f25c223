// Process groups on NCCL. Not part of the shim's library: this is compiled into a shared object of its own, which the crate carries
// as bytes and loads when the first such group is made, after libtorch_cuda. It names no library: what it needs of libtorch, CUDA and
// NCCL is found among the libraries that the process has by then. So a program that carries it needs none of them to start.

#include "group.hpp"

#include <cstdlib>
#include <mutex>
#include <thread>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

using torch_ddp::Clock;
using torch_ddp::guarded;
using torch_ddp::InvalidArgument;

namespace {

using std::chrono::milliseconds;

// libtorch's watchdog comes so much later than the shim's own deadlines, which say what happened and do not wait a minute for
// others to write their logs.
constexpr milliseconds kWatchdogMargin = std::chrono::seconds(10);

// Keys under a prefix, without showing that it is one: ProcessGroupNCCL looks through a PrefixStore and would leave its note
// that a rank has failed in the store of all groups, where the next attempt of torchrun would find it.
class OwnStore final : public c10d::Store {
 public:
  explicit OwnStore(c10::intrusive_ptr<c10d::Store> inner) : inner_(std::move(inner)) {}

  c10::intrusive_ptr<c10d::Store> clone() override { return c10::make_intrusive<OwnStore>(inner_->clone()); }
  void set(const std::string& key, const std::vector<uint8_t>& value) override { inner_->set(key, value); }
  std::vector<uint8_t> compareSet(const std::string& key, const std::vector<uint8_t>& expected,
                                  const std::vector<uint8_t>& desired) override {
    return inner_->compareSet(key, expected, desired);
  }
  std::vector<uint8_t> get(const std::string& key) override { return inner_->get(key); }
  int64_t add(const std::string& key, int64_t value) override { return inner_->add(key, value); }
  bool deleteKey(const std::string& key) override { return inner_->deleteKey(key); }
  bool check(const std::vector<std::string>& keys) override { return inner_->check(keys); }
  int64_t getNumKeys() override { return inner_->getNumKeys(); }
  void wait(const std::vector<std::string>& keys) override { inner_->wait(keys); }
  void wait(const std::vector<std::string>& keys, const milliseconds& timeout) override { inner_->wait(keys, timeout); }
  const milliseconds& getTimeout() const noexcept override { return inner_->getTimeout(); }
  void setTimeout(const milliseconds& timeout) override { inner_->setTimeout(timeout); }
  void append(const std::string& key, const std::vector<uint8_t>& value) override { inner_->append(key, value); }
  std::vector<std::vector<uint8_t>> multiGet(const std::vector<std::string>& keys) override { return inner_->multiGet(keys); }
  void multiSet(const std::vector<std::string>& keys, const std::vector<std::vector<uint8_t>>& values) override {
    inner_->multiSet(keys, values);
  }
  bool hasExtendedApi() const override { return inner_->hasExtendedApi(); }

 private:
  c10::intrusive_ptr<c10d::Store> inner_;
};

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// NCCL behind a lock, for the reason for which gloo is, and with an eye on what was started. The reducer starts operations without
// waiting for them on the host, so that somebody has to notice when they fail.
class SerialNccl final : public c10d::ProcessGroupNCCL, public torch_ddp::Overseer {
 public:
  SerialNccl(c10::intrusive_ptr<c10d::Store> store, int rank, int size, const c10::intrusive_ptr<Options>& options,
             c10::DeviceIndex device)
      : ProcessGroupNCCL(std::move(store), rank, size, options), device_(device), timeout_(options->timeout) {
    ProcessGroupNCCL::setTimeout(timeout_ + kWatchdogMargin);
    // By default the watchdog ends the process, which nobody can handle. Here it only gives the communicator up, and check()
    // tells. Who names another way in the environment gets that.
    if (!is_set("TORCH_NCCL_ASYNC_ERROR_HANDLING") && !is_set("NCCL_ASYNC_ERROR_HANDLING")) {
      asyncErrorHandling_ = c10d::CleanUpOnly;
    }
  }

  // Waits until all is over before the communicator goes, as gloo does; but not for ranks that are lost.
  ~SerialNccl() override {
    if (given_up_.load()) return;
    try {
      settle_all();
      shutdown();
    } catch (...) {
      try {
        abort();
      } catch (...) {
      }
    }
  }

  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           const c10d::BroadcastOptions& options) override {
    return start(options.timeout, [&] { return ProcessGroupNCCL::broadcast(tensors, options); });
  }

  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options) override {
    return start(options.timeout, [&] { return ProcessGroupNCCL::allreduce(tensors, options); });
  }

  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions& options) override {
    return start(options.timeout, [&] { return ProcessGroupNCCL::allgather(outputs, inputs, options); });
  }

  c10::intrusive_ptr<c10d::Work> barrier(const c10d::BarrierOptions& options) override {
    return start(options.timeout, [&] { return ProcessGroupNCCL::barrier(options); });
  }

  // Without the lock: whoever holds it may be the one that has to be freed.
  void abort() override {
    if (given_up_.exchange(true)) return;
    ProcessGroupNCCL::abort();
  }

  void connect() override { eagerConnectSingleDevice(at::Device(at::kCUDA, device_)); }

  void check() override {
    if (given_up_.load()) C10_THROW_ERROR(DistBackendError, "the NCCL group was given up after a failure or by abort");
    switch (getError()) {
      case c10d::ErrorType::SUCCESS:
        return;
      case c10d::ErrorType::TIMEOUT:
        C10_THROW_ERROR(DistBackendError, "an operation of NCCL timed out: not all ranks took part in it");
      default:
        C10_THROW_ERROR(DistBackendError,
                        "an operation of NCCL failed: remote process exited, or a connection was lost; libtorch's log on the "
                        "standard error says more");
    }
  }

  bool settle(c10d::Work& work, Clock::time_point deadline, milliseconds limit) override {
    const auto began = Clock::now();
    for (int round = 0;; ++round) {
      // In this order: a communicator that is given up ends its kernels too, and its error is noted before.
      const bool over = work.isCompleted();
      if (const auto failed = work.exception()) {
        give_up_quietly();
        std::rethrow_exception(failed);
      }
      check();
      if (over) return true;
      const auto now = Clock::now();
      if (now >= deadline) {
        give_up_quietly();
        C10_THROW_ERROR(DistBackendError, "timed out: not all ranks took part in time");
      }
      if (limit.count() > 0 && now - began >= limit) return false;
      // Soon at first: most operations take less than a millisecond.
      std::this_thread::sleep_for(std::chrono::microseconds(round < 64 ? 20 : 500));
    }
  }

  void settle_all() override {
    c10::intrusive_ptr<c10d::Work> last;
    Clock::time_point deadline;
    {
      const std::lock_guard<std::mutex> lock(order_);
      last = last_;
      deadline = last_deadline_;
    }
    // NCCL's operations on one communicator run in the order of their starts.
    if (last) {
      settle(*last, deadline, milliseconds(0));
    } else {
      check();
    }
  }

 protected:
  // Here libtorch notes the group in its table of all groups, without a lock (see SerialGloo::start in group.cpp). Only this is
  // behind a lock of all groups, not the whole start: a group's first operation may wait for the other ranks, which may be
  // threads of this process.
  c10::intrusive_ptr<WorkNCCL> initWork(at::Device& device, int rank, c10d::OpType op, bool is_p2p, const char* title,
                                        const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& outputs,
                                        bool record) override {
    static std::mutex noted;
    const std::lock_guard<std::mutex> lock(noted);
    return ProcessGroupNCCL::initWork(device, rank, op, is_p2p, title, inputs, outputs, record);
  }

 private:
  template <class Call>
  c10::intrusive_ptr<c10d::Work> start(milliseconds timeout, Call&& call) {
    const std::lock_guard<std::mutex> lock(order_);
    check();
    const auto allowed = timeout == c10d::kUnsetTimeout ? timeout_ : timeout;
    // NCCL's backend reads the timeout of an operation from here alone.
    ProcessGroupNCCL::setTimeout(allowed + kWatchdogMargin);
    last_ = call();
    last_deadline_ = Clock::now() + allowed;
    return last_;
  }

  void give_up_quietly() noexcept {
    try {
      abort();
    } catch (...) {
      // What is to be reported is why.
    }
  }

  const c10::DeviceIndex device_;
  const milliseconds timeout_;
  std::atomic<bool> given_up_{false};
  std::mutex order_;
  c10::intrusive_ptr<c10d::Work> last_;
  Clock::time_point last_deadline_;
};

}  // namespace

// The one function of this part: a backend for the GPU with number `device`, not yet connected.
extern "C" __attribute__((visibility("default"))) int32_t tddp_nccl_backend(const tddp_store* store, int32_t rank, int32_t size,
                                                                            int32_t device, int64_t timeout_ms,
                                                                            int32_t high_priority, tddp_backend** out,
                                                                            char** message) {
  return guarded(message, [&] {
    auto options = c10d::ProcessGroupNCCL::Options::create(high_priority != 0);
    options->timeout = std::min(milliseconds(timeout_ms), milliseconds(24 * 60 * 60 * 1000));
    auto own = c10::make_intrusive<OwnStore>(c10::make_intrusive<c10d::PrefixStore>("nccl", store->store));
    auto backend = c10::make_intrusive<SerialNccl>(own, rank, size, options, static_cast<c10::DeviceIndex>(device));
    if (device < 0 || device >= at::cuda::device_count()) {
      throw torch_ddp::Unavailable("cuda:" + std::to_string(device) + " is not there; libtorch sees " +
                                   std::to_string(at::cuda::device_count()) + " GPUs");
    }
    torch_ddp::Overseer* overseer = backend.get();
    *out = new tddp_backend{std::move(backend), overseer, static_cast<c10::DeviceIndex>(device)};
  });
}
