//! Scan and move in vector instructions. The only files with `unsafe`: each block says why it
//! holds.
//!
//! Weights and sums are added as integers; converting, multiplying and dividing are the same
//! operations as in the portable path, rounded in the same way. All paths therefore find the same
//! splits.

#![allow(unsafe_code, reason = "instructions that a processor may not have")]
#![allow(
    clippy::cast_possible_wrap,
    reason = "lanes have a sign, numbers stay far below it"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod shared;

use super::sides::{Sides, move_portable};
use super::strips::{
    HALF, LANES, LaneBest, NodeTotals, Strip, StripScan, load_portable, scan_portable,
};
use crate::packed::TemplateStrip;

/// Which instructions the scan uses. Trees are the same on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum VectorPath {
    /// What every processor has.
    #[default]
    Portable,
    /// NEON, 2 lanes; on another processor as [`Self::Portable`].
    Neon,
    /// AVX2, 4 lanes.
    Avx2,
    /// AVX-512 (F, BW, DQ), 8 lanes.
    Avx512,
}

impl VectorPath {
    /// The best path of this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let has_512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if has_512 {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            return Self::Neon;
        }
        Self::Portable
    }

    /// This path, or the best one that the processor has if it lacks this one.
    #[must_use]
    pub fn or_lower(self) -> Self {
        self.min(Self::detect())
    }
}

/// Looks at every split. The path is one that [`VectorPath::detect`] allows.
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(unused_variables, clippy::ptr_arg, reason = "some paths need more")
)]
pub fn scan<const RAW: bool>(
    path: VectorPath,
    node: &StripScan,
    totals: &NodeTotals,
    scratch: &mut Vec<Strip>,
) -> LaneBest {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 if node.looked >> HALF != 0 => unsafe {
            avx512::scan::<RAW>(node, totals, scratch)
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above; who has AVX-512 has AVX2.
        VectorPath::Avx512 | VectorPath::Avx2 => unsafe { avx2::scan::<RAW>(node, totals) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Neon => unsafe { neon::scan::<RAW>(node, totals) },
        _ => scan_portable::<RAW>(node, totals),
    }
}

/// Puts the entries of every lane that go left before those that go right, both in their order.
/// `width` is the number of lanes in use.
pub fn partition(
    path: VectorPath,
    width: usize,
    (from, to): (&[Strip], &mut [Strip]),
    left: usize,
    sides: Sides,
) {
    let right = match sides {
        #[cfg(target_arch = "x86_64")]
        Sides::Bits(bits) if path == VectorPath::Avx512 => {
            // SAFETY: `or_lower` has made sure that the processor has these instructions.
            unsafe { avx512::partition_numbered(width, (from, to), left, bits) };
            return;
        }
        Sides::Bits(_) => return move_portable(from, to, left, sides),
        Sides::Rows(right) => right,
    };
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 if width <= HALF => unsafe {
            avx512::partition::<HALF>(from, to, left, right);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx512 => unsafe { avx512::partition::<LANES>(from, to, left, right) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx2 if width <= HALF => unsafe {
            avx2::partition::<HALF>(from, to, left, right);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx2 => unsafe { avx2::partition::<LANES>(from, to, left, right) },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: as above.
        VectorPath::Neon if width <= HALF => unsafe {
            neon::partition::<HALF>(from, to, left, right);
        },
        #[cfg(target_arch = "aarch64")]
        // SAFETY: as above.
        VectorPath::Neon => unsafe { neon::partition::<LANES>(from, to, left, right) },
        _ => move_portable(from, to, left, sides),
    }
}

/// Takes the rows that have a load: weight | load << 8 of each row. Behind the last strip that is
/// taken is room for one more.
#[cfg_attr(
    not(target_arch = "x86_64"),
    allow(unused_variables, reason = "some paths need more")
)]
pub fn load(
    path: VectorPath,
    width: usize,
    templates: &[TemplateStrip],
    loads: &[u32],
    to: &mut [Strip],
) {
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `or_lower` has made sure that the processor has these instructions.
        VectorPath::Avx512 if width <= HALF => unsafe {
            avx512::load::<HALF>(templates, loads, to);
        },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        VectorPath::Avx512 => unsafe { avx512::load::<LANES>(templates, loads, to) },
        _ => load_portable(templates, loads, to),
    }
}
