//! Telling somebody who looks elsewhere: the terminal's bell, or a notification of the desktop,
//! which terminals show by different sequences.

/// How the end of a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Telling {
    /// Not at all.
    #[default]
    Off,
    /// By the terminal's bell.
    Bell,
    /// By the bell and a notification of the desktop.
    Desktop,
}

impl Telling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Off, Self::Bell, Self::Desktop];

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bell => "bell",
            Self::Desktop => "desktop",
        }
    }

    /// What it does, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Off => "say nothing",
            Self::Bell => "ring the terminal's bell",
            Self::Desktop => "ring, and show a notification of the desktop",
        }
    }

    /// The one of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tell| tell.name() == name)
    }
}

/// What a terminal understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notifications {
    /// `OSC 9 ; text`: iTerm2, WezTerm, Ghostty, Windows Terminal and most others.
    Osc9,
    /// `OSC 777 ; notify ; title ; text`: rxvt, foot, and those of GNOME.
    Osc777,
    /// `OSC 99 ; ; text`: kitty.
    Osc99,
}

impl Notifications {
    /// What the terminal of some environment variables understands.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        if term.contains("kitty") || variable("KITTY_WINDOW_ID").is_some() {
            Self::Osc99
        } else if ["rxvt", "foot"].iter().any(|name| term.starts_with(name))
            || variable("VTE_VERSION").is_some()
        {
            Self::Osc777
        } else {
            Self::Osc9
        }
    }
}

/// What is written to the terminal.
pub fn sequence(tell: Telling, notifications: Notifications, text: &str) -> String {
    // Nothing in the text may end the sequence or begin another part of it.
    let text: String = text
        .chars()
        .map(|c| if c.is_control() || c == ';' { ' ' } else { c })
        .collect();
    let notification = match notifications {
        Notifications::Osc9 => format!("\u{1b}]9;{text}\u{1b}\\"),
        Notifications::Osc777 => format!("\u{1b}]777;notify;workbench;{text}\u{1b}\\"),
        Notifications::Osc99 => format!("\u{1b}]99;;{text}\u{1b}\\"),
    };
    match tell {
        Telling::Off => String::new(),
        Telling::Bell => "\u{7}".to_owned(),
        Telling::Desktop => format!("{notification}\u{7}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_terminal_gets_what_it_understands() {
        let of = |set: &'static [(&str, &str)]| {
            let value = |name: &str| set.iter().find(|(known, _)| *known == name);
            Notifications::of(|name| value(name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("TERM", "xterm-kitty")]), Notifications::Osc99);
        assert_eq!(of(&[("TERM", "foot")]), Notifications::Osc777);
        let gnome = of(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]);
        assert_eq!(gnome, Notifications::Osc777);
        assert_eq!(of(&[("TERM", "xterm-256color")]), Notifications::Osc9);
        assert_eq!(of(&[]), Notifications::Osc9);
    }

    #[test]
    fn a_text_cannot_leave_its_sequence() {
        let hostile = "a\u{1b}\\b;c\u{7}";
        for kind in [
            Notifications::Osc9,
            Notifications::Osc777,
            Notifications::Osc99,
        ] {
            let told = sequence(Telling::Desktop, kind, hostile);
            assert_eq!(told.matches('\u{1b}').count(), 2, "{told:?}");
            assert_eq!(told.matches('\u{7}').count(), 1, "{told:?}");
            assert_eq!(sequence(Telling::Bell, kind, hostile), "\u{7}");
            assert_eq!(sequence(Telling::Off, kind, hostile), "");
        }
    }
}
