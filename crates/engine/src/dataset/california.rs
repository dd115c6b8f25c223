//! The California Housing table, embedded.
//!
//! What is embedded are the integers of the 1990 census (see `assets/datasets/README.md`); the table is rebuilt from them
//! by the divisions that scikit-learn's `fetch_california_housing` makes, and so has the same bits.

use super::error::DataError;
use super::reader::{CsvOptions, parse_csv};
use super::table::Table;

const PACKED: &[u8] = include_bytes!("../../../../assets/datasets/california_housing.csv.zst");
const NAME: &str = "California Housing";

/// The California Housing table as scikit-learn's `fetch_california_housing` serves it, bit for bit and in the same order
/// of rows: 20,640 block groups of the 1990 US census (Pace and Barry, 1997).
///
/// Columns: `MedInc` (median income in 10,000 $), `HouseAge` (median age in years), `AveRooms` and `AveBedrms` (rooms and
/// bedrooms per household), `Population` (persons), `AveOccup` (persons per household), `Latitude` and `Longitude`
/// (degrees), and `MedHouseVal` (median value in 100,000 $), which is the column to predict.
///
/// # Errors
/// [`DataError::Embedded`] when the embedded bytes are damaged.
pub fn california_housing() -> Result<Table, DataError> {
    let reader = ruzstd::decoding::StreamingDecoder::new(PACKED).map_err(damaged)?;
    let census = parse_csv(reader, NAME, &CsvOptions::default()).map_err(damaged)?;
    rebuild(&census)
}

fn rebuild(census: &Table) -> Result<Table, DataError> {
    let counts = |name: &str| {
        census
            .column_named(name)
            .ok_or_else(|| damaged(format!("no column {name}")))
    };
    let population = counts("population")?;
    let households = counts("households")?;
    let columns = [
        ("MedInc", over(counts("median_income_e4")?, 10_000.0)),
        ("HouseAge", counts("housing_median_age")?.to_vec()),
        ("AveRooms", ratio(counts("total_rooms")?, households)),
        ("AveBedrms", ratio(counts("total_bedrooms")?, households)),
        ("Population", population.to_vec()),
        ("AveOccup", ratio(population, households)),
        ("Latitude", over(counts("latitude_e2")?, 100.0)),
        ("Longitude", over(counts("longitude_e2")?, 100.0)),
        (
            "MedHouseVal",
            over(counts("median_house_value")?, 100_000.0),
        ),
    ];
    let (names, values) = columns
        .into_iter()
        .map(|(name, values)| (name.to_owned(), values))
        .unzip();
    Table::new(NAME, names, values)
}

/// Each value divided by `unit`; multiplying by its inverse would round differently.
fn over(values: &[f64], unit: f64) -> Vec<f64> {
    values.iter().map(|value| value / unit).collect()
}

fn ratio(values: &[f64], by: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(by)
        .map(|(value, by)| value / by)
        .collect()
}

fn damaged(cause: impl std::fmt::Display) -> DataError {
    DataError::Embedded {
        name: NAME.to_owned(),
        cause: cause.to_string(),
    }
}
