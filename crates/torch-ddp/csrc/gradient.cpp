// A sum over the ranks that gradients flow through: its gradient is the sum of the ranks' gradients.

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "collective.hpp"

using torch_ddp::backend_for;
using torch_ddp::guarded;
using torch_ddp::milliseconds;

namespace {

at::Tensor summed(const c10::intrusive_ptr<c10d::Backend>& backend, const at::Tensor& own, int64_t timeout_ms) {
  const at::NoGradGuard no_grad;
  c10d::AllreduceOptions options;
  options.timeout = milliseconds(timeout_ms);
  std::vector<at::Tensor> tensors{own.detach().clone(at::MemoryFormat::Contiguous)};
  backend->allreduce(tensors, options)->wait();
  return tensors[0];
}

class SumOverRanks final : public torch::autograd::Function<SumOverRanks> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& own,
                            const c10::intrusive_ptr<c10d::Backend>& backend, int64_t timeout_ms) {
    context->saved_data["backend"] = c10::IValue::make_capsule(backend);
    context->saved_data["timeout_ms"] = timeout_ms;
    return summed(backend, own, timeout_ms);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto backend = c10::static_intrusive_pointer_cast<c10d::Backend>(context->saved_data["backend"].toCapsule());
    const int64_t timeout_ms = context->saved_data["timeout_ms"].toInt();
    return {summed(backend, gradients[0], timeout_ms), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

extern "C" {

// A new tensor, which the caller owns.
int32_t tddp_group_sum(const tddp_group* group, const at::Tensor* tensor, int64_t timeout_ms, at::Tensor** out,
                       char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    *out = new at::Tensor(SumOverRanks::apply(*tensor, backend, timeout_ms));
  });
}

}  // extern "C"
