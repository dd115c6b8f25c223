//! The split into training and test rows, the same as scikit-learn's.

use rand_mt::Mt;

use super::error::SplitProblem;

/// Row numbers to train on and to test on; together each row once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on, in the order that scikit-learn gives them.
    pub train: Vec<u32>,
    /// Rows to test on, in the order that scikit-learn gives them.
    pub test: Vec<u32>,
}

/// Splits `rows` row numbers as scikit-learn's `train_test_split(np.arange(rows), test_size=share,
/// random_state=seed)` does, index for index (checked against 1.9.1).
///
/// The test rows are the first ⌈`share`·`rows`⌉ of the permutation that NumPy's legacy
/// `RandomState(seed)` draws, the training rows are the rest of it. The product is taken in f64
/// before it is rounded up, so that 0.07 of 100 rows is 8.
///
/// # Errors
/// When `share` is not greater than 0 and less than 1, no row is left to train on, or there are
/// more than 2³² − 1 rows.
pub fn train_test_split(rows: usize, share: f64, seed: u32) -> Result<Split, SplitProblem> {
    // Written so that NaN is refused too.
    if !(share > 0.0 && share < 1.0) {
        return Err(SplitProblem::Share(share));
    }
    let count = u32::try_from(rows).map_err(|_| SplitProblem::TooManyRows(rows))?;
    let test_rows = (share * rows as f64).ceil() as usize;
    if test_rows >= rows {
        return Err(SplitProblem::NothingToTrain { rows, share });
    }
    let mut test = permutation(count, seed);
    let train = test.split_off(test_rows);
    Ok(Split { train, test })
}

/// NumPy's `RandomState(seed).permutation(count)`: MT19937 (Matsumoto and Nishimura, 1998) driving
/// the shuffle of Fisher and Yates from the end, each partner drawn by masked rejection.
fn permutation(count: u32, seed: u32) -> Vec<u32> {
    let mut generator = Mt::new(seed);
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..count).rev() {
        let mask = u32::MAX >> last.leading_zeros();
        let partner = loop {
            let drawn = generator.next_u32() & mask;
            if drawn <= last {
                break drawn;
            }
        };
        order.swap(last as usize, partner as usize);
    }
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_outside_the_open_interval_are_refused() {
        for share in [0.0, 1.0, -0.2, 1.5, f64::INFINITY] {
            assert_eq!(
                train_test_split(10, share, 0),
                Err(SplitProblem::Share(share))
            );
        }
        assert!(matches!(
            train_test_split(10, f64::NAN, 0),
            Err(SplitProblem::Share(_))
        ));
    }

    #[test]
    fn a_split_without_training_rows_is_refused() {
        for (rows, share) in [(0, 0.5), (1, 0.5), (5, 0.9)] {
            assert_eq!(
                train_test_split(rows, share, 0),
                Err(SplitProblem::NothingToTrain { rows, share })
            );
        }
    }

    proptest! {
        #[test]
        fn every_row_is_on_one_side(rows in 2_usize..3_000, share in 0.01..0.99_f64, seed: u32) {
            if let Ok(split) = train_test_split(rows, share, seed) {
                let mut all = [split.test.clone(), split.train.clone()].concat();
                all.sort_unstable();
                prop_assert!(all.iter().copied().eq(0..rows as u32));
                prop_assert!(!split.test.is_empty() && !split.train.is_empty());
                prop_assert!((split.test.len() as f64 - share * rows as f64).abs() < 1.0 + 1e-9);
            }
        }
    }
}
