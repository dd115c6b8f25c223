//! The cores' current frequency on Linux.
//!
//! The frequency driver's files are preferred. `/proc/cpuinfo` serves where there are none, but
//! only on processors that count their cycles: elsewhere it holds the nominal frequency, and a
//! constant must not pass for a measurement.

use std::path::Path;
use std::time::Duration;

use super::reread::Reread;
use crate::linux::cpuinfo;
use crate::monitor::pace::Pace;

/// One file per core, or one long file for all, is too much for every look.
const SHORTEST: Duration = Duration::from_secs(1);
const BUDGET: f64 = 0.001;
/// A process may have 1024 files open by default, and the rest of the program wants some.
const MOST_FILES: usize = 256;

#[derive(Debug)]
pub(crate) struct Frequencies {
    source: Source,
    pace: Pace,
    mhz: Vec<u32>,
}

#[derive(Debug)]
enum Source {
    None,
    /// The frequency driver's file of each core.
    Driver(Vec<Reread>),
    /// `/proc/cpuinfo`, with the cores' numbers and buffers to reuse.
    CpuInfo {
        file: Reread,
        ids: Vec<u32>,
        text: Vec<u8>,
        found: Vec<(u32, u32)>,
    },
}

impl Frequencies {
    /// `ids` are the kernel's numbers of the cores.
    pub fn new(root: &Path, ids: &[u32]) -> Self {
        Self {
            source: Source::new(root, ids),
            pace: Pace::new(BUDGET, SHORTEST),
            mhz: Vec::new(),
        }
    }

    /// Each core's frequency in MHz, at most some seconds old; 0 for a core that does not say,
    /// empty when none does.
    pub fn look(&mut self) -> &[u32] {
        let (source, mhz) = (&mut self.source, &mut self.mhz);
        self.pace.run(|| {
            source.read(mhz);
            if mhz.iter().all(|&mhz| mhz == 0) {
                mhz.clear();
            }
        });
        &self.mhz
    }
}

impl Source {
    fn new(root: &Path, ids: &[u32]) -> Self {
        if ids.len() <= MOST_FILES {
            let files: Vec<Reread> = ids
                .iter()
                .map(|id| {
                    let file = format!("sys/devices/system/cpu/cpu{id}/cpufreq/scaling_cur_freq");
                    Reread::new(root.join(file))
                })
                .collect();
            if files.iter().any(Reread::is_open) {
                return Self::Driver(files);
            }
        }
        let mut file = Reread::new(root.join("proc/cpuinfo"));
        let mut text = Vec::new();
        let measured = file.read_whole(&mut text).is_some()
            && cpuinfo::parse(&String::from_utf8_lossy(&text)).measures_frequency;
        if measured {
            let ids = ids.to_vec();
            let found = Vec::new();
            Self::CpuInfo {
                file,
                ids,
                text,
                found,
            }
        } else {
            Self::None
        }
    }

    fn read(&mut self, mhz: &mut Vec<u32>) {
        mhz.clear();
        match self {
            Self::None => {}
            Self::Driver(files) => {
                let mut buffer = [0; 32];
                mhz.extend(
                    files
                        .iter_mut()
                        .map(|file| file.read(&mut buffer).and_then(parse_khz).unwrap_or(0)),
                );
            }
            Self::CpuInfo {
                file,
                ids,
                text,
                found,
            } => {
                found.clear();
                if file.read_whole(text).is_some() {
                    cpuinfo::parse_mhz(text, found);
                }
                // The file lists the cores in the order of their numbers, as `ids` mostly does.
                let mut next = 0;
                mhz.extend(ids.iter().map(|id| {
                    let at = (next..found.len())
                        .chain(0..next)
                        .find(|&at| found[at].0 == *id);
                    at.map_or(0, |at| {
                        next = at + 1;
                        found[at].1
                    })
                }));
            }
        }
    }
}

/// A frequency file holds kHz.
pub(super) fn parse_khz(text: &[u8]) -> Option<u32> {
    let khz: u64 = str::from_utf8(text).ok()?.trim().parse().ok()?;
    u32::try_from((khz + 500) / 1000).ok()
}
