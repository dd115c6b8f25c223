// Names only: what ProcessGroupGloo.hpp mentions of gloo. PyTorch's packages carry gloo inside libtorch_cpu but not its
// headers. Nothing here describes a layout; objects of these types are made and destroyed inside libtorch alone.
#pragma once

#include <chrono>

namespace gloo {

class Context {
 public:
  // An ordinary member function that libtorch_cpu exports.
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo
