//! The kinds of made-up runs that there are.

/// A kind of made-up run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scenario {
    /// Tasks on 256 cores, at three numbers of workers.
    Cores,
    /// Training on 2, 4 and 8 GPUs; one is hot and slows down, some say less than the others.
    Gpus,
    /// 100,000 tasks over 64 slots: three arms, two repeats.
    Tasks,
    /// The same on 256 slots of a machine with 256 cores and 8 GPUs.
    Large,
    /// A training lab with curves and printed lines; one arm is stopped by hand in
    /// its second repeat.
    Training,
    /// A worker dies and is replaced; later one dies again and the run fails.
    Dying,
    /// Twelve hours of training on 256 cores and 8 GPUs.
    Long,
    /// Names that are wide, combine, run from right to left, or are not fit for a terminal.
    Names,
}

impl Scenario {
    /// Every scenario.
    pub const ALL: [Self; 8] = [
        Self::Cores,
        Self::Gpus,
        Self::Tasks,
        Self::Large,
        Self::Training,
        Self::Dying,
        Self::Long,
        Self::Names,
    ];

    /// The name to type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cores => "cores",
            Self::Gpus => "gpus",
            Self::Tasks => "tasks",
            Self::Large => "large",
            Self::Training => "training",
            Self::Dying => "dying",
            Self::Long => "long",
            Self::Names => "names",
        }
    }

    /// What it shows, in a line.
    pub fn about(self) -> &'static str {
        match self {
            Self::Cores => "tasks on 256 cores, at 64, 128 and 256 workers",
            Self::Gpus => "training on 2, 4 and 8 GPUs: one too hot, some that report little",
            Self::Tasks => "100,000 tasks over 64 slots, three arms, two repeats",
            Self::Large => "100,000 tasks over 256 slots, on 256 cores with 8 GPUs",
            Self::Training => "two arms with curves and printed lines, one stopped by hand",
            Self::Dying => "a worker dies and is replaced, then one dies for good",
            Self::Long => "twelve hours on 256 cores and 8 GPUs",
            Self::Names => "names that are hard to draw",
        }
    }

    /// The scenario of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == name)
    }
}
