//! What only the moment before `main` can tell: whether the standard output was open.
//!
//! Rust opens `/dev/null` in place of a standard stream that is closed (`workbench --json >&-`),
//! so that later everything seems to be written.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the standard output was closed when the program started.
static STDOUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether the standard output was closed when the program started. Known on Linux and macOS.
pub fn stdout_closed() -> bool {
    STDOUT_CLOSED.load(Ordering::Relaxed)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod before_main {
    #![expect(
        unsafe_code,
        reason = "no safe code runs before Rust's own start-up, which hides the closed stream"
    )]

    use std::sync::atomic::Ordering;

    // SAFETY: the section holds addresses of functions that take nothing and return nothing (C
    // libraries may pass arguments, which such a function ignores), and this is one. It allocates
    // nothing, uses no thread and no part of the standard library that must be set up first: one
    // system call and one store.
    #[used]
    #[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
    #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
        super::STDOUT_CLOSED.store(closed, Ordering::Relaxed);
    }
}
