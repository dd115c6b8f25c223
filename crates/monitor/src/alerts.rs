//! What somebody should look at: figures beyond their limits.

use std::collections::BTreeMap;
use std::str::FromStr;

use workbench_machine::gpu::{GpuHealth, GpuState};
use workbench_machine::state::MachineState;

use crate::alert::{Alert, AlertKind, AlertSubject};
use crate::messages;

/// From where on a figure is told. `None` never tells.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertLimits(BTreeMap<AlertKind, Option<f64>>);

/// The kinds with a limit that can be set: the name to type, and what it is at first.
const SETTABLE: [(&str, AlertKind, f64); 8] = [
    ("memory", AlertKind::Memory, 0.95),
    ("memory-stalls", AlertKind::MemoryStalls, 0.1),
    ("disk", AlertKind::Disk, 0.95),
    ("quota", AlertKind::Quota, 0.1),
    ("steal", AlertKind::Steal, 0.1),
    ("core-temperature", AlertKind::CoreTemperature, 95.0),
    ("gpu-temperature", AlertKind::GpuTemperature, 87.0),
    ("gpu-errors", AlertKind::GpuError, 1.0),
];

impl Default for AlertLimits {
    fn default() -> Self {
        Self(
            SETTABLE
                .iter()
                .map(|(_, kind, limit)| (*kind, Some(*limit)))
                .collect(),
        )
    }
}

/// Why a limit is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// It is not written as name and value.
    #[error("write it as NAME=VALUE, for example gpu-temperature=80, or NAME=off")]
    Form,
    /// There is no such limit.
    #[error("no such limit; there are {}", messages::names(SETTABLE.map(|(name, ..)| name)))]
    Name,
    /// It is no number.
    #[error("the value is a number (a share such as 0.9, or degrees), or off")]
    Value,
}

/// A limit as a person types it: `gpu-temperature=80`, `steal=off`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TypedLimit(AlertKind, Option<f64>);

impl FromStr for TypedLimit {
    type Err = LimitError;

    fn from_str(typed: &str) -> Result<Self, LimitError> {
        let (name, value) = typed.split_once('=').ok_or(LimitError::Form)?;
        let kind = SETTABLE.iter().find(|(known, ..)| *known == name.trim());
        let (_, kind, _) = kind.ok_or(LimitError::Name)?;
        if value.trim() == "off" {
            return Ok(Self(*kind, None));
        }
        let value: f64 = value.trim().parse().map_err(|_| LimitError::Value)?;
        let sound = value.is_finite() && value >= 0.0;
        sound
            .then_some(Self(*kind, Some(value)))
            .ok_or(LimitError::Value)
    }
}

impl AlertLimits {
    /// These limits with others in the place of some.
    #[must_use]
    pub fn with(mut self, typed: impl IntoIterator<Item = TypedLimit>) -> Self {
        for TypedLimit(kind, limit) in typed {
            self.0.insert(kind, limit);
        }
        self
    }

    /// From where on a kind is told; `None` where it is not, and for kinds without a limit.
    pub fn of(&self, kind: AlertKind) -> Option<f64> {
        self.0.get(&kind).copied().flatten()
    }
}

/// A figure beyond its limit.
struct Beyond {
    kind: AlertKind,
    subject: AlertSubject,
    value: f64,
    limit: f64,
}

/// Since when a figure is beyond its limit.
#[derive(Debug, Clone, Copy)]
struct Since {
    unix_ms: u64,
    /// How long it was seen so, in seconds, whatever the clock says.
    lasted_s: f64,
}

/// Tells what is beyond its limit, and since when. What goes up and down has to stay there for
/// [`AlertKind::lasting`] before it is told.
#[derive(Debug, Clone, Default)]
pub struct AlertWatch {
    limits: AlertLimits,
    since: BTreeMap<(AlertKind, AlertSubject), Since>,
    at_once: bool,
}

impl AlertWatch {
    /// Watches with these limits.
    pub fn new(limits: AlertLimits) -> Self {
        Self {
            limits,
            ..Self::default()
        }
    }

    /// Tells everything in the first look that shows it, for whoever looks once.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// Forgets since when figures are beyond their limits: the next look does not follow the last.
    pub fn forget(&mut self) {
        self.since.clear();
    }

