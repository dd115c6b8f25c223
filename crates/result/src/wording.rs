//! How an arm at a number of workers is called, the same in checks, warnings, diagnoses and progress.

/// `1 worker`, `8 workers`.
pub fn slots(workers: u32) -> String {
    format!("{workers} worker{}", if workers == 1 { "" } else { "s" })
}

/// `tasks on 8 workers`.
pub fn arm_on(arm: &str, workers: u32) -> String {
    format!("{arm} on {}", slots(workers))
}

/// A duration in seconds as it stands in a sentence: `2.31 s`, and `12 h 03 min` where seconds say nothing any more.
pub fn lasting(s: f64) -> String {
    let whole = s.round() as u64;
    match whole {
        0..100 => format!("{s:.2} s"),
        100..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => {
            let minutes = (s / 60.0).round() as u64;
            format!("{} h {:02} min", minutes / 60, minutes % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_durations_are_in_hours_and_minutes() {
        let times = [0.25, 99.4, 99.6, 3599.4, 3600.0, 43_364.4];
        assert_eq!(
            times.map(lasting),
            [
                "0.25 s",
                "99.40 s",
                "1 min 40 s",
                "59 min 59 s",
                "1 h 00 min",
                "12 h 03 min"
            ]
        );
    }
}
