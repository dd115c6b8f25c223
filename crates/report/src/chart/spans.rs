//! Thinning: what happened on a row over time, reduced to as many runs of equal colour as a
//! drawing can show.
//!
//! A run of a lab may hold a hundred thousand tasks; a drawing is some hundred columns wide. Each
//! column takes the shade that filled most of it, and neighbours of equal shade join.

/// A stretch of one shade on one row, in seconds from the start of the drawing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Block {
    pub from: f64,
    pub to: f64,
    pub shade: usize,
}

/// Neighbouring columns of one shade: `from` inclusive, `to` exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub row: usize,
    pub from: usize,
    pub to: usize,
    pub shade: usize,
}

/// Runs and the number of columns that they are counted in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Thinned {
    pub columns: usize,
    pub runs: Vec<Run>,
}

/// Different shades that one drawing may use.
pub(super) const SHADES: usize = 12;

/// Thins rows of blocks to at most `columns` columns over `length` seconds, and to fewer columns
/// until at most `budget` runs remain.
pub(super) fn thin(rows: &[Vec<Block>], length: f64, columns: usize, budget: usize) -> Thinned {
    let mut columns = columns.max(1);
    loop {
        let runs: Vec<Run> = rows
            .iter()
            .enumerate()
            .flat_map(|(row, blocks)| row_runs(row, blocks, length, columns))
            .collect();
        if runs.len() <= budget || columns <= 16 {
            return Thinned { columns, runs };
        }
        columns = columns * 2 / 3;
    }
}

fn row_runs(row: usize, blocks: &[Block], length: f64, columns: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, shade) in shades(blocks, length, columns).into_iter().enumerate() {
        let Some(shade) = shade else { continue };
        match runs.last_mut() {
            Some(run) if run.to == column && run.shade == shade => run.to += 1,
            _ => runs.push(Run {
                row,
                from: column,
                to: column + 1,
                shade,
            }),
        }
    }
    runs
}

/// The shade of each column: the one that fills most of it, where anything fills half of it. A lone
/// block narrower than that is kept, for a spike must not vanish.
fn shades(blocks: &[Block], length: f64, columns: usize) -> Vec<Option<usize>> {
    if length.is_nan() || length <= 0.0 {
        return Vec::new();
    }
    let width = length / columns as f64;
    let mut filled = vec![[0.0f32; SHADES]; columns];
    for block in blocks {
        let (from, to) = (block.from.max(0.0), block.to.min(length));
        let first = (from / width) as usize;
        let last = ((to / width).ceil() as usize).min(columns);
        let Some(reached) = filled.get_mut(first..last) else {
            continue;
        };
        for (i, fill) in reached.iter_mut().enumerate() {
            let start = (first + i) as f64 * width;
            let overlap = to.min(start + width) - from.max(start);
            if overlap > 0.0 {
                fill[block.shade.min(SHADES - 1)] += (overlap / width) as f32;
            }
        }
    }
    let total: Vec<f32> = filled.iter().map(|fill| fill.iter().sum()).collect();
    let neighbour =
        |column: Option<usize>| column.and_then(|c| total.get(c)).is_some_and(|t| *t > 0.0);
    let most = |fill: &[f32; SHADES]| {
        let best = fill.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.map(|(shade, _)| shade)
    };
    (0..columns)
        .map(|c| {
            let lone = total[c] > 0.0 && !neighbour(c.checked_sub(1)) && !neighbour(Some(c + 1));
            (total[c] >= 0.5 || lone)
                .then(|| most(&filled[c]))
                .flatten()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(from: f64, to: f64, shade: usize) -> Block {
        Block { from, to, shade }
    }

    #[test]
    fn neighbours_of_one_shade_join() {
        let row = vec![block(0.0, 1.0, 3), block(1.0, 2.0, 3), block(2.0, 4.0, 5)];
        let thinned = thin(&[row], 4.0, 8, 100);
        let run = |from, to, shade| Run {
            row: 0,
            from,
            to,
            shade,
        };
        assert_eq!(thinned.runs, [run(0, 4, 3), run(4, 8, 5)]);
    }

    #[test]
    fn a_lone_short_block_stays_visible() {
        let thinned = thin(&[vec![block(5.0, 5.001, 2)]], 10.0, 100, 10);
        assert_eq!(thinned.runs.len(), 1);
        assert_eq!(thinned.runs[0].shade, 2);
    }

    #[test]
    fn an_empty_or_impossible_length_gives_nothing() {
        for length in [0.0, -1.0, f64::NAN] {
            assert!(
                thin(&[vec![block(0.0, 1.0, 0)]], length, 10, 10)
                    .runs
                    .is_empty()
            );
        }
        assert!(thin(&[], 1.0, 10, 10).runs.is_empty());
    }

    proptest! {
        #[test]
        fn runs_keep_to_the_budget_or_the_coarsest_columns(
            durations in prop::collection::vec(0.001f64..2.0, 1..400),
            budget in 10usize..200,
        ) {
            let mut t = 0.0;
            let row: Vec<Block> = durations.iter().enumerate().map(|(i, d)| {
                t += d;
                block(t - d, t, i % 8)
            }).collect();
            let thinned = thin(&[row], t, 1000, budget);
            prop_assert!(thinned.runs.len() <= budget || thinned.columns <= 16);
            for pair in thinned.runs.windows(2) {
                prop_assert!(pair[0].to <= pair[1].from);
            }
            // Without gaps between the blocks every column is covered.
            let covered: usize = thinned.runs.iter().map(|r| r.to - r.from).sum();
            prop_assert_eq!(covered, thinned.columns);
        }
    }
}
