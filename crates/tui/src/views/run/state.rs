//! How the state of whoever controls a repeat is drawn.

use ratatui::style::Style;

use crate::model::state::Weight;
use crate::theme::Theme;

/// The style of a state by how much it asks for a look.
pub fn style_of(weight: Weight, theme: &Theme) -> Style {
    match weight {
        Weight::Plain => theme.text,
        Weight::Notable => theme.warn,
        Weight::Bad => theme.bad,
    }
}
