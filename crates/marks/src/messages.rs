//! Why a run does not say what a question asks for.

pub(crate) fn not_run(arm: Option<&str>, workers: Option<u32>) -> String {
    match (arm, workers) {
        (Some(arm), Some(workers)) => {
            format!("the run has no finished repeat of {arm} with {workers} workers")
        }
        (Some(arm), None) => format!("the run has no finished repeat of {arm}"),
        (None, Some(workers)) => {
            format!("the run has no finished repeat of its fastest arm with {workers} workers")
        }
        (None, None) => "the run states no speed-up of any arm".to_owned(),
    }
}
