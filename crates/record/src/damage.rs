//! What of a log cannot be read.

use std::collections::BTreeSet;

use super::event::{RepeatId, Unreadable, UnreadableKind};

/// What of a log cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damage {
    /// The first stretches of damaged lines, in order.
    pub stretches: Vec<Unreadable>,
    /// Damaged lines in all.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Lines of kinds that this version does not know.
    pub unknown_lines: u64,
    /// Repeats of which a part is missing. They count as not finished.
    pub repeats: BTreeSet<RepeatId>,
    /// Whether the start of a repeat may be missing: what comes does not belong to the last one.
    pub(crate) start_lost: bool,
}

impl Damage {
    /// As many stretches are kept.
    const MOST: usize = 5;

    pub(crate) fn add(&mut self, found: Unreadable) {
        match found.kind {
            UnreadableKind::Unknown => self.unknown_lines += found.lines,
            UnreadableKind::Damaged => {
                self.lines += found.lines;
                self.bytes += found.bytes;
                if self.stretches.len() < Self::MOST {
                    self.stretches.push(found);
                }
            }
        }
    }
}
