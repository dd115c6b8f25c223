//! What is trained.
//!
//! Belongs here: layers, and how weights begin. Does not belong here: training.

mod cnn;
mod linear;
mod resnet;
mod tuned;

use tch::nn::{self, ModuleT};
use workbench_ddp_protocol::{Model, Tuning};

use crate::dataset::Shape;
use crate::failure::Failure;

/// A model that takes batches of images and gives a score per class.
pub type Net = Box<dyn ModuleT>;

/// Builds a model, which computes as the tuning says. Its weights come from libtorch's generator:
/// call [`tch::manual_seed`] before.
///
/// # Errors
/// When images are too small for it.
pub fn build(
    (model, tuning): (Model, Tuning),
    root: &nn::Path,
    shape: Shape,
) -> Result<Net, Failure> {
    let least = match model {
        Model::Resnet18 => 1,
        Model::Cnn => cnn::LEAST,
    };
    if shape.height < least || shape.width < least {
        return Err(Failure::spec(format!(
            "images of {} × {} pixels; the small CNN needs {least} × {least} or more: take resnet18",
            shape.height, shape.width
        )));
    }
    let net = match model {
        Model::Resnet18 => resnet::resnet18(root, shape),
        Model::Cnn => cnn::cnn(root, shape),
    };
    Ok(Box::new(tuned::Tuned::new(net, tuning)))
}
