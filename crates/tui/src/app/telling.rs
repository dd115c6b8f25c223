//! What is told to somebody who looks elsewhere: that a run is over, how, and that a GPU is hot.

use workbench_history::Standing;
use workbench_record::{Event, Record};

use super::state::App;
use crate::event::{Effect, TerminalEffect};
use crate::tell::Telling;

/// From this temperature on a GPU is hot, in degrees Celsius: cards begin to slow down a little
/// above it.
const HOT_C: u32 = 88;

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

    /// Tells once per run that a GPU is hot.
    pub(super) fn told_heat(&mut self, records: &[Record]) -> Option<Effect> {
        let live = self.live.as_mut().filter(|live| !live.told_hot)?;
        let gpus = records.iter().filter_map(|record| match &record.event {
            Event::Sample(sample) => Some(&sample.gpus),
            _ => None,
        });
        let temperature = |gpus: &Vec<workbench_machine::monitor::GpuSample>| {
            (0..)
                .zip(gpus)
                .filter_map(|(at, gpu): (usize, _)| Some((gpu.temperature_c?, at)))
                .max()
        };
        let (degrees, gpu) = gpus.filter_map(temperature).max()?;
        if degrees < HOT_C {
            return None;
        }
        live.told_hot = true;
        self.told(format!("GPU {gpu} is at {degrees} degrees"))
    }
}
