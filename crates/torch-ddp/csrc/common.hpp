// What every part of the shim shares: the objects that Rust holds, and the border that no C++ exception crosses.
//
// Every exported function returns 0 or the kind of a failure, and on failure gives a message that the caller frees with
// tddp_string_free. A tensor argument is what torch-sys calls C_tensor: a pointer to an at::Tensor, borrowed for the call.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <ATen/ATen.h>
#include <c10/util/intrusive_ptr.h>
#include <torch/csrc/distributed/c10d/Store.hpp>

// The kinds, in the order of `ErrorKind` in src/error.rs.
enum tddp_kind : int32_t {
  TDDP_OK = 0,
  TDDP_TIMEOUT = 1,
  TDDP_CONNECTION = 2,
  TDDP_ADDRESS_IN_USE = 3,
  TDDP_MISMATCH = 4,
  TDDP_INVALID_ARGUMENT = 5,
  TDDP_OTHER = 6,
  TDDP_UNAVAILABLE = 7,
  TDDP_OUT_OF_MEMORY = 8,
};

struct tddp_store {
  c10::intrusive_ptr<c10d::Store> store;
};

namespace torch_ddp {

// The caller broke a rule that is checked here because libtorch would not.
struct InvalidArgument : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Something that this machine or this program lacks.
struct Unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Turns the exception being handled into a kind and a message. Call it from a catch block only.
int32_t describe_current_exception(char** message) noexcept;

template <class Body>
int32_t guarded(char** message, Body&& body) noexcept {
  try {
    std::forward<Body>(body)();
    return TDDP_OK;
  } catch (...) {
    return describe_current_exception(message);
  }
}

// A destructor has nobody to report to, and nothing may unwind into Rust.
template <class T>
void destroy(T* object) noexcept {
  try {
    delete object;
  } catch (...) {
  }
}

inline std::string text(const char* data, size_t length) {
  return std::string(data, length);
}

}  // namespace torch_ddp
