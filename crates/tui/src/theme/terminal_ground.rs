//! Whether the terminal is dark or light: it is asked (OSC 11), and else a variable that some
//! terminals set is read.

use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

/// How long an answer is waited for. Terminals that know neither this question nor the one sent
/// behind it (device attributes, which nearly all answer) cost the whole of it.
const DEADLINE: Duration = Duration::from_millis(100);

/// What text stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Text is lighter.
    Dark,
    /// Text is darker.
    Light,
}

/// The ground of this process's terminal; `None` where it cannot be known. Must be called before
/// anything else reads the terminal.
pub fn ask() -> Option<Ground> {
    let mut options = QueryOptions::default();
    options.timeout = DEADLINE;
    match theme_mode(options) {
        Ok(ThemeMode::Dark) => Some(Ground::Dark),
        Ok(ThemeMode::Light) => Some(Ground::Light),
        Err(_) => from_variable(&std::env::var("COLORFGBG").ok()?),
    }
}

/// `COLORFGBG` as rxvt and others set it: `15;0` or `0;default;15`, numbers of the 16 colours; the
/// last one is the ground's.
fn from_variable(text: &str) -> Option<Ground> {
    match text.rsplit(';').next()?.parse().ok()? {
        0..=6 | 8 => Some(Ground::Dark),
        7 | 9..=15_u8 => Some(Ground::Light),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_of_the_variable_is_the_ground() {
        for (text, ground) in [
            ("15;0", Some(Ground::Dark)),
            ("0;15", Some(Ground::Light)),
            ("0;default;15", Some(Ground::Light)),
            ("12;8", Some(Ground::Dark)),
            ("0;7", Some(Ground::Light)),
            ("15;default", None),
            ("", None),
            ("15;16", None),
        ] {
            assert_eq!(from_variable(text), ground, "{text:?}");
        }
    }
}
