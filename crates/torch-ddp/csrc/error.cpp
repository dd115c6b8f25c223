// From C++ exceptions to a kind and a message.

#include <cctype>
#include <cstdlib>
#include <cstring>
#include <new>
#include <typeinfo>

#include <torch/csrc/distributed/c10d/exception.h>

#include "common.hpp"

namespace torch_ddp {
namespace {

bool contains(const std::string& lower, const char* part) {
  return lower.find(part) != std::string::npos;
}

// libtorch and gloo throw the same few types for many causes, so that the text has to tell them apart.
int32_t kind_of_text(const std::string& what, int32_t otherwise) {
  std::string lower(what);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (contains(lower, "mismatch between collectives") || contains(lower, "different shapes") ||
      contains(lower, "collectives differ in")) {
    return TDDP_MISMATCH;
  }
  if (contains(lower, "no gpus found")) return TDDP_UNAVAILABLE;
  if (contains(lower, "duplicate gpu detected")) return TDDP_INVALID_ARGUMENT;
  if (contains(lower, "out of memory")) return TDDP_OUT_OF_MEMORY;
  if (contains(lower, "failed to pass monitoredbarrier")) return TDDP_TIMEOUT;
  if (contains(lower, "eaddrinuse") || contains(lower, "address already in use")) return TDDP_ADDRESS_IN_USE;
  if (contains(lower, "connection closed") || contains(lower, "connection reset") || contains(lower, "broken pipe") ||
      contains(lower, "connection refused") || contains(lower, "reset by peer") || contains(lower, "socket closed") ||
      contains(lower, "remote process exited") || contains(lower, "group was given up")) {
    return TDDP_CONNECTION;
  }
  if (contains(lower, "timed out") || contains(lower, "timeout") || contains(lower, "time out")) return TDDP_TIMEOUT;
  return otherwise;
}

int32_t report(char** message, int32_t kind, const char* what) noexcept {
  // Without memory for a message the kind must do.
  if (message != nullptr) *message = ::strdup(what);
  return kind;
}

}  // namespace

int32_t describe_current_exception(char** message) noexcept {
  try {
    try {
      throw;
    } catch (const InvalidArgument& error) {
      return report(message, TDDP_INVALID_ARGUMENT, error.what());
    } catch (const Unavailable& error) {
      return report(message, TDDP_UNAVAILABLE, error.what());
    } catch (const std::bad_alloc& error) {
      return report(message, TDDP_OUT_OF_MEMORY, error.what());
    } catch (const c10::OutOfMemoryError& error) {
      return report(message, TDDP_OUT_OF_MEMORY, error.what_without_backtrace());
    } catch (const c10d::TimeoutError& error) {
      return report(message, TDDP_TIMEOUT, error.what_without_backtrace());
    } catch (const c10::DistNetworkError& error) {
      const std::string what(error.what_without_backtrace());
      return report(message, kind_of_text(what, TDDP_CONNECTION), what.c_str());
    } catch (const c10::DistStoreError& error) {
      const std::string what(error.what_without_backtrace());
      return report(message, kind_of_text(what, TDDP_CONNECTION), what.c_str());
    } catch (const c10::Error& error) {
      const std::string what(error.what_without_backtrace());
      return report(message, kind_of_text(what, TDDP_OTHER), what.c_str());
    } catch (const std::exception& error) {
      // gloo's exceptions are known by name only, since its headers are not there.
      const char* type = typeid(error).name();
      const std::string what(error.what());
      int32_t otherwise = TDDP_OTHER;
      if (std::strstr(type, "TimeoutException") != nullptr) otherwise = TDDP_TIMEOUT;
      if (std::strstr(type, "IoException") != nullptr) otherwise = TDDP_CONNECTION;
      return report(message, kind_of_text(what, otherwise), what.c_str());
    } catch (...) {
      return report(message, TDDP_OTHER, "an exception that is no std::exception");
    }
  } catch (...) {
    // Building the message failed, for want of memory.
    return TDDP_OTHER;
  }
}

}  // namespace torch_ddp

extern "C" void tddp_string_free(char* text) {
  std::free(text);
}
