//! The fields of a filter, and what may be typed for each.

/// How a time can be typed, in a few words.
pub(super) const PERIODS: &str = "a day (2026-11-20), today, yesterday, or an age (7d, 12h)";

/// How a run can stand, in the words of the lists.
pub const STATUSES: [&str; 8] = [
    "running",
    "completed",
    "check failed",
    "interrupted",
    "killed",
    "unfinished",
    "failed",
    "unreadable",
];

/// A fact of a run that a filter can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The lab's name.
    Lab,
    /// The preset.
    Preset,
    /// How the run stands, one of [`STATUSES`].
    Status,
    /// An arm that the run finished.
    Arm,
    /// The earliest start.
    Since,
    /// The latest start.
    Until,
}

impl Field {
    /// Every field, in the order of help texts.
    pub const ALL: [Self; 6] = [
        Self::Lab,
        Self::Preset,
        Self::Status,
        Self::Arm,
        Self::Since,
        Self::Until,
    ];

    /// What stands before the colon.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Preset => "preset",
            Self::Status => "status",
            Self::Arm => "arm",
            Self::Since => "since",
            Self::Until => "until",
        }
    }

    /// Examples, as they are typed.
    pub const fn examples(self) -> &'static [&'static str] {
        match self {
            Self::Lab => &["lab:rf"],
            Self::Preset => &["preset:quick"],
            Self::Status => &["status:killed"],
            Self::Arm => &["arm:trees"],
            Self::Since => &["since:7d"],
            Self::Until => &["until:2026-11-20"],
        }
    }

    /// What may stand after the colon, in a few words.
    pub fn takes(self) -> &'static str {
        match self {
            Self::Lab => "the beginning of a lab's name",
            Self::Preset => "the beginning of a preset's name",
            Self::Status => {
                "running, completed, check-failed, interrupted, killed, failed or unreadable"
            }
            Self::Arm => "the beginning of an arm's name",
            Self::Since | Self::Until => PERIODS,
        }
    }

    /// What it does, for the help.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Lab => "Runs of a lab; the beginning of its name is enough.",
            Self::Preset => "Runs of a preset; the beginning of its name is enough.",
            Self::Status => {
                "Runs that stand like this: running, completed, check-failed, interrupted, killed, failed, unreadable. \
                 Commas part alternatives: status:killed,failed."
            }
            Self::Arm => "Runs that finished an arm; the beginning of its name is enough.",
            Self::Since => {
                "Runs that started then or later: 2026-11-20, 2026-11, 2026-11-20T10:15, today, yesterday, or \
                 7d, 12h, 30m, 2w ago."
            }
            Self::Until => "Runs that started then or earlier; a day counts to its end.",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// A text that was typed, short enough for a message.
pub(super) fn clean(text: &str) -> String {
    workbench_report::format::clean(text, 24)
}
