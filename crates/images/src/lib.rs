//! Labelled images to train on: the embedded MNIST, IDX files (MNIST and its kin), and
//! CIFAR-10's binary files.
//!
//! Every reader takes a limit of rows and reads or unpacks no more than those.
//!
//! - **Belongs here:** reading and checking files of images, and writing IDX.
//! - **May use:** no other crate of this tree.
//! - **Does not belong here:** scaling to floats, shuffling, sharding, tensors; whoever
//!   trains does that.
//!
//! ```
//! use workbench_images::{Split, ImageSource};
//!
//! let digits = ImageSource::Embedded.load(Split::Test, Some(100))?;
//! assert_eq!((digits.len(), digits.classes), (100, 10));
//! assert_eq!(digits.image(0).map(<[u8]>::len), Some(28 * 28));
//! assert_eq!(digits.labels[..4], [7, 2, 1, 0]);
//! # Ok::<(), workbench_images::ImageError>(())
//! ```

mod cifar;
mod embedded;
mod error;
mod file;
mod folder;
pub mod idx;
mod set;
mod source;

pub use cifar::read_cifar10;
pub use embedded::mnist;
pub use error::{ImageError, ImageProblem};
pub use idx::{read_idx, write_idx};
pub use set::{CLASSES, Images, Split};
pub use source::ImageSource;