    /// What is beyond its limit in a look, the worst kinds first.
    pub fn look(&mut self, state: &MachineState) -> Vec<Alert> {
        let mut beyond = Vec::new();
        of_machine(state, &self.limits, &mut beyond);
        for gpu in &state.gpus {
            of_gpu(gpu, &self.limits, &mut beyond);
        }
        if state.gpu_problem.is_some() {
            beyond.push(Beyond {
                kind: AlertKind::GpuDriver,
                subject: AlertSubject::Machine,
                value: state.gpus_age_s,
                limit: 0.0,
            });
        }
        beyond.sort_by(|a, b| (a.kind, &a.subject).cmp(&(b.kind, &b.subject)));
        let before = std::mem::take(&mut self.since);
        let mut alerts = Vec::with_capacity(beyond.len());
        for found in beyond {
            let key = (found.kind, watched(found.kind, &found.subject));
            let since = match before.get(&key) {
                Some(before) => Since {
                    lasted_s: before.lasted_s + state.interval_s.max(0.0),
                    ..*before
                },
                None => Since {
                    unix_ms: state.unix_ms,
                    lasted_s: 0.0,
                },
            };
            self.since.insert(key, since);
            let lasting = found.kind.lasting().as_secs_f64();
            if since.lasted_s < lasting && !self.at_once {
                continue;
            }
            alerts.push(Alert {
                text: messages::alert(
                    found.kind,
                    &found.subject,
                    (found.value, found.limit),
                    state,
                ),
                kind: found.kind,
                subject: found.subject,
                value: found.value,
                limit: found.limit,
                since_unix_ms: since.unix_ms,
            });
        }
        alerts
    }
}

/// Whose time counts: of the cores the hottest is told, which is another one at every look.
fn watched(kind: AlertKind, subject: &AlertSubject) -> AlertSubject {
    match kind {
        AlertKind::CoreTemperature => AlertSubject::Machine,
        _ => subject.clone(),
    }
}

/// Tells a figure where it is beyond its limit.
fn judge(
    (kind, subject): (AlertKind, AlertSubject),
    value: f64,
    (limits, found): (&AlertLimits, &mut Vec<Beyond>),
) {
    if let Some(limit) = limits.of(kind).filter(|limit| value >= *limit) {
        found.push(Beyond {
            kind,
            subject,
            value,
            limit,
        });
    }
}

fn of_machine(state: &MachineState, limits: &AlertLimits, found: &mut Vec<Beyond>) {
    let mut machine = |kind, value: Option<f64>| {
        if let Some(value) = value {
            judge((kind, AlertSubject::Machine), value, (limits, &mut *found));
        }
    };
    machine(AlertKind::Memory, memory_used(state));
    let stalls = state.stalls.as_ref();
    machine(
        AlertKind::MemoryStalls,
        stalls.map(|stalls| f64::from(stalls.memory)),
    );
    machine(AlertKind::Quota, state.group.throttled_cores);
    let steal: f32 = state.cores.iter().map(|core| core.steal).sum();
    let steal = f64::from(steal) / state.cores.len().max(1) as f64;
    machine(AlertKind::Steal, Some(steal));
    let hottest = state
        .cores
        .iter()
        .filter_map(|core| Some((core.temperature_c?, core.id)));
    if let Some((degrees, id)) = hottest.max_by(|a, b| a.0.total_cmp(&b.0)) {
        let what = (AlertKind::CoreTemperature, AlertSubject::Core(id));
        judge(what, f64::from(degrees), (limits, &mut *found));
    }
    for place in &state.file_systems {
        let subject = AlertSubject::FileSystem(place.place.clone());
        if let Some(used) = place.used_share() {
            judge((AlertKind::Disk, subject), used, (limits, &mut *found));
        }
    }
}

/// Share of the memory that may be used and is, of the control group where that has less.
fn memory_used(state: &MachineState) -> Option<f64> {
    let memory = &state.memory;
    let of_machine = || Some((memory.used_bytes()?, memory.total_bytes));
    let (used, all) = state.group.memory().or_else(of_machine)?;
    (all > 0).then(|| used as f64 / all as f64)
}

