// Adam in one pass over memory: libtorch's fused kernel.

#include <cstddef>
#include <vector>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/full.h>

#include "common.hpp"

using torch_ddp::guarded;
using torch_ddp::InvalidArgument;

// In the layout of `AdamStep` in src/adam.rs.
struct tddp_adam_step {
  double lr;
  double beta1;
  double beta2;
  double epsilon;
  // Counted from 1.
  double step;
};

namespace {

// Whether the elements of two tensors of the same sizes lie in the same order. Of a dimension of size 1 there is only one element, and
// libtorch gives gradients other strides there.
bool lie_alike(const at::Tensor& one, const at::Tensor& other) {
  for (int64_t i = 0; i < one.dim(); ++i) {
    if (one.size(i) != 1 && one.stride(i) != other.stride(i)) return false;
  }
  return true;
}

// The kernel for processors goes through the memory of all four in step and checks nothing.
void require_alike(const at::Tensor& parameter, const at::Tensor& other, const char* what) {
  if (!other.defined() || other.scalar_type() != parameter.scalar_type() || other.device() != parameter.device() ||
      other.sizes() != parameter.sizes() || !lie_alike(parameter, other)) {
    throw InvalidArgument(std::string("a ") + what + " is not of the type, device, sizes and strides of its parameter");
  }
}

}  // namespace

extern "C" {

// `tensors` holds four for each parameter: itself, its gradient, the mean and the square.
int32_t tddp_adam_step_all(const at::Tensor* const* tensors, size_t count, const tddp_adam_step* options, char** message) {
  return guarded(message, [&] {
    if (count == 0) return;
    std::vector<at::Tensor> lists[4];
    for (auto& list : lists) list.reserve(count);
    const at::Tensor& first = *tensors[0];
    for (size_t i = 0; i < count; ++i) {
      const at::Tensor* const* four = tensors + 4 * i;
      const at::Tensor& parameter = *four[0];
      if (!parameter.defined() || !parameter.is_floating_point() || !parameter.is_non_overlapping_and_dense() ||
          parameter.layout() != at::kStrided || parameter.device() != first.device()) {
        throw InvalidArgument("a parameter is not dense, of floating-point numbers, and on the device of the others");
      }
      require_alike(parameter, *four[1], "gradient");
      require_alike(parameter, *four[2], "mean");
      require_alike(parameter, *four[3], "square");
      for (size_t which = 0; which < 4; ++which) lists[which].push_back(*four[which]);
    }
    const at::NoGradGuard no_grad;
    const at::Tensor step = at::full({}, options->step, first.options().dtype(at::kFloat).requires_grad(false));
    const std::vector<at::Tensor> steps(count, step);
    at::_fused_adam_(lists[0], lists[1], lists[2], lists[3], {}, steps, options->lr, options->beta1, options->beta2,
                     /*weight_decay=*/0.0, options->epsilon, /*amsgrad=*/false, /*maximize=*/false);
  });
}

}  // extern "C"
