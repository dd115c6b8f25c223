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
mod cell;
mod columns;
mod error;
mod facts;
mod faults;
mod feed;
mod labels;
mod lines;
mod magic;
mod options;
mod reader;
mod reader_options;
mod rows;
mod scan;
mod sniff;
mod split;
mod supervised;
mod table;
mod text;
mod unpack;
mod utf16;
mod warning;

pub use california::california_housing;
pub use cell::CellFault;
pub use columns::HugeNumbers;
pub use error::{
    DataError, FileProblem, LineProblem, Selecting, SelectionProblem, ShapeProblem, SplitProblem,
    TargetProblem,
};
pub use facts::{LeftOut, TableFacts};
pub use faults::{CellFaults, TableFault, TableFaults};
pub use magic::{ForeignFormat, Packing};
pub use options::{DecimalSign, Delimiter, ReadOptions, column_list, column_names, shell_word};
pub use reader::{Survey, SurveyedColumn, parse_csv, read_csv, survey_csv};
pub use reader_options::{AllowedCells, CsvOptions};
pub use split::{Split, train_test_split};
pub use supervised::Supervised;
pub use table::Table;
pub use unpack::TextEncoding;
pub use warning::DataWarning;
