//! Network interfaces.

use std::collections::HashMap;
use std::path::Path;

use super::rates::rate;
use crate::monitor::Reread;
use crate::state::types::NetworkState;

/// What the kernel has counted of an interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct NetworkCounts {
    pub received: u64,
    pub sent: u64,
    pub faults: u64,
}

#[derive(Debug)]
pub(super) struct NetworkReader {
    file: Reread,
    text: Vec<u8>,
    last: HashMap<String, NetworkCounts>,
}

impl NetworkReader {
    pub fn new(root: &Path) -> Self {
        Self {
            // The interfaces of this process' own network, not of the one in which the file was
            // opened: `/proc/net` is a link to this.
            file: Reread::new(root.join("proc/self/net/dev")),
            text: Vec::new(),
            last: HashMap::new(),
        }
    }

    pub fn look(&mut self, passed: f64) -> Vec<NetworkState> {
        if self.file.read_whole(&mut self.text).is_none() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(&self.text);
        let mut networks = Vec::new();
        let mut counted = HashMap::new();
        for (name, now) in text
            .lines()
            .filter_map(parse)
            .filter(|(name, _)| *name != "lo")
        {
            let before = self.last.get(name).copied().unwrap_or(now);
            networks.push(NetworkState {
                name: name.to_owned(),
                received_bytes_s: rate(now.received, before.received, passed),
                sent_bytes_s: rate(now.sent, before.sent, passed),
                faults: now.faults.saturating_sub(before.faults),
            });
            counted.insert(name.to_owned(), now);
        }
        self.last = counted;
        networks
    }
}

/// A line of a `/proc/net/dev`; its two lines of titles have no colon.
pub(super) fn parse(line: &str) -> Option<(&str, NetworkCounts)> {
    let (name, numbers) = line.rsplit_once(':')?;
    let numbers = numbers.split_ascii_whitespace();
    let numbers: Vec<u64> = numbers.map_while(|word| word.parse().ok()).collect();
    let [
        received,
        _,
        bad,
        dropped,
        _,
        _,
        _,
        _,
        sent,
        _,
        bad_sent,
        dropped_sent,
        ..,
    ] = numbers[..]
    else {
        return None;
    };
    let faults = [bad, dropped, bad_sent, dropped_sent];
    let counts = NetworkCounts {
        received,
        sent,
        faults: faults.iter().fold(0, |sum, more| sum.saturating_add(*more)),
    };
    Some((name.trim(), counts))
}
