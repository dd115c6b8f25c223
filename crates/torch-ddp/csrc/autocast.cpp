// Mixed precision on the processor: libtorch's autocast, of which tch offers that of GPUs alone.

#include <ATen/autocast_mode.h>

#include "common.hpp"

using torch_ddp::guarded;

extern "C" {

// Begins a scope of this thread in which convolutions and products of matrices compute in bfloat16. What was set before goes to
// `enabled` and `kind`, for the end of the scope.
int32_t tddp_autocast_begin(int32_t* enabled, int32_t* kind, char** message) {
  return guarded(message, [&] {
    *enabled = at::autocast::is_autocast_enabled(at::kCPU) ? 1 : 0;
    *kind = static_cast<int32_t>(at::autocast::get_autocast_dtype(at::kCPU));
    at::autocast::increment_nesting();
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCPU, true);
  });
}

// Ends the scope. The copies of parameters that it made are dropped with the outermost.
int32_t tddp_autocast_end(int32_t enabled, int32_t kind, char** message) {
  return guarded(message, [&] {
    at::autocast::set_autocast_enabled(at::kCPU, enabled != 0);
    at::autocast::set_autocast_dtype(at::kCPU, static_cast<at::ScalarType>(kind));
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  });
}

}  // extern "C"
