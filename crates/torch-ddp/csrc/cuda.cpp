// Bringing CUDA into a process that does not link it, and the little of it that a program needs besides tensors.

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "common.hpp"

using torch_ddp::guarded;
using torch_ddp::InvalidArgument;
using torch_ddp::Unavailable;

// A point in the work of one GPU.
struct tddp_mark {
  c10::Event event;
};

namespace {

std::string loader_error() {
  const char* said = dlerror();
  return said == nullptr ? "the loader does not say why" : said;
}

// The folder that libtorch_cpu was loaded from.
std::string libtorch_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<void*>(&at::detail::getCUDAHooks), &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string path(info.dli_fname);
  const size_t end = path.rfind('/');
  return end == std::string::npos ? "" : path.substr(0, end);
}

void* open_libtorch_cuda() {
  const char* name = "libtorch_cuda.so";
  const std::string folder = libtorch_folder();
  const std::string beside = folder + "/" + name;
  const bool is_beside = !folder.empty() && access(beside.c_str(), F_OK) == 0;
  // Global, so that the part for NCCL finds its symbols, and those of the libraries it brings.
  void* library = dlopen(is_beside ? beside.c_str() : name, RTLD_LAZY | RTLD_GLOBAL);
  if (library != nullptr) return library;
  const std::string why = loader_error();
  throw Unavailable(is_beside ? beside + " cannot be loaded: " + why + "; CUDA's libraries belong beside it"
                              : "there is no " + std::string(name) + " in " + folder +
                                    ": this libtorch is for the CPU alone; take one with CUDA");
}

c10::impl::VirtualGuardImpl gpus() {
  return c10::impl::VirtualGuardImpl(c10::DeviceType::CUDA);
}

c10::Device gpu(int32_t index) {
  const int32_t count = gpus().deviceCount();
  if (index < 0 || index >= count) {
    throw Unavailable("cuda:" + std::to_string(index) + " is not there; libtorch sees " + std::to_string(count) + " GPUs");
  }
  return c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index));
}

// A file that has no name and goes with its last user.
class MemoryFile {
 public:
  MemoryFile(const uint8_t* data, size_t length) : descriptor_(memfd_create("torch-ddp-nccl", MFD_CLOEXEC)) {
    if (descriptor_ < 0) fail("memfd_create");
    while (length > 0) {
      const ssize_t written = write(descriptor_, data, length);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        const int error = errno;
        close(descriptor_);
        errno = error;
        fail("write");
      }
      data += written;
      length -= static_cast<size_t>(written);
    }
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  [[noreturn]] static void fail(const char* call) {
    throw Unavailable("no memory file can be made to load the NCCL part from: " + std::string(call) + ": " +
                      std::strerror(errno));
  }

  int descriptor_;
};

}  // namespace

extern "C" {

// What tddp_nccl_backend in nccl.cpp is.
typedef int32_t (*tddp_nccl_function)(const tddp_store*, int32_t, int32_t, int32_t, int64_t, int32_t, struct tddp_backend**,
                                      char**);

// Loads libtorch_cuda, if it is not there yet. Must come before anything else asks libtorch for CUDA: it looks once.
int32_t tddp_cuda_load(char** message) {
  return guarded(message, [&] {
    open_libtorch_cuda();
    if (!at::detail::getCUDAHooks().hasCUDART()) {
      throw Unavailable(
          "libtorch was asked about CUDA before it was loaded, and does not look again; call torch_ddp::cuda::load before all else");
    }
  });
}

// Without a driver or a GPU: 0.
int32_t tddp_cuda_device_count(int32_t* count, char** message) {
  return guarded(message, [&] { *count = gpus().deviceCount(); });
}

// For the calling thread.
int32_t tddp_cuda_set_device(int32_t index, char** message) {
  return guarded(message, [&] { gpus().setDevice(gpu(index)); });
}

// Marks the end of what this thread has given the GPU to do.
int32_t tddp_mark_new(int32_t index, tddp_mark** out, char** message) {
  return guarded(message, [&] {
    const c10::Device device = gpu(index);
    auto mark = std::make_unique<tddp_mark>(tddp_mark{c10::Event(c10::DeviceType::CUDA)});
    mark->event.record(gpus().getStream(device));
    *out = mark.release();
  });
}

void tddp_mark_free(tddp_mark* mark) {
  torch_ddp::destroy(mark);
}

// Whether the GPU has come so far.
int32_t tddp_mark_is_reached(const tddp_mark* mark, int32_t* reached, char** message) {
  return guarded(message, [&] { *reached = mark->event.query() ? 1 : 0; });
}

// Loads the part for NCCL from its bytes.
int32_t tddp_nccl_load(const uint8_t* image, size_t length, tddp_nccl_function* out, char** message) {
  return guarded(message, [&] {
    const MemoryFile file(image, length);
    void* part = dlopen(file.path().c_str(), RTLD_NOW | RTLD_LOCAL);
    if (part == nullptr) throw Unavailable("the NCCL part does not fit this libtorch: " + loader_error());
    void* function = dlsym(part, "tddp_nccl_backend");
    if (function == nullptr) throw Unavailable("the NCCL part is not what it should be: " + loader_error());
    *out = reinterpret_cast<tddp_nccl_function>(function);
  });
}

}  // extern "C"