fn of_gpu(gpu: &GpuState, limits: &AlertLimits, found: &mut Vec<Beyond>) {
    // What a card says is said of its MIG devices too.
    if gpu.mig.is_some() {
        return;
    }
    let mut tell = |kind, value: f64, limit: f64| {
        let subject = AlertSubject::Gpu(gpu.index);
        found.push(Beyond {
            kind,
            subject,
            value,
            limit,
        });
    };
    if gpu.health != GpuHealth::Works {
        tell(AlertKind::GpuLost, 1.0, 1.0);
    }
    let errors = gpu.xid.as_ref().map_or(0, Vec::len) as f64;
    if let Some(limit) = limits
        .of(AlertKind::GpuError)
        .filter(|limit| errors >= limit.max(1.0))
    {
        tell(AlertKind::GpuError, errors, limit);
    }
    if let Some(ecc) = gpu.ecc.filter(|ecc| ecc.uncorrected > 0) {
        tell(AlertKind::GpuMemoryErrors, ecc.uncorrected as f64, 1.0);
    }
    let degrees = f64::from(gpu.temperature_c.unwrap_or(0));
    if let Some(limit) = limits
        .of(AlertKind::GpuTemperature)
        .filter(|limit| degrees >= *limit)
    {
        tell(AlertKind::GpuTemperature, degrees, limit);
    }
    let reasons = gpu.throttle.as_deref().unwrap_or_default();
    let power = workbench_machine::gpu::ThrottleReason::PowerBrake;
    if reasons
        .iter()
        .any(|reason| reason.is_thermal() || *reason == power)
    {
        tell(AlertKind::GpuHeldDown, 1.0, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use workbench_machine::gpu::{EccErrors, ThrottleReason};
    use workbench_machine::state::{CoreState, FileSystemState, GroupState, MemoryState};

    use super::*;

    fn kinds(alerts: &[Alert]) -> Vec<AlertKind> {
        alerts.iter().map(|alert| alert.kind).collect()
    }

    #[test]
    fn an_idle_machine_has_nothing_to_tell() {
        let mut watch = AlertWatch::default();
        assert_eq!(watch.look(&MachineState::default()), []);
    }

    #[test]
    fn an_alert_keeps_its_beginning_until_it_ends() {
        let mut watch = AlertWatch::new(AlertLimits::default()).at_once();
        let mut state = MachineState {
            unix_ms: 1000,
            memory: MemoryState {
                total_bytes: 100,
                available_bytes: Some(1),
                ..MemoryState::default()
            },
            ..MachineState::default()
        };
        assert_eq!(watch.look(&state)[0].since_unix_ms, 1000);
        state.unix_ms = 2000;
        let again = watch.look(&state);
        assert_eq!(kinds(&again), [AlertKind::Memory]);
        assert_eq!(again[0].since_unix_ms, 1000);
        state.memory.available_bytes = Some(50);
        assert_eq!(watch.look(&state), []);
        (state.unix_ms, state.memory.available_bytes) = (3000, Some(0));
        assert_eq!(watch.look(&state)[0].since_unix_ms, 3000);
    }

    /// What is told of a machine whose cores are as hot as this, two looks per second.
    fn told_of_heat(watch: &mut AlertWatch, degrees: [f32; 2]) -> Vec<AlertSubject> {
        let core = |(id, degrees)| CoreState {
            id,
            temperature_c: Some(degrees),
            ..CoreState::default()
        };
        let state = MachineState {
            interval_s: 0.5,
            cores: (0..).zip(degrees).map(core).collect(),
            ..MachineState::default()
        };
        let alerts = watch.look(&state).into_iter();
        alerts.map(|alert| alert.subject).collect()
    }

    #[test]
    fn what_goes_up_and_down_has_to_last_before_it_is_told() {
        let mut watch = AlertWatch::default();
        let looks = AlertKind::CoreTemperature.lasting().as_millis() / 500;
        for look in 0..looks {
            // The hottest core changes.
            let degrees = if look % 2 == 0 {
                [99.0, 50.0]
            } else {
                [96.0, 97.0]
            };
            assert_eq!(told_of_heat(&mut watch, degrees), []);
        }
        assert_eq!(
            told_of_heat(&mut watch, [96.0, 99.0]),
            [AlertSubject::Core(1)]
        );
        assert_eq!(told_of_heat(&mut watch, [94.0, 94.0]), []);
        assert_eq!(
            told_of_heat(&mut watch, [99.0, 94.0]),
            [],
            "it has cooled down"
        );
        let mut once = AlertWatch::default().at_once();
        assert_eq!(
            told_of_heat(&mut once, [99.0, 94.0]),
            [AlertSubject::Core(0)]
        );
    }

    #[test]
    fn a_disk_is_full_when_this_account_has_no_room() {
        let mut state = MachineState {
            file_systems: vec![FileSystemState {
                total_bytes: 1000,
                free_bytes: Some(500),
                available_bytes: 100,
                ..FileSystemState::default()
            }],
            ..MachineState::default()
        };
        let mut watch = AlertWatch::default();
        assert_eq!(watch.look(&state), [], "500 of 600");
        state.file_systems[0].available_bytes = 20;
        let told = watch.look(&state);
        assert_eq!(kinds(&told), [AlertKind::Disk]);
        assert!((told[0].value - 500.0 / 520.0).abs() < 1e-9);
    }

    #[test]
    fn what_has_happened_is_told_at_once() {
        let state = MachineState {
            gpus: vec![GpuState {
                health: GpuHealth::Lost,
                ..GpuState::default()
            }],
            ..MachineState::default()
        };
        let told = AlertWatch::default().look(&state);
        assert_eq!(kinds(&told), [AlertKind::GpuLost]);
    }

    #[test]
    fn memory_of_a_group_is_its_own_and_what_is_not_known_is_not_full() {
        let mut state = MachineState {
            group: GroupState {
                memory_limit_bytes: Some(100),
                memory_used_bytes: Some(99),
                memory_files_bytes: Some(2),
                ..GroupState::default()
            },
            memory: MemoryState {
                total_bytes: 1000,
                cached_bytes: Some(900),
                ..MemoryState::default()
            },
            ..MachineState::default()
        };
        let mut watch = AlertWatch::default().at_once();
        assert_eq!(kinds(&watch.look(&state)), [AlertKind::Memory]);
        state.group.memory_files_bytes = Some(40);
        assert_eq!(watch.look(&state), []);
        state.group = GroupState::default();
        assert_eq!(watch.look(&state), [], "nobody says what is available");
    }

    #[test]
    fn a_sick_gpu_is_told_with_the_worst_first() {
        let gpu = GpuState {
            index: 3,
            temperature_c: Some(91),
            throttle: Some(vec![ThrottleReason::HardwareThermal]),
            ecc: Some(EccErrors {
                corrected: 5,
                uncorrected: 2,
            }),
            xid: Some(vec![79]),
            ..GpuState::default()
        };
        let state = MachineState {
            gpus: vec![gpu],
            ..MachineState::default()
        };
        let alerts = AlertWatch::default().at_once().look(&state);
        let expected = [
            AlertKind::GpuError,
            AlertKind::GpuMemoryErrors,
            AlertKind::GpuTemperature,
            AlertKind::GpuHeldDown,
        ];
        assert_eq!(kinds(&alerts), expected);
        assert!(
            alerts
                .iter()
                .all(|alert| alert.subject == AlertSubject::Gpu(3))
        );
        assert!(alerts[0].text.contains("Xid 79"), "{}", alerts[0].text);
        assert!(
            alerts[3].text.contains("too hot (hardware)"),
            "{}",
            alerts[3].text
        );
    }

    #[test]
    fn limits_are_typed_by_name() {
        let typed = |text: &str| text.parse::<TypedLimit>();
        let off = AlertLimits::default().with([typed("steal=off").unwrap()]);
        assert_eq!(off.of(AlertKind::Steal), None);
        let hot = AlertLimits::default().with([typed("gpu-temperature=60").unwrap()]);
        assert_eq!(hot.of(AlertKind::GpuTemperature), Some(60.0));
        assert_eq!(typed("gpu-temperature"), Err(LimitError::Form));
        assert_eq!(typed("gpu=1"), Err(LimitError::Name));
        assert_eq!(typed("steal=much"), Err(LimitError::Value));
        assert_eq!(typed("steal=nan"), Err(LimitError::Value));
        assert!(LimitError::Name.to_string().contains("core-temperature"));
    }
}
