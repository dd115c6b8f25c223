//! What the heap does with freed memory while something is measured.
//!
//! glibc's heap gives freed memory back to the kernel as soon as a little has come together, and
//! faults it in again at the next allocation. How often depends on the thread, on what it allocated
//! before, and on the sizes: the same work on two threads then differs by up to 8 % for no reason
//! that a reader of a result could know. Heaps of other systems keep freed memory by themselves.

#[cfg(all(target_os = "linux", target_env = "gnu", not(workbench_portable)))]
mod glibc {
    #![expect(
        unsafe_code,
        reason = "only the C library can set up its heap, and no crate wraps that"
    )]

    /// Freed memory beyond this at the end of a heap is given back, in bytes.
    const KEPT: i32 = 1 << 30;

    /// Blocks up to this size come from the heap, not from a mapping of their own: the most that
    /// glibc takes, in bytes.
    const LARGEST_BLOCK: i32 = 32 << 20;

    pub fn keep_freed() {
        // SAFETY: `mallopt` takes two integers, touches no memory of this program, and may be
        // called at any time from any thread. Values that it refuses change nothing.
        unsafe {
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
            libc::mallopt(libc::M_MMAP_THRESHOLD, LARGEST_BLOCK);
        }
    }

    pub fn give_back() {
        // SAFETY: `malloc_trim` only gives memory back that nothing uses, and locks the heaps that
        // it looks at.
        unsafe {
            libc::malloc_trim(0);
        }
    }
}

/// From now on, freed memory stays with the program.
pub fn keep_freed() {
    #[cfg(all(target_os = "linux", target_env = "gnu", not(workbench_portable)))]
    glibc::keep_freed();
}

/// Gives all freed memory back to the kernel, once.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu", not(workbench_portable)))]
    glibc::give_back();
}
