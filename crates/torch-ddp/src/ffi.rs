//! The C interface of the shim in `csrc/`, declared once, and the two helpers every call goes
//! through.
//!
//! Belongs here: declarations and what turns a status into a [`Result`]. Does not belong here: who
//! owns what.
//!
//! A hand-written C interface rather than a generated one: tensors cross the border as torch-sys's
//! `C_tensor` pointers, which no generator knows, and the rest is integers and byte strings.
#![expect(
    unsafe_code,
    reason = "the border to C++; every block says why it is sound"
)]

use std::ffi::{CStr, c_char};
use std::ptr;

use torch_sys::C_tensor;

use crate::error::{Error, ErrorKind};

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub(crate) struct $name {
            _private: [u8; 0],
        }
    )+};
}

opaque!(
    /// A reference to a `c10d::Store`.
    Store,
    /// A process group and its backend.
    Group,
    /// A collective under way.
    Work,
    /// The reducer of one model.
    Ddp,
    /// A backend for a GPU that no group has yet.
    Backend,
    /// A point in the work of a GPU.
    Mark,
);

/// As `tddp_ddp_options` in `csrc/reducer.cpp`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    pub first_bucket_bytes: i64,
    pub bucket_bytes: i64,
    pub find_unused: i32,
    pub gradient_as_bucket_view: i32,
    pub static_graph: i32,
    pub fixed_buckets: i32,
    pub compression: i32,
}

/// As `tddp_adam_step` in `csrc/adam.cpp`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamOptions {
    pub lr: f64,
    pub beta1: f64,
    pub beta2: f64,
    pub epsilon: f64,
    pub step: f64,
}

/// As `tddp_ddp_timings` in `csrc/reducer.cpp`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Timings {
    pub iteration: i64,
    pub forward: i64,
    pub backward: i64,
    pub communication: i64,
    pub overlap: i64,
}

/// `tddp_nccl_backend` of the part for NCCL, which is not there before it is loaded.
pub(crate) type NcclBackend = unsafe extern "C" fn(
    store: *const Store,
    rank: i32,
    size: i32,
    device: i32,
    timeout_ms: i64,
    high_priority: i32,
    out: *mut *mut Backend,
    message: Message,
) -> i32;

/// Where a function puts the message of its failure.
pub(crate) type Message = *mut *mut c_char;

