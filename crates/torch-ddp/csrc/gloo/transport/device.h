// Names only, see context.h.
#pragma once

namespace gloo {
namespace transport {

class Device;

// The header of ProcessGroupGloo has owning pointers to it in inline destructors, which need a complete type; the shim
// never makes an object that holds one.
class UnboundBuffer {
 public:
  virtual ~UnboundBuffer();
};

}  // namespace transport
}  // namespace gloo
