//! Where the cursor of time is, and what can be asked of it.

/// Where the cursor is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cursor {
    /// Nanoseconds on the run's clock.
    pub at_ns: u64,
    /// The step, where it was put on one: several steps can be recorded at the same time.
    pub step: Option<f64>,
}

/// What is asked of the cursor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CursorRequest {
    /// On, and off.
    Toggle,
    /// So many cells of the panel to the right.
    Move(i32),
    /// To a time.
    Time(u64),
    /// To a place on the axis of the curves.
    Curve(f64),
}
