//! What the peers get: the rows of the own arms, split in the same way, as files of numpy.

use std::fs;
use std::path::Path;

use workbench_experiment::lab::{LabError, NearPeers, RunConfig};
use workbench_programs::WriteInput;

use crate::model::Truth;
use crate::problem::{Problem, Rows};
use crate::settings::number;

/// Their programs.
pub const FILES: &[(&str, &str)] = &[("forests.py", include_str!("../peers/forests.py"))];

/// How near another engine's forests have to come to those of the base.
///
/// # Errors
/// When the parameter is missing.
pub fn near(problem: &Problem, config: &RunConfig) -> Result<NearPeers, LabError> {
    Ok(NearPeers {
        metric: problem.test.score().to_owned(),
        tolerance: number(&config.params, "peer_tolerance")?,
    })
}

/// Writes rows into a directory, as often as it is asked to.
pub fn input(rows: &Rows<'_>, problem: &Problem) -> WriteInput {
    let x = |part: &[u32]| {
        let features = rows.data.features;
        let mut values = Vec::with_capacity(part.len() * features * 4);
        for row in part {
            for feature in 0..features {
                let value = rows.data.feature(feature)[*row as usize] as f32;
                values.extend(value.to_le_bytes());
            }
        }
        npy("<f4", &format!("{}, {features}", part.len()), &values)
    };
    let files = [
        ("x_train.npy", x(&rows.train)),
        ("x_test.npy", x(&rows.test)),
        ("y_train.npy", y(&problem.train)),
        ("y_test.npy", y(&problem.test)),
    ];
    Box::new(move |dir: &Path| {
        let mut files = files.iter();
        files.try_for_each(|(name, bytes)| fs::write(dir.join(name), bytes))
    })
}

fn y(truth: &Truth) -> Vec<u8> {
    match truth {
        Truth::Numbers(y) => {
            let values: Vec<u8> = y.iter().flat_map(|y| y.to_le_bytes()).collect();
            npy("<f8", &format!("{},", y.len()), &values)
        }
        Truth::Classes(class, _) => {
            let values = class
                .iter()
                .flat_map(|class| i64::from(*class).to_le_bytes());
            npy(
                "<i8",
                &format!("{},", class.len()),
                &values.collect::<Vec<u8>>(),
            )
        }
    }
}

/// A file of numpy's format 1.0 (numpy.lib.format): a header of text that fills up 64 bytes, then
/// the values row by row.
fn npy(kind: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    const PRELUDE: usize = 10;
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}");
    let fill = 63 - (PRELUDE + header.len()) % 64;
    header.extend(std::iter::repeat_n(' ', fill));
    header.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    out.extend(values);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numpys_header_ends_with_a_line_at_64_bytes() {
        for shape in ["3,", "16512, 8", "123456789, 54321"] {
            let file = npy("<f8", shape, &[1, 2]);
            let length = usize::from(file[8]) + 256 * usize::from(file[9]);
            assert_eq!((10 + length) % 64, 0);
            assert_eq!(&file[10 + length..], [1, 2]);
            assert_eq!(file[10 + length - 1], b'\n');
        }
    }
}
