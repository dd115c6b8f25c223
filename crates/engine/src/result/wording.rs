//! How an arm at a number of workers is called, the same in checks, warnings, diagnoses and progress.

/// `1 worker`, `8 workers`.
pub fn slots(workers: u32) -> String {
    format!("{workers} worker{}", if workers == 1 { "" } else { "s" })
}

/// `tasks on 8 workers`.
pub fn arm_on(arm: &str, workers: u32) -> String {
    format!("{arm} on {}", slots(workers))
}
