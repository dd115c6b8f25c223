//! Going on from the record of a search.

use super::event::StudyEvent;
use super::search::Study;
use crate::scheduler::NextStep;

/// How much of a record is computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// The scheduler's decisions; configurations are taken from the record. Fast.
    Decisions,
    /// Also every configuration, as a proof that the record follows from its seeds.
    Everything,
}

/// A record that does not follow from the settings and seeds of the study.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("event {at} of the search does not follow from its settings: other settings, or damage")]
pub struct Diverged {
    /// Which event, from 0.
    pub at: usize,
    /// What the record says.
    pub recorded: Box<StudyEvent>,
    /// What follows instead.
    pub made: Option<Box<StudyEvent>>,
}

impl Study {
    /// Goes through the record of a search, so that this study is where that one was. The study has
    /// to be new, with the same space, settings and seeds. What was running then is in
    /// [`Study::running`].
    ///
    /// # Errors
    ///
    /// A decision or configuration comes out otherwise than it was recorded.
    pub fn replay<'a>(
        &mut self,
        record: impl IntoIterator<Item = &'a StudyEvent>,
        replay: Replay,
    ) -> Result<(), Diverged> {
        for (at, recorded) in record.into_iter().enumerate() {
            let before = self.events.len();
            self.again(recorded, replay);
            let made = self.events.drain(before..).next();
            if made.as_ref() != Some(recorded) {
                return Err(Diverged {
                    at,
                    recorded: Box::new(recorded.clone()),
                    made: made.map(Box::new),
                });
            }
        }
        Ok(())
    }

    fn again(&mut self, recorded: &StudyEvent, replay: Replay) {
        match recorded {
            StudyEvent::Started { configuration, .. } => {
                let step = self.step();
                if let NextStep::Start { .. } = step {
                    let configuration = match replay {
                        Replay::Decisions => Some(configuration.clone()),
                        Replay::Everything => self.chosen(step),
                    };
                    self.begin(step, configuration);
                }
            }
            StudyEvent::Resumed { .. } => {
                let step = self.step();
                if let NextStep::Resume { .. } = step {
                    self.begin(step, None);
                }
            }
            StudyEvent::Reported {
                trial,
                budget,
                loss,
                ..
            } => {
                self.report(*trial, *budget, loss.get());
            }
            StudyEvent::Saved { trial, budget } => self.saved(*trial, *budget),
            StudyEvent::Failed { trial } => self.failed(*trial),
            StudyEvent::Stopped { trial } => self.stop(*trial),
            StudyEvent::Closed => self.close(),
        }
    }
}
