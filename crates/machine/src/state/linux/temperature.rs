//! Temperatures of processors, from the sensors that the kernel names after them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::linux::files;
use crate::monitor::Reread;
use crate::monitor::pace::Pace;

/// The drivers measure once a second at most.
const UNCHANGED: Duration = Duration::from_secs(1);
/// Share of one core that reading them may take: some interrupt the core that they measure.
const BUDGET: f64 = 0.001;
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
    pace: Pace,
    cores: HashMap<(u32, u32), f32>,
    sockets: HashMap<u32, f32>,
}

impl Temperatures {
    pub fn new(root: &Path) -> Self {
        Self::with_pace(root, Pace::new(BUDGET, UNCHANGED))
    }

    fn with_pace(root: &Path, pace: Pace) -> Self {
        Self {
            sensors: sensors(root),
            pace,
            cores: HashMap::new(),
            sockets: HashMap::new(),
        }
    }

    /// Reads the sensors, where they can have changed.
    pub fn look(&mut self) {
        let Self {
            sensors,
            pace,
            cores,
            sockets,
        } = self;
        pace.run(|| {
            cores.clear();
            sockets.clear();
            for (spot, file) in sensors {
                let Some(degrees) = degrees(file) else {
                    continue;
                };
                match *spot {
                    Spot::Core(socket, core) => _ = cores.insert((socket, core), degrees),
                    Spot::Socket(socket) => _ = sockets.insert(socket, degrees),
                }
            }
        });
    }

    /// The temperature at a core: its own sensor's, or its socket's.
    pub fn of(&self, place: CorePlace) -> Option<f32> {
        let socket = place.socket.unwrap_or(0);
        let own = place.core.and_then(|core| self.cores.get(&(socket, core)));
        own.or_else(|| self.sockets.get(&socket)).copied()
    }
}

fn degrees(file: &mut Reread) -> Option<f32> {
    let mut buffer = [0; 32];
    let read = file.read(&mut buffer)?;
    let milli: f32 = str::from_utf8(read).ok()?.trim().parse().ok()?;
    Some((milli / 100.0).round() / 10.0)
}

/// Intel's driver has a chip for each socket, with a sensor for each core; AMD's has a chip for
/// each socket with a sensor for all of it. Chips come in the order of the sockets: that of the
/// devices, since the kernel numbers the chips as they happen to start.
fn sensors(root: &Path) -> Vec<(Spot, Reread)> {
    let mut chips: Vec<_> = entries(&root.join("sys/class/hwmon"))
        .filter(|chip| {
            let name = files::text_at(&chip.join("name")).unwrap_or_default();
            ["coretemp", "k10temp", "zenpower"].contains(&name.as_str())
        })
        .map(|chip| (natural(&device(&chip)), natural(&name(&chip)), chip))
        .collect();
    chips.sort();
    let mut found = Vec::new();
    for (socket, (.., chip)) in (0..).zip(&chips) {
        let mut labels: Vec<_> = entries(chip)
            .filter_map(|entry| {
                let sensor = name(&entry).strip_suffix("_label")?.to_owned();
                Some((natural(&sensor), sensor, files::text_at(&entry)?))
            })
            .collect();
        labels.sort();
        for (_, sensor, label) in labels {
            let spot = match label.split_once(' ') {
                Some(("Core", core)) => core.parse().ok().map(|core| Spot::Core(socket, core)),
                _ if label == "Tctl" || label.starts_with("Package") => Some(Spot::Socket(socket)),
                _ => None,
            };
            let file = chip.join(format!("{sensor}_input"));
            found.extend(spot.map(|spot| (spot, Reread::new(file))));
        }
    }
    found.truncate(MOST);
    found
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The name of the device that a chip belongs to, such as `coretemp.1` or a place on the PCI bus.
fn device(chip: &Path) -> String {
    let link = fs::read_link(chip.join("device"));
    link.map(|device| name(&device)).unwrap_or_default()
}

/// A name as it is sorted: words and numbers in turn, so that 10 comes after 9. Places on a bus,
/// such as `0000:00:1a.3`, have hexadecimal numbers of one width.
fn natural(name: &str) -> Vec<(String, u64)> {
    if name.contains(':') {
        return vec![(name.to_owned(), 0)];
    }
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let words = rest.find(|c: char| c.is_ascii_digit());
        let (word, after) = rest.split_at(words.unwrap_or(rest.len()));
        let digits = after.find(|c: char| !c.is_ascii_digit());
        let (number, after) = after.split_at(digits.unwrap_or(after.len()));
        parts.push((word.to_owned(), number.parse().unwrap_or(0)));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let file = root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn at(socket: u32, core: u32) -> CorePlace {
        CorePlace {
            socket: Some(socket),
            node: None,
            core: Some(core),
        }
    }

    #[test]
    fn chips_are_sockets_in_the_order_of_their_devices() {
        let dir = tempfile::tempdir().unwrap();
        // In the order in which they started: neither numbers nor letters tell the socket.
        let started = [(10, 0), (9, 2), (2, 1), (3, 10)];
        for (chip, socket) in started {
            let chip = format!("sys/class/hwmon/hwmon{chip}");
            write(dir.path(), &format!("{chip}/name"), "coretemp\n");
            write(dir.path(), &format!("{chip}/temp1_label"), "Core 0\n");
            let milli = format!("{}\n", 40_000 + socket * 1000);
            write(dir.path(), &format!("{chip}/temp1_input"), &milli);
            let device = format!("../../devices/platform/coretemp.{socket}");
            let link = dir.path().join(format!("{chip}/device"));
            std::os::unix::fs::symlink(device, link).unwrap();
        }
        let mut temperatures = Temperatures::new(dir.path());
        temperatures.look();
        let degrees = [0, 1, 2, 3].map(|socket| temperatures.of(at(socket, 0)));
        assert_eq!(degrees, [40.0, 41.0, 42.0, 50.0].map(Some));
    }

    #[test]
    fn names_are_sorted_as_people_count() {
        let sorted = [
            "",
            "0000:00:18.3",
            "0000:00:19.3",
            "0000:00:1a.3",
            "b",
            "temp",
            "temp9",
            "temp10",
        ];
        let mut names = sorted;
        names.reverse();
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, sorted);
    }

    #[test]
    fn a_sensor_is_read_no_more_often_than_it_changes_and_a_broken_one_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let chip = "sys/class/hwmon/hwmon0";
        write(dir.path(), &format!("{chip}/name"), "k10temp\n");
        write(dir.path(), &format!("{chip}/temp1_label"), "Tctl\n");
        let input = format!("{chip}/temp1_input");
        write(dir.path(), &input, "51250\n");
        let long = Duration::from_secs(10_000);
        let mut temperatures = Temperatures::with_pace(dir.path(), Pace::up_to(1.0, long, long));
        let mut seen = || {
            temperatures.look();
            temperatures.of(at(0, 5))
        };
        assert_eq!(seen(), Some(51.3));
        write(dir.path(), &input, "60000\n");
        assert_eq!(seen(), Some(51.3));
        let now = Pace::up_to(1.0, Duration::ZERO, Duration::ZERO);
        let mut temperatures = Temperatures::with_pace(dir.path(), now);
        let mut seen = || {
            temperatures.look();
            temperatures.of(at(0, 5))
        };
        assert_eq!(seen(), Some(60.0));
        write(dir.path(), &input, "none\n");
        assert_eq!(seen(), None);
    }
}
