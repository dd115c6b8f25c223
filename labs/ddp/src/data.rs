//! The images: where they are, and how many.

use workbench_engine::lab::{DataSource, LabError};
use workbench_engine::machine::MachineFacts;
use workbench_protocol::Data;

use crate::settings::Offer;

/// Rows of the MNIST that comes with the program.
const MNIST: (u64, u64) = (60_000, 10_000);

/// What the workers are to read, and what data and machine offer.
///
/// # Errors
/// When the data cannot be used.
pub fn look(source: &DataSource) -> Result<(Data, Offer), LabError> {
    let DataSource::Embedded = source else {
        return Err(LabError::Config(
            "`--data`: the ddp lab takes no table; leave --data and --target out".to_owned(),
        ));
    };
    let machine = MachineFacts::probe();
    let offer = Offer {
        train_rows: MNIST.0,
        test_rows: MNIST.1,
        cores: machine.cores_usable,
        gpus: machine.gpus.len() as u32,
    };
    Ok((Data::Embedded, offer))
}
