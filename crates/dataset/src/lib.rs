//! Datasets: tables of numbers, from CSV files or embedded, and their split into training and test
//! rows. Nothing here draws random numbers except [`train_test_split`], which repeats
//! scikit-learn's split bit for bit.
//!
//! - **Belongs here:** reading and checking tables, and the table that comes with the program.
//! - **May use:** `digest`.
//! - **Does not belong here:** what a lab learns from the tables; how an error is shown.
//!
//! ```
//! use workbench_dataset::{california_housing, train_test_split, Supervised};
//!
//! let housing = Supervised::from_table(&california_housing()?, "MedHouseVal")?;
//! let split = train_test_split(housing.rows, 0.2, 42)?;
//! assert_eq!((split.train.len(), split.test.len()), (16_512, 4_128));
//! # Ok::<(), workbench_dataset::DataError>(())
//! ```

mod california;
mod error;
mod feed;
mod header;
mod reader;
mod split;
mod supervised;
mod table;
mod text;

pub use california::california_housing;
pub use error::{
    CellProblem, DataError, FileProblem, LineProblem, ShapeProblem, SplitProblem, TargetProblem,
};
pub use reader::{CsvOptions, parse_csv, read_csv};
pub use split::{Split, train_test_split};
pub use supervised::Supervised;
pub use table::Table;
