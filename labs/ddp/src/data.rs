//! What data and machine offer to a training.

use workbench_experiment::lab::DataSource;
use workbench_machine::MachineFacts;
use workbench_training::{EMBEDDED_ROWS, EMBEDDED_SHAPE, FoundImages};

use crate::settings::Offer;
use crate::tuning::computes_bf16;

/// More rows than any folder has.
const MOST_ROWS: u64 = 1 << 40;

/// What data and machine offer at most: what is beyond this is wrong on every machine.
pub fn at_most(source: &DataSource) -> Offer {
    let rows = match source {
        DataSource::Embedded => EMBEDDED_ROWS,
        DataSource::Folder { .. } | DataSource::File { .. } => (MOST_ROWS, MOST_ROWS),
    };
    Offer {
        train_rows: rows.0,
        test_rows: rows.1,
        images: EMBEDDED_SHAPE,
        cores: f64::INFINITY,
        gpus: u32::MAX,
        bf16: true,
    }
}

/// What these images and this machine offer.
pub fn offer(images: &FoundImages) -> Offer {
    let machine = MachineFacts::probe();
    Offer {
        train_rows: images.rows.0,
        test_rows: images.rows.1,
        images: images.shape,
        cores: machine.cores_usable,
        gpus: machine.gpus.len() as u32,
        bf16: computes_bf16(),
    }
}
