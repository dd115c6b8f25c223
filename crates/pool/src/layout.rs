//! Where a thread's stack and heap lie, chosen at random.
//!
//! Whether two arrays share a cache set depends on their addresses modulo the page size, and makes
//! the same code some percent faster or slower (Mytkowicz et al. 2009, "Producing wrong data
//! without doing anything obviously wrong"). Two ways of doing the same work start at different
//! addresses, always the same ones, so without this one of them would always be the faster one. At
//! random addresses the difference is noise, which repeats average out.

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;

/// Steps between possible addresses on the heap, in bytes: what allocators align to.
const STEP: usize = 16;

/// The addresses that matter differ within one page, in bytes.
const PAGE: usize = 4096;

/// Calls `body` with the stack, and the next blocks from the heap, moved by a random part of a
/// page.
///
/// To be called once on a new thread, for the whole time that its work is measured.
pub fn with_random_layout<T>(body: impl FnOnce() -> T) -> T {
    let random = RandomState::new();
    let part = |which: u8| random.hash_one(which) as usize % (PAGE / STEP);
    let heap = vec![1_u8; STEP * part(0)];
    let result = deeper(part(1) / FRAME_STEPS, body);
    black_box(&heap);
    result
}

/// About how many steps one call of [`deeper`] moves the stack.
const FRAME_STEPS: usize = 4;

/// Calls `body` under `depth` frames more.
#[inline(never)]
fn deeper<T, F: FnOnce() -> T>(depth: usize, body: F) -> T {
    let frame = black_box([depth; 4]);
    let result = match depth.checked_sub(1) {
        Some(less) => deeper(less, body),
        None => body(),
    };
    // Used after the call, so that no frame is left out.
    black_box(&frame);
    result
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn stacks_and_heaps_begin_at_many_addresses() {
        let places = |place: fn() -> usize| -> BTreeSet<usize> {
            let run = || std::thread::spawn(move || with_random_layout(place)).join();
            (0..50).map(|_| run().unwrap() % PAGE).collect()
        };
        let stack = || {
            let local = 0_u8;
            std::ptr::from_ref(black_box(&local)).addr()
        };
        // Too large for what small blocks leave free, too small for a mapping of its own.
        let heap = || {
            let block = vec![0_u8; 100_000];
            black_box(&block).as_ptr().addr()
        };
        assert!(places(stack).len() > 10);
        assert!(places(heap).len() > 10);
    }
}
