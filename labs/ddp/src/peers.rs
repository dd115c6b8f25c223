//! What the peers get: the images as files, and the parameters that they have too.

use std::io;
use std::time::Duration;

use workbench_ddp_protocol::{Data, Fault, Place, Tuning};
use workbench_experiment::lab::{LabError, NearPeers};
use workbench_images::{ImageError, ImageSource, Subset, write_idx};
use workbench_programs::{Peers, Timed, WriteInput};

use crate::outcome::ACCURACY;
use crate::settings::TrainSettings;

/// Their programs.
const FILES: &[(&str, &str)] = &[("training.py", include_str!("../peers/training.py"))];

/// For how long a training in which something goes wrong may tell of no progress: several times
/// what starting Ray takes.
const PATIENCE: Duration = Duration::from_secs(180);

/// The peers of a run.
///
/// # Errors
/// When the images cannot be read.
pub fn peers(
    settings: &TrainSettings,
    python: Option<std::path::PathBuf>,
) -> Result<Peers, LabError> {
    let unfit = unfit(settings);
    let input = if unfit.is_some() {
        Box::new(|_: &std::path::Path| Ok(())) as WriteInput
    } else {
        images(settings).map_err(|error| LabError::Environment(error.to_string()))?
    };
    Ok(Peers {
        python,
        files: FILES,
        input,
        near: NearPeers {
            metric: ACCURACY.to_owned(),
            tolerance: settings.tolerance,
        },
        // The own arms start their workers on the clock, too.
        timed: Timed::UntilDone,
        // Processes that restart after a kill may wait for each other forever.
        silence_limit: (!settings.faults.is_empty()).then_some(PATIENCE),
        unfit: unfit.map(str::to_owned),
    })
}

/// What a run asks for that the peers do not have.
fn unfit(settings: &TrainSettings) -> Option<&'static str> {
    if !matches!(settings.data, Data::Embedded) {
        Some("the peers train on the images that come with workbench alone")
    } else if settings.cuda {
        Some("the peers train on cores alone")
    } else if !settings.faults.iter().all(is_plain_kill) || settings.faults.len() > 1 {
        Some("of the faults the peers know one kill, of a rank at a step")
    } else if settings.tuned.parallel() != Tuning::default() {
        Some(
            "the peers compute and communicate as usual (precision, accumulate, gradients and their kin)",
        )
    } else {
        None
    }
}

fn is_plain_kill(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Kill {
            place: Place::Forward,
            ..
        }
    )
}

fn images(settings: &TrainSettings) -> Result<WriteInput, ImageError> {
    let rows = |count: u64| usize::try_from(count).ok();
    let train = ImageSource::Embedded.load(Subset::Train, rows(settings.train_rows))?;
    let test = ImageSource::Embedded.load(Subset::Test, rows(settings.test_rows))?;
    Ok(Box::new(move |dir| {
        for (subset, images) in [(Subset::Train, &train), (Subset::Test, &test)] {
            write_idx(dir, subset, images).map_err(io::Error::other)?;
        }
        Ok(())
    }))
}
