//! Speed-ups of several runs as one picture.

use super::error::ReportError;
use super::{Format, chart, drawing};

pub use super::chart::{ArmBars, RunBar};

/// The picture as a drawing of its own, or as an image, with a title above and a line below.
///
/// # Errors
/// When a library fails, which no speed-up should bring about.
pub fn picture(
    format: Format,
    arms: &[ArmBars],
    (title, subtitle, foot): (&str, &str, &str),
) -> Result<Vec<u8>, ReportError> {
    let chart = chart::runs_side_by_side(arms).framed(title, subtitle, foot);
    drawing(format, &chart)
}

/// The picture as an element of a page.
///
/// # Errors
/// As [`picture`].
pub fn element(arms: &[ArmBars]) -> Result<String, ReportError> {
    chart::runs_side_by_side(arms).svg("side-by-side")
}
