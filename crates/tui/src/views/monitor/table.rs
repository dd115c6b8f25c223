//! Columns of a table that are left out where there is no room, the least useful first.

/// Which of some columns fit into `room`, where each is so wide and so useful; wider is what counts
/// with its gap.
pub fn fitting(columns: &[(u16, u8)], room: u16) -> Vec<bool> {
    let mut kept = vec![true; columns.len()];
    loop {
        let used: u16 = columns
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| **kept)
            .map(|((width, _), _)| *width)
            .sum();
        if used <= room {
            return kept;
        }
        let left = (0..columns.len()).filter(|at| kept[*at]);
        match left.min_by_key(|at| columns[*at].1) {
            Some(least) => kept[least] = false,
            None => return kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_useful_goes_first() {
        let columns = [(5, 9), (10, 1), (8, 5)];
        assert_eq!(fitting(&columns, 23), [true, true, true]);
        assert_eq!(fitting(&columns, 22), [true, false, true]);
        assert_eq!(fitting(&columns, 12), [true, false, false]);
        assert_eq!(fitting(&columns, 0), [false, false, false]);
    }
}
