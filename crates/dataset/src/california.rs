//! The California Housing table, embedded.
//!
//! What is embedded are the integers of the 1990 census (see `assets/datasets/README.md`); the
//! table is rebuilt from them by the divisions that scikit-learn's `fetch_california_housing`
//! makes, and so has the same bits.

use std::io::Read as _;

use super::error::DataError;
use super::table::Table;

static PACKED: &[u8] = include_bytes!("../../../assets/datasets/california_housing.bin.zst");
const NAME: &str = "California Housing";
const ROWS: usize = 20_640;
const COLUMNS: usize = 9;
/// Bytes of a stored number.
const PLANES: usize = 3;

/// The California Housing table as scikit-learn's `fetch_california_housing` serves it, bit for bit
/// and in the same order of rows: 20,640 block groups of the 1990 US census (Pace and Barry, 1997).
///
/// Columns: `MedInc` (median income in 10,000 $), `HouseAge` (median age in years), `AveRooms` and
/// `AveBedrms` (rooms and bedrooms per household), `Population` (persons), `AveOccup` (persons per
/// household), `Latitude` and `Longitude` (degrees), and `MedHouseVal` (median value in 100,000 $),
/// which is the column to predict.
///
/// # Errors
/// [`DataError::Embedded`] when the embedded bytes are damaged.
pub fn california_housing() -> Result<Table, DataError> {
    let mut bytes = Vec::with_capacity(COLUMNS * PLANES * ROWS);
    ruzstd::decoding::StreamingDecoder::new(PACKED)
        .map_err(damaged)?
        .read_to_end(&mut bytes)
        .map_err(damaged)?;
    rebuild(&columns(&bytes)?)
}

/// The stored columns: longitude, latitude, age, rooms, bedrooms, population,
/// households, income, value.
fn columns(bytes: &[u8]) -> Result<[Vec<f64>; COLUMNS], DataError> {
    if bytes.len() != COLUMNS * PLANES * ROWS {
        return Err(damaged(format_args!("{} bytes", bytes.len())));
    }
    Ok(std::array::from_fn(|index| {
        column(&bytes[index * PLANES * ROWS..][..PLANES * ROWS])
    }))
}

/// Undoes the differences, their signs and the byte planes.
fn column(planes: &[u8]) -> Vec<f64> {
    let mut value = 0_i32;
    (0..ROWS)
        .map(|row| {
            let byte = |plane: usize| i32::from(planes[plane * ROWS + row]);
            let stored = byte(0) | byte(1) << 8 | byte(2) << 16;
            value = value.wrapping_add((stored >> 1) ^ -(stored & 1));
            f64::from(value)
        })
        .collect()
}

fn rebuild(census: &[Vec<f64>; COLUMNS]) -> Result<Table, DataError> {
    let [
        longitude,
        latitude,
        age,
        rooms,
        bedrooms,
        population,
        households,
        income,
        value,
    ] = census;
    let columns = [
        ("MedInc", over(income, 10_000.0)),
        ("HouseAge", age.clone()),
        ("AveRooms", ratio(rooms, households)),
        ("AveBedrms", ratio(bedrooms, households)),
        ("Population", population.clone()),
        ("AveOccup", ratio(population, households)),
        ("Latitude", over(latitude, 100.0)),
        ("Longitude", over(longitude, 100.0)),
        ("MedHouseVal", over(value, 100_000.0)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_bytes_are_an_error_and_not_a_panic() {
        let short = columns(&[0; 10]).unwrap_err().to_string();
        assert_eq!(
            short,
            "the embedded dataset California Housing cannot be decoded (10 bytes); rebuild or reinstall the program"
        );
        let columns = columns(&vec![0xFF; COLUMNS * PLANES * ROWS]).unwrap();
        assert_eq!(columns[0].len(), ROWS);
        // No households: the ratios are not finite, and no table comes of it.
        let empty = std::array::from_fn(|_| vec![0.0; ROWS]);
        assert!(matches!(rebuild(&empty), Err(DataError::Shape { .. })));
    }
}
