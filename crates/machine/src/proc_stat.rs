//! The processors' clock ticks in Linux' `/proc/stat`: reading them, and what share of the time
//! between two readings they stand for.
//!
//! The file's first lines count, per processor and since boot, the ticks (usually 10 ms) spent in
//! each state. Many lines of other counters follow, which this parser never touches.

/// Ticks of one processor since boot, by state: user, nice, system, idle, iowait, irq,
/// softirq, steal. The ticks of virtual guests, which follow in the file, are already
/// contained in user and nice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ticks(pub [u64; STATES]);

const STATES: usize = 8;
const IDLE: usize = 3;
const IOWAIT: usize = 4;
const STEAL: usize = 7;
/// Columns that every kernel writes; later kernels added the others.
const NEEDED: usize = 4;

/// Shares (0 to 1) of the time between two readings of one processor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    /// Spent working for anybody: not idle, not waiting for a disk, not taken by the hypervisor.
    pub busy: f64,
    /// Taken by the hypervisor for others while this processor had work.
    pub steal: f64,
}

impl Ticks {
    /// The shares since an earlier reading, or `None` when no tick passed.
    ///
    /// A counter that went backwards (the kernel lets idle and iowait do so, and a processor that
    /// was offline may start over) counts as standing still.
    pub fn since(&self, earlier: &Self) -> Option<Shares> {
        let mut passed = [0_u64; STATES];
        for (passed, (now, before)) in passed.iter_mut().zip(self.0.iter().zip(earlier.0)) {
            *passed = now.saturating_sub(before);
        }
        let total: f64 = passed.iter().map(|&ticks| ticks as f64).sum();
        let not_working: f64 = [IDLE, IOWAIT, STEAL]
            .iter()
            .map(|&state| passed[state] as f64)
            .sum();
        (total > 0.0).then(|| Shares {
            busy: ((total - not_working) / total).clamp(0.0, 1.0),
            steal: passed[STEAL] as f64 / total,
        })
    }

    /// Ticks that the hypervisor gave to others since an earlier reading.
    pub fn stolen_since(&self, earlier: &Self) -> u64 {
        self.0[STEAL].saturating_sub(earlier.0[STEAL])
    }

    /// Whether the hypervisor ever took time from this processor.
    pub fn has_steal(&self) -> bool {
        self.0[STEAL] > 0
    }
}

/// Replaces `cores` by the number and ticks of every processor line at the head of a `/proc/stat`,
/// in the file's order.
///
/// Returns whether the end of these lines was seen; otherwise `text` was cut short and may lack
/// processors. Lines that make no sense are left out.
pub fn parse_cores(text: &[u8], cores: &mut Vec<(u32, Ticks)>) -> bool {
    cores.clear();
    let mut rest = text;
    while let Some(line) = rest.strip_prefix(b"cpu") {
        let Some(end) = line.iter().position(|&byte| byte == b'\n') else {
            return false;
        };
        cores.extend(parse_core(&line[..end]));
        rest = &line[end + 1..];
    }
    !b"cpu".starts_with(rest)
}

/// The ticks of all processors together, from the file's first line.
pub fn parse_total(text: &[u8]) -> Option<Ticks> {
    let line = text.strip_prefix(b"cpu ")?;
    let end = line
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(line.len());
    parse_ticks(&line[..end])
}

/// `line` is what follows `cpu`. The line of all processors together has no number there
/// and yields nothing.
fn parse_core(line: &[u8]) -> Option<(u32, Ticks)> {
    let end = line.iter().position(|&byte| byte == b' ')?;
    let id = number(&line[..end]).and_then(|id| u32::try_from(id).ok())?;
    Some((id, parse_ticks(&line[end..])?))
}

fn parse_ticks(columns: &[u8]) -> Option<Ticks> {
    let mut ticks = Ticks::default();
    let mut found = 0;
    let words = columns
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty());
    for (tick, word) in ticks.0.iter_mut().zip(words) {
        *tick = number(word)?;
        found += 1;
    }
    (found >= NEEDED).then_some(ticks)
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9)
            .then(|| value.checked_mul(10)?.checked_add(u64::from(digit)))
            .flatten()
    })
}
