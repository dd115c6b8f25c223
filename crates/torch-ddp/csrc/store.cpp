// The key-value store through which processes find each other.

#include <chrono>
#include <vector>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "common.hpp"

using torch_ddp::guarded;
using torch_ddp::text;

namespace {

std::vector<uint8_t> bytes(const uint8_t* data, size_t length) {
  return std::vector<uint8_t>(data, data + length);
}

// Bytes for the caller, who frees them with tddp_bytes_free.
void give(const std::vector<uint8_t>& value, uint8_t** data, size_t* length) {
  auto* copy = new uint8_t[value.size()];
  std::copy(value.begin(), value.end(), copy);
  *data = copy;
  *length = value.size();
}

}  // namespace

extern "C" {

// `listen_fd`: a listening socket bound to `port` that the server takes over, or -1: the server binds to all addresses.
int32_t tddp_store_tcp(const char* host, size_t host_length, uint16_t port, int32_t is_server, int32_t listen_fd,
                       int64_t timeout_ms, tddp_store** out, uint16_t* actual_port, char** message) {
  return guarded(message, [&] {
    c10d::TCPStoreOptions options;
    options.port = port;
    options.isServer = is_server != 0;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(timeout_ms);
    if (listen_fd >= 0) options.masterListenFd = listen_fd;
    auto store = c10::make_intrusive<c10d::TCPStore>(text(host, host_length), options);
    *actual_port = store->getPort();
    *out = new tddp_store{store};
  });
}

int32_t tddp_store_prefix(const char* prefix, size_t prefix_length, const tddp_store* inner, tddp_store** out,
                          char** message) {
  return guarded(message, [&] {
    *out = new tddp_store{c10::make_intrusive<c10d::PrefixStore>(text(prefix, prefix_length), inner->store)};
  });
}

void tddp_store_free(tddp_store* store) {
  torch_ddp::destroy(store);
}

void tddp_bytes_free(uint8_t* data) {
  delete[] data;
}

int32_t tddp_store_set(const tddp_store* store, const char* key, size_t key_length, const uint8_t* value, size_t length,
                       char** message) {
  return guarded(message, [&] { store->store->set(text(key, key_length), bytes(value, length)); });
}

int32_t tddp_store_get(const tddp_store* store, const char* key, size_t key_length, uint8_t** value, size_t* length,
                       char** message) {
  return guarded(message, [&] { give(store->store->get(text(key, key_length)), value, length); });
}

int32_t tddp_store_compare_set(const tddp_store* store, const char* key, size_t key_length, const uint8_t* expected,
                               size_t expected_length, const uint8_t* desired, size_t desired_length, uint8_t** value,
                               size_t* length, char** message) {
  return guarded(message, [&] {
    give(store->store->compareSet(text(key, key_length), bytes(expected, expected_length),
                                  bytes(desired, desired_length)),
         value, length);
  });
}

int32_t tddp_store_add(const tddp_store* store, const char* key, size_t key_length, int64_t amount, int64_t* sum,
                       char** message) {
  return guarded(message, [&] { *sum = store->store->add(text(key, key_length), amount); });
}

int32_t tddp_store_delete(const tddp_store* store, const char* key, size_t key_length, int32_t* deleted,
                          char** message) {
  return guarded(message, [&] { *deleted = store->store->deleteKey(text(key, key_length)) ? 1 : 0; });
}

int32_t tddp_store_check(const tddp_store* store, const char* key, size_t key_length, int32_t* present,
                         char** message) {
  return guarded(message, [&] { *present = store->store->check({text(key, key_length)}) ? 1 : 0; });
}

int32_t tddp_store_num_keys(const tddp_store* store, int64_t* count, char** message) {
  return guarded(message, [&] { *count = store->store->getNumKeys(); });
}

int32_t tddp_store_wait(const tddp_store* store, const char* key, size_t key_length, int64_t timeout_ms,
                        char** message) {
  return guarded(message, [&] {
    store->store->wait({text(key, key_length)}, std::chrono::milliseconds(timeout_ms));
  });
}

}  // extern "C"
