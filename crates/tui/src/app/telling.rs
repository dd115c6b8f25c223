//! What is told to somebody who looks elsewhere: that a run is over, how, and that a GPU is hot.

use workbench_history::Standing;
use workbench_monitor::{AlertKind, AlertLimits};
use workbench_record::{Event, Record};

use super::state::App;
use crate::event::{Effect, TerminalEffect};
use crate::tell::Telling;

impl App {
    /// Tells something, where that is wanted.
    pub(super) fn told(&self, text: String) -> Option<Effect> {
        let effect = Effect::Terminal(TerminalEffect::Tell(self.tell, text));
        (self.tell != Telling::Off).then_some(effect)
    }

    /// Tells how a run ended.
    pub(super) fn told_end(&self, id: &str, standing: Standing) -> Option<Effect> {
        self.told(format!("Run {id}: {}", standing.name()))
    }

    /// Tells once per run that a GPU is hot, and has been for a while.
    pub(super) fn told_heat(&mut self, records: &[Record]) -> Option<Effect> {
        let live = self.live.as_mut().filter(|live| !live.told_hot)?;
        let kind = AlertKind::GpuTemperature;
        let limit = AlertLimits::default().of(kind)?;
        for record in records {
            let Event::Sample(sample) = &record.event else {
                continue;
            };
            let gpus = (0..).zip(&sample.gpus);
            let hottest = gpus
                .filter_map(|(at, gpu): (usize, _)| Some((gpu.temperature_c?, at)))
                .max()
                .filter(|(degrees, _)| f64::from(*degrees) >= limit);
            let Some((degrees, gpu)) = hottest else {
                live.hot_since_ns = None;
                continue;
            };
            let since = *live.hot_since_ns.get_or_insert(record.t_ns);
            if u128::from(record.t_ns.saturating_sub(since)) >= kind.lasting().as_nanos() {
                live.told_hot = true;
                return self.told(format!("GPU {gpu} is at {degrees} °C"));
            }
        }
        None
    }
}
