// The collectives beyond those that data-parallel training needs, and messages between two ranks.

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/distributed/c10d/Types.hpp>

#include "collective.hpp"

using torch_ddp::backend_for;
using torch_ddp::guarded;
using torch_ddp::InvalidArgument;
using torch_ddp::milliseconds;
using torch_ddp::pending;
using torch_ddp::reduce_op;

namespace {

// The rows of one rank, where a tensor has rows for all.
int64_t rows_per_rank(const tddp_group& group, const at::Tensor& tensor) {
  const int64_t size = group.gloo->getSize();
  if (tensor.dim() == 0 || tensor.size(0) % size != 0) {
    throw InvalidArgument("the first dimension of the tensor cannot be dealt to " + std::to_string(size) +
                          " ranks; give a multiple");
  }
  return tensor.size(0) / size;
}

}  // namespace

extern "C" {

int32_t tddp_group_reduce(const tddp_group* group, const at::Tensor* tensor, int32_t root, int32_t op,
                          int64_t timeout_ms, tddp_work** out, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::ReduceOptions options;
    options.reduceOp = reduce_op(op);
    options.rootRank = root;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> tensors{*tensor};
    auto work = backend->reduce(tensors, options);
    *out = pending(*group, backend, work, tensors, timeout_ms);
  });
}

// On the root the tensors of all ranks come out, elsewhere none.
int32_t tddp_group_gather(const tddp_group* group, const at::Tensor* tensor, int32_t root, int64_t timeout_ms,
                          tddp_work** out, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::GatherOptions options;
    options.rootRank = root;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> inputs{tensor->detach()};
    std::vector<std::vector<at::Tensor>> outputs;
    if (group->gloo->getRank() == root) {
      outputs.resize(1);
      for (int rank = 0; rank < group->gloo->getSize(); ++rank) outputs[0].push_back(at::empty_like(inputs[0]));
    }
    auto work = backend->gather(outputs, inputs, options);
    *out = pending(*group, backend, work, outputs.empty() ? std::vector<at::Tensor>{} : outputs[0], timeout_ms);
  });
}

// `parts` are those for all ranks on the root, and none elsewhere; `tensor` is written to.
int32_t tddp_group_scatter(const tddp_group* group, const at::Tensor* tensor, const at::Tensor* const* parts,
                           size_t count, int32_t root, int64_t timeout_ms, tddp_work** out, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::ScatterOptions options;
    options.rootRank = root;
    options.timeout = milliseconds(timeout_ms);
    std::vector<at::Tensor> outputs{*tensor};
    std::vector<std::vector<at::Tensor>> inputs;
    if (group->gloo->getRank() == root) {
      inputs.resize(1);
      for (size_t i = 0; i < count; ++i) {
        torch_ddp::require_plain(*group, *parts[i]);
        inputs[0].push_back(parts[i]->detach());
      }
    }
    auto work = backend->scatter(outputs, inputs, options);
    *out = pending(*group, backend, work, outputs, timeout_ms);
  });
}

int32_t tddp_group_reduce_scatter(const tddp_group* group, const at::Tensor* tensor, int32_t op, int64_t timeout_ms,
                                  tddp_work** out, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    c10d::ReduceScatterOptions options;
    options.reduceOp = reduce_op(op);
    options.timeout = milliseconds(timeout_ms);
    at::Tensor input = tensor->detach();
    std::vector<int64_t> sizes = input.sizes().vec();
    const int64_t rows = rows_per_rank(*group, input);
    sizes[0] = rows;
    at::Tensor output = at::empty(sizes, input.options());
    auto work = backend->_reduce_scatter_base(output, input, options);
    *out = pending(*group, backend, work, {output}, timeout_ms);
  });
}

int32_t tddp_group_all_to_all(const tddp_group* group, const at::Tensor* tensor, int64_t timeout_ms, tddp_work** out,
                              char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    rows_per_rank(*group, *tensor);
    c10d::AllToAllOptions options;
    options.timeout = milliseconds(timeout_ms);
    at::Tensor input = tensor->detach();
    at::Tensor output = at::empty_like(input);
    std::vector<int64_t> even;
    auto work = backend->alltoall_base(output, input, even, even, options);
    *out = pending(*group, backend, work, {output}, timeout_ms);
  });
}

int32_t tddp_group_send(const tddp_group* group, const at::Tensor* tensor, int32_t to, int32_t tag, int64_t timeout_ms,
                        char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    std::vector<at::Tensor> tensors{tensor->detach()};
    backend->send(tensors, to, tag)->wait(milliseconds(timeout_ms));
  });
}

int32_t tddp_group_recv(const tddp_group* group, const at::Tensor* tensor, int32_t from, int32_t tag,
                        int64_t timeout_ms, char** message) {
  return guarded(message, [&] {
    const auto& backend = backend_for(*group, *tensor);
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> tensors{*tensor};
    backend->recv(tensors, from, tag)->wait(milliseconds(timeout_ms));
  });
}

}  // extern "C"