// SAFETY of the declarations: they match csrc/*.cpp in order and width of their arguments (size_t
// is usize on every platform that Rust and libtorch share), and those functions let no exception
// out.
unsafe extern "C" {
    pub(crate) fn tddp_string_free(text: *mut c_char);
    pub(crate) fn tddp_bytes_free(data: *mut u8);

    pub(crate) fn tddp_store_tcp(
        host: *const u8,
        host_length: usize,
        port: u16,
        is_server: i32,
        listen_fd: i32,
        timeout_ms: i64,
        out: *mut *mut Store,
        actual_port: *mut u16,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_prefix(
        prefix: *const u8,
        prefix_length: usize,
        inner: *const Store,
        out: *mut *mut Store,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_free(store: *mut Store);
    pub(crate) fn tddp_store_set(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        value: *const u8,
        length: usize,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_get(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        value: *mut *mut u8,
        length: *mut usize,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_compare_set(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        expected: *const u8,
        expected_length: usize,
        desired: *const u8,
        desired_length: usize,
        value: *mut *mut u8,
        length: *mut usize,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_add(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        amount: i64,
        sum: *mut i64,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_delete(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        deleted: *mut i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_check(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        present: *mut i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_num_keys(
        store: *const Store,
        count: *mut i64,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_store_wait(
        store: *const Store,
        key: *const u8,
        key_length: usize,
        timeout_ms: i64,
        message: Message,
    ) -> i32;

    pub(crate) fn tddp_group_gloo(
        store: *const Store,
        rank: i32,
        size: i32,
        timeout_ms: i64,
        threads: i32,
        device_kind: i32,
        device_name: *const u8,
        device_name_length: usize,
        checked: i32,
        out: *mut *mut Group,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_free(group: *mut Group);
    pub(crate) fn tddp_group_add_device(
        group: *mut Group,
        backend: *mut Backend,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_check(group: *const Group, message: Message) -> i32;
    pub(crate) fn tddp_backend_free(backend: *mut Backend);
    pub(crate) fn tddp_cuda_load(message: Message) -> i32;
    pub(crate) fn tddp_cuda_device_count(count: *mut i32, message: Message) -> i32;
    pub(crate) fn tddp_cuda_set_device(index: i32, message: Message) -> i32;
    pub(crate) fn tddp_mark_new(index: i32, out: *mut *mut Mark, message: Message) -> i32;
    pub(crate) fn tddp_mark_free(mark: *mut Mark);
    pub(crate) fn tddp_mark_is_reached(
        mark: *const Mark,
        reached: *mut i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_nccl_load(
        image: *const u8,
        length: usize,
        out: *mut Option<NcclBackend>,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_abort(group: *const Group, message: Message) -> i32;
    pub(crate) fn tddp_group_broadcast(
        group: *const Group,
        tensor: *const C_tensor,
        root: i32,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_all_reduce(
        group: *const Group,
        tensor: *const C_tensor,
        op: i32,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_all_gather(
        group: *const Group,
        tensor: *const C_tensor,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_reduce(
        group: *const Group,
        tensor: *const C_tensor,
        root: i32,
        op: i32,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_gather(
        group: *const Group,
        tensor: *const C_tensor,
        root: i32,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_scatter(
        group: *const Group,
        tensor: *const C_tensor,
        parts: *const *const C_tensor,
        count: usize,
        root: i32,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_reduce_scatter(
        group: *const Group,
        tensor: *const C_tensor,
        op: i32,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_all_to_all(
        group: *const Group,
        tensor: *const C_tensor,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_sum(
        group: *const Group,
        tensor: *const C_tensor,
        timeout_ms: i64,
        out: *mut *mut C_tensor,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_send(
        group: *const Group,
        tensor: *const C_tensor,
        to: i32,
        tag: i32,
        timeout_ms: i64,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_recv(
        group: *const Group,
        tensor: *const C_tensor,
        from: i32,
        tag: i32,
        timeout_ms: i64,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_barrier(
        group: *const Group,
        timeout_ms: i64,
        out: *mut *mut Work,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_group_monitored_barrier(
        group: *const Group,
        timeout_ms: i64,
        message: Message,
    ) -> i32;

    pub(crate) fn tddp_work_free(work: *mut Work);
    pub(crate) fn tddp_work_is_completed(
        work: *const Work,
        completed: *mut i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_work_wait(
        work: *const Work,
        timeout_ms: i64,
        completed: *mut i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_work_tensor_count(work: *const Work) -> usize;
    pub(crate) fn tddp_work_tensor(
        work: *const Work,
        index: usize,
        out: *mut *mut C_tensor,
        message: Message,
    ) -> i32;

    pub(crate) fn tddp_ddp_new(
        group: *const Group,
        params: *const *const C_tensor,
        names: *const *const u8,
        name_lengths: *const usize,
        param_count: usize,
        buffers: *const *const C_tensor,
        buffer_count: usize,
        options: *const Options,
        out: *mut *mut Ddp,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_adam_step_all(
        tensors: *const *const C_tensor,
        count: usize,
        options: *const AdamOptions,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_autocast_begin(enabled: *mut i32, kind: *mut i32, message: Message) -> i32;
    pub(crate) fn tddp_autocast_end(enabled: i32, kind: i32, message: Message) -> i32;
    pub(crate) fn tddp_ddp_free(ddp: *mut Ddp);
    pub(crate) fn tddp_ddp_sync_buffers(ddp: *const Ddp, root: i32, message: Message) -> i32;
    pub(crate) fn tddp_ddp_sync_parameters(ddp: *const Ddp, root: i32, message: Message) -> i32;
    pub(crate) fn tddp_ddp_divide_by(
        ddp: *const Ddp,
        counted: *const Work,
        is_fixed: i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_ddp_knows_graph(ddp: *const Ddp) -> i32;
    pub(crate) fn tddp_ddp_shadow_backward(ddp: *const Ddp, message: Message) -> i32;
    pub(crate) fn tddp_ddp_prepare_for_forward(ddp: *const Ddp, message: Message) -> i32;
    pub(crate) fn tddp_ddp_rebuild_buckets(
        ddp: *const Ddp,
        rebuilt: *mut i32,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_ddp_prepare_for_backward(
        ddp: *mut Ddp,
        outputs: *const *const C_tensor,
        count: usize,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_backward(loss: *const C_tensor, message: Message) -> i32;
    pub(crate) fn tddp_ddp_zero_grad(ddp: *const Ddp, message: Message) -> i32;
    pub(crate) fn tddp_ddp_bucket_sizes(
        ddp: *const Ddp,
        sizes: *mut i64,
        capacity: usize,
        count: *mut usize,
        message: Message,
    ) -> i32;
    pub(crate) fn tddp_ddp_timings(ddp: *const Ddp, out: *mut Timings, message: Message) -> i32;
    pub(crate) fn tddp_grad_enabled() -> i32;
}

/// Calls a function of the shim and turns its status into a result; `what` says in the error what
/// was being done.
pub(crate) fn check(what: &str, call: impl FnOnce(Message) -> i32) -> Result<(), Error> {
    let mut text: *mut c_char = ptr::null_mut();
    let status = call(&raw mut text);
    let message = take_message(text);
    match ErrorKind::from_status(status) {
        None => Ok(()),
        Some(kind) => Err(Error::from_cpp(
            kind,
            what,
            message.as_deref().unwrap_or(""),
        )),
    }
}

/// Copies a message of the shim and frees it.
fn take_message(text: *mut c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the shim set `text`, if at all, to a string with a final zero (strdup) that is ours
    // until it is freed, once, below.
    let message = unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: as above; nothing refers to `text` after this.
    unsafe { tddp_string_free(text) };
    Some(message)
}
