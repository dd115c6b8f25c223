//! Where the panels of the Monitor screen go, by the size of the screen and by what there is to
//! show: space goes to what has content, and what has no place is behind a tab.

use ratatui::layout::Rect;
use workbench_machine::state::MachineState;

use super::panel::MonitorPanel;
use super::{cores, devices, gpus};
use crate::kit::tabs::Tab;
use crate::views::panels::{Arranged, Tabs};

/// From this width on, cores and memory stand side by side.
const BESIDE: u16 = 100;
/// From this size on, processes have a column of their own.
const COLUMNS: (u16, u16) = (160, 34);
/// Lines that the processes get at least, with their border.
const PROCESSES: u16 = 9;
/// Below this height there is one panel at a time.
const ONE: u16 = 15;

/// What there is to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineContents {
    /// Cores of each group.
    cores: Vec<u16>,
    /// Lines of memory, disks and network.
    devices: u16,
    /// GPUs and MIG devices.
    gpus: u16,
}

impl MachineContents {
    /// What there is to show of a look.
    pub fn of(state: &MachineState) -> Self {
        let groups = cores::groups(state);
        Self {
            cores: groups
                .iter()
                .map(|group| group.cores.len() as u16)
                .collect(),
            devices: devices::lines(state) as u16,
            gpus: u16::try_from(state.gpus.len()).unwrap_or(u16::MAX),
        }
    }

    /// The height that shows all of a panel, with its border.
    fn natural(&self, panel: MonitorPanel, width: u16) -> u16 {
        let inner = width.saturating_sub(4);
        let lines = match panel {
            MonitorPanel::Cores => cores::height_for(&self.cores, inner),
            MonitorPanel::Devices => self.devices,
            MonitorPanel::Gpus => gpus::height_for(self.gpus),
            MonitorPanel::Processes => PROCESSES,
        };
        lines.saturating_add(2)
    }

    /// The heights of all panels one below the other, with so many processes.
    pub fn all(&self, width: u16, processes: u16) -> Vec<(MonitorPanel, u16)> {
        let mut heights = Vec::new();
        for panel in [
            MonitorPanel::Cores,
            MonitorPanel::Gpus,
            MonitorPanel::Devices,
        ] {
            if panel != MonitorPanel::Gpus || self.gpus > 0 {
                heights.push((panel, self.natural(panel, width)));
            }
        }
        heights.push((MonitorPanel::Processes, processes.saturating_add(3)));
        heights
    }
}

/// Panels one below the other.
pub fn one_below_another(area: Rect, heights: &[(MonitorPanel, u16)]) -> Vec<(MonitorPanel, Rect)> {
    let mut y = area.y;
    let mut places = Vec::new();
    for (panel, height) in heights {
        let height = (*height).min(area.bottom().saturating_sub(y));
        places.push((*panel, Rect { y, height, ..area }));
        y += height;
    }
    places
}

/// The panels and their areas.
pub fn arrange(area: Rect, contents: &MachineContents) -> Arranged<'static, MonitorPanel> {
    use MonitorPanel::{Cores, Devices, Gpus, Processes};
    let has_gpus = contents.gpus > 0;
    if area.width >= COLUMNS.0 && area.height >= COLUMNS.1 {
        return in_columns(area, contents);
    }
    let mut places = Vec::new();
    let mut rest = area;
    let mut tabs = vec![Processes];
    let beside = area.width >= BESIDE;
    let side = if beside { area.width / 2 } else { area.width };
    let mut top = contents.natural(Cores, side);
    if beside {
        top = top.max(contents.natural(Devices, side).min(top.max(12)));
    }
    // At least a third for the processes, and not more than two fifths for the cores.
    let top = top.min((area.height * 2 / 5).max(5));
    if area.height >= ONE {
        let band = cut(&mut rest, top);
        places.push((
            Cores,
            Rect {
                width: side,
                ..band
            },
        ));
        if beside {
            let x = band.x + side;
            places.push((
                Devices,
                Rect {
                    x,
                    width: band.width - side,
                    ..band
                },
            ));
        }
    } else {
        tabs.push(Cores);
    }
    if has_gpus {
        let natural = contents.natural(Gpus, area.width);
        let least = natural.min(5);
        let left = rest.height.saturating_sub(PROCESSES);
        if area.height >= ONE && left >= least {
            places.push((Gpus, cut(&mut rest, natural.min(left))));
        } else {
            tabs.push(Gpus);
        }
    }
    if !places.iter().any(|(panel, _)| *panel == Devices) {
        tabs.push(Devices);
    }
    finished(places, &tabs, rest)
}

/// Processes at the right, everything else at the left.
fn in_columns(area: Rect, contents: &MachineContents) -> Arranged<'static, MonitorPanel> {
    use MonitorPanel::{Cores, Devices, Gpus, Processes};
    let left = Rect {
        width: area.width * 11 / 20,
        ..area
    };
    let right = Rect {
        x: left.right(),
        width: area.width - left.width,
        ..area
    };
    let mut rest = left;
    let mut places = Vec::new();
    let devices = contents.natural(Devices, left.width).min(left.height / 3);
    let gpus = match contents.gpus {
        0 => 0,
        n => gpus::most_for(n).saturating_add(2).min(left.height / 2),
    };
    let cores = contents.natural(Cores, left.width);
    let most = left.height.saturating_sub(devices + gpus);
    // What others leave goes to the cores' history, or to all that the cards say.
    let spare = most.saturating_sub(cores);
    let cores = cores.min(most) + spare;
    places.push((Cores, cut(&mut rest, cores)));
    if gpus > 0 {
        let gpus = rest.height.saturating_sub(devices);
        places.push((Gpus, cut(&mut rest, gpus)));
    }
    places.push((Devices, rest));
    places.push((Processes, right));
    Arranged::placed(places)
}

/// The upper lines of what is left.
fn cut(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let part = Rect { height, ..*rest };
    rest.y += height;
    rest.height -= height;
    part
}

/// The last area for the only panel that is left, or for tabs.
fn finished(
    mut places: Vec<(MonitorPanel, Rect)>,
    tabs: &[MonitorPanel],
    mut rest: Rect,
) -> Arranged<'static, MonitorPanel> {
    if let [only] = *tabs {
        places.push((only, rest));
        return Arranged::placed(places);
    }
    let bar = cut(&mut rest, 1);
    let tab = |panel: &MonitorPanel| Tab {
        panel: *panel,
        name: panel.name(),
        mark: None,
    };
    let all = tabs.iter().map(tab).collect();
    let tabs = Some(Tabs {
        bar,
        body: rest,
        all,
    });
    Arranged {
        places,
        tabs,
        hidden: None,
    }
}
