//! What a trial tells the search that has started it: lines of the protocol of programs that are
//! arms, at the descriptor that its variable names, else at standard output.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use workbench_ddp_protocol::FailureKind;
use workbench_protocol::arm::{ARM_VERSION, ArmLine, EVENTS};

use crate::failure::Failure;

/// The metric of a unit of budget.
const LOSS: &str = "loss";
/// The metric of the test rows.
const TEST: &str = "test";

/// Tells a search how a trial comes on.
#[derive(Debug)]
pub struct TrialTeller(Option<File>);

impl TrialTeller {
    /// Opens what the environment names, and says which protocol is spoken.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub fn open() -> Result<Self, Failure> {
        let Some(descriptor) = env::var(EVENTS).ok().filter(|name| !name.is_empty()) else {
            return Ok(Self(None));
        };
        let number: u32 = descriptor.trim().parse().map_err(|_| {
            Failure::spec(format!(
                "{EVENTS}={descriptor} is no number of a descriptor"
            ))
        })?;
        // By its name, because a number alone is nothing to write to.
        let opened = OpenOptions::new()
            .write(true)
            .open(format!("/dev/fd/{number}"));
        let mut teller = Self(Some(opened.map_err(|error| unheard(&error))?));
        teller.tell(&ArmLine::Hello {
            version: ARM_VERSION,
        })?;
        Ok(teller)
    }

    /// An epoch is done, with this loss on the validation rows.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn unit(&mut self, epoch: u32, loss: f64) -> Result<(), Failure> {
        self.metric(LOSS, epoch, loss)
    }

    /// The loss on the test rows.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn test(&mut self, epoch: u32, loss: f64) -> Result<(), Failure> {
        self.metric(TEST, epoch, loss)
    }

    fn metric(&mut self, name: &str, epoch: u32, value: f64) -> Result<(), Failure> {
        self.tell(&ArmLine::Metric {
            name: name.to_owned(),
            step: u64::from(epoch),
            value,
            item: None,
        })
    }

    fn tell(&mut self, line: &ArmLine) -> Result<(), Failure> {
        let written = serde_json::to_string(line).map_err(io::Error::from);
        // In one piece, as the protocol asks for.
        let written = written.map(|line| format!("{line}\n"));
        let put = written.and_then(|line| match &mut self.0 {
            Some(file) => file.write_all(line.as_bytes()),
            None => io::stdout().write_all(line.as_bytes()),
        });
        put.map_err(|error| unheard(&error))
    }
}

fn unheard(error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Other,
        format!("what the trial tells cannot be written ({error}); start it again with workbench"),
    )
}
