//! Reading ticks, and the shares between two readings.

use std::fmt::Write;

use proptest::prelude::*;

use crate::proc_stat::{Ticks, parse_cores, parse_total};

#[test]
fn stat_lines_are_read_up_to_the_interrupts() {
    let mut cores = Vec::new();
    let text = b"cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\n\
        cpu17 1 2 3 4\nintr 5 cpu1 1 1 1 1\ncpu2 1 1 1 1\n";
    assert!(parse_cores(text, &mut cores));
    assert_eq!(
        cores,
        [
            (0, Ticks([1, 2, 3, 4, 5, 6, 7, 8])),
            (17, Ticks([1, 2, 3, 4, 0, 0, 0, 0]))
        ]
    );
    assert_eq!(parse_total(text), Some(Ticks([9; 8])));
}

#[test]
fn a_stat_that_is_cut_short_says_so() {
    let text = b"cpu  1 1 1 1\ncpu0 1 1 1 1\ncpu1 1 1 1 1\nintr 1\n";
    let mut cores = Vec::new();
    let processors = text.len() - b"intr 1\n".len();
    for length in 0..=processors {
        assert!(!parse_cores(&text[..length], &mut cores), "{length}");
    }
    for length in processors + 1..=text.len() {
        assert!(parse_cores(&text[..length], &mut cores), "{length}");
        assert_eq!(cores.len(), 2);
    }
}

#[test]
fn malformed_stat_lines_are_left_out() {
    let text =
        b"cpu0 1 1 1\ncpu1 1 1 1 x\ncpu2 1 1 1 1\ncpu-3 1 1 1 1\ncpu4\ncpu99999999999 1 1 1 1\n\
                 cpu5 1 1 1 18446744073709551616\ncpux 1 1 1 1\nz";
    let mut cores = Vec::new();
    assert!(parse_cores(text, &mut cores));
    assert_eq!(cores, [(2, Ticks([1, 1, 1, 1, 0, 0, 0, 0]))]);
}

#[test]
fn shares_are_those_of_the_time_between() {
    let earlier = Ticks([100, 10, 20, 500, 30, 0, 0, 5]);
    let later = Ticks([110, 11, 24, 520, 40, 1, 4, 10]);
    // 20 of 55 ticks worked, 5 were stolen.
    let shares = later.since(&earlier).unwrap();
    assert!((shares.busy - 20.0 / 55.0).abs() < 1e-12);
    assert!((shares.steal - 5.0 / 55.0).abs() < 1e-12);
    assert_eq!(earlier.since(&earlier), None);
    assert_eq!(earlier.since(&Ticks([1000; 8])), None);
}

proptest! {
    #[test]
    fn shares_are_shares(now: [u64; 8], before: [u64; 8]) {
        if let Some(shares) = Ticks(now).since(&Ticks(before)) {
            prop_assert!((0.0..=1.0).contains(&shares.busy));
            prop_assert!((0.0..=1.0).contains(&shares.steal));
            prop_assert!(shares.busy + shares.steal <= 1.0 + 1e-9);
        }
    }

    #[test]
    fn written_ticks_are_read_back(
        ticks in proptest::collection::vec((any::<u32>(), any::<[u64; 8]>()), 0..40),
    ) {
        let mut text = String::from("cpu  1 1 1 1 1 1 1 1 0 0\n");
        for (id, ticks) in &ticks {
            let columns: Vec<String> = ticks.iter().map(ToString::to_string).collect();
            writeln!(text, "cpu{id} {} 0 0", columns.join(" ")).unwrap();
        }
        text += "intr 1 2 3\n";
        let mut cores = Vec::new();
        prop_assert!(parse_cores(text.as_bytes(), &mut cores));
        let expected = ticks.iter().map(|&(id, ticks)| (id, Ticks(ticks)));
        let expected: Vec<(u32, Ticks)> = expected.collect();
        prop_assert_eq!(cores, expected);
    }
}
