//! Temperatures of processors, from the sensors that the kernel names after them.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::linux::files;
use crate::monitor::Reread;

/// More sensors than any machine has cores.
const MOST: usize = 2048;

/// Where a core is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct CorePlace {
    pub socket: Option<u32>,
    pub node: Option<u32>,
    /// Number of the physical core on its socket.
    pub core: Option<u32>,
}

/// What a sensor measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// A physical core of a socket.
    Core(u32, u32),
    /// A whole socket.
    Socket(u32),
}

/// The sensors, and what they said last.
#[derive(Debug)]
pub(super) struct Temperatures {
    sensors: Vec<(Spot, Reread)>,
    cores: HashMap<(u32, u32), f32>,
    sockets: HashMap<u32, f32>,
}

impl Temperatures {
    pub fn new(root: &Path) -> Self {
        Self {
            sensors: sensors(root),
            cores: HashMap::new(),
            sockets: HashMap::new(),
        }
    }

    pub fn look(&mut self) {
        let mut buffer = [0; 32];
        for (spot, file) in &mut self.sensors {
            let read = file
                .read(&mut buffer)
                .and_then(|read| str::from_utf8(read).ok());
            let Some(milli) = read.and_then(|text| text.trim().parse::<f32>().ok()) else {
                continue;
            };
            let degrees = (milli / 100.0).round() / 10.0;
            match *spot {
                Spot::Core(socket, core) => _ = self.cores.insert((socket, core), degrees),
                Spot::Socket(socket) => _ = self.sockets.insert(socket, degrees),
            }
        }
    }

    /// The temperature at a core: its own sensor's, or its socket's.
    pub fn of(&self, place: CorePlace) -> Option<f32> {
        let socket = place.socket.unwrap_or(0);
        let own = place.core.and_then(|core| self.cores.get(&(socket, core)));
        own.or_else(|| self.sockets.get(&socket)).copied()
    }
}

/// Intel's driver has a chip for each socket, with a sensor for each core; AMD's has a chip for
/// each socket with a sensor for all of it. Chips come in the order of the sockets.
fn sensors(root: &Path) -> Vec<(Spot, Reread)> {
    let chips = fs::read_dir(root.join("sys/class/hwmon"))
        .into_iter()
        .flatten()
        .flatten();
    let mut chips: Vec<_> = chips.map(|chip| chip.path()).collect();
    chips.sort();
    let mut found = Vec::new();
    let mut socket = 0;
    for chip in chips {
        let name = files::text_at(&chip.join("name")).unwrap_or_default();
        if !["coretemp", "k10temp", "zenpower"].contains(&name.as_str()) {
            continue;
        }
        let mut labels: Vec<_> = fs::read_dir(&chip)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let file = entry.file_name().into_string().ok()?;
                let sensor = file.strip_suffix("_label")?.to_owned();
                Some((sensor, files::text_at(&entry.path())?))
            })
            .collect();
        labels.sort();
        for (sensor, label) in labels.into_iter().take(MOST) {
            let spot = match label.split_once(' ') {
                Some(("Core", core)) => core.parse().ok().map(|core| Spot::Core(socket, core)),
                _ if label == "Tctl" || label.starts_with("Package") => Some(Spot::Socket(socket)),
                _ => None,
            };
            let file = chip.join(format!("{sensor}_input"));
            found.extend(spot.map(|spot| (spot, Reread::new(file))));
        }
        socket += 1;
    }
    found.truncate(MOST);
    found
}
