//! What is said of a GPU in the table and on its card.

use ratatui::style::Style;
use workbench_machine::gpu::{GpuHealth, GpuState};
use workbench_report::format;

use crate::theme::Theme;

/// `3`, and `3.1` for its second MIG device.
pub fn number(gpu: &GpuState) -> String {
    match gpu.mig {
        Some(mig) => format!(" {}.{mig}", gpu.index),
        None => gpu.index.to_string(),
    }
}

/// Why it is slower than it could be, or does nothing at all.
pub fn reason(gpu: &GpuState, theme: &Theme) -> (String, Style) {
    match (gpu.health, &gpu.throttle) {
        (GpuHealth::Lost, _) => ("LOST".to_owned(), theme.bad),
        (GpuHealth::NotOpened, _) => ("cannot be opened".to_owned(), theme.bad),
        (GpuHealth::Works, Some(reasons)) => {
            let words: Vec<&str> = reasons.iter().map(|reason| reason.words()).collect();
            (words.join(", "), theme.warn)
        }
        (GpuHealth::Works, None) => (String::new(), theme.dim),
    }
}

/// A share, or that the card does not say.
pub fn percent(share: Option<f32>) -> String {
    format::or_missing(share, |share| format!("{:.0} %", share * 100.0))
}
