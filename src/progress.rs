//! Progress on the standard error: a bar with ETA on a terminal, plain lines elsewhere. Both are
//! folds of the events.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use workbench_clock::seconds;
use workbench_record::{
    Event, Finding, Record, RepeatFinished, RepeatId, Snapshot, SpoiledRepeats, Subscriber, Tally,
};
use workbench_report::format;
use workbench_result::{arm_on, left_out_finding};

use crate::output;
use workbench_history::outlook::Ahead;

/// Seconds between two plain lines during a repeat.
const LINE_EVERY_S: f64 = 10.0;
/// The bar's resolution.
const BAR_UNITS: u64 = 10_000;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Not at all.
    Quiet,
    /// One bar that is redrawn.
    Bar,
    /// A line at intervals.
    Lines,
}

impl Style {
    /// A bar on a terminal, lines elsewhere.
    pub fn choose(quiet: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match (quiet, std::io::stderr().is_terminal() && !dumb) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Bar,
            (false, false) => Self::Lines,
        }
    }
}

/// Follows a run's events and shows its progress.
pub struct Follower {
    state: Arc<Mutex<State>>,
}

struct State {
    style: Style,
    /// Of constant size: this runs beside the measurement.
    tally: Tally,
    left_out: SpoiledRepeats,
    arms: Vec<String>,
    ahead: Ahead,
    bar: ProgressBar,
    last_line_s: f64,
}

impl Follower {
    /// Follows a new run.
    pub fn new(style: Style) -> Self {
        Self::resuming(style, &Snapshot::default())
    }

    /// Follows a resumed run.
    pub fn resuming(style: Style, snapshot: &Snapshot) -> Self {
        let started = snapshot.started.as_deref();
        let target = match style {
            Style::Bar => ProgressDrawTarget::stderr_with_hz(5),
            Style::Quiet | Style::Lines => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(BAR_UNITS), target);
        if let Ok(template) =
            ProgressStyle::with_template("{wide_bar:.cyan/dim} {percent:>3} %  {msg}")
        {
            bar.set_style(template.progress_chars("━╸─"));
        }
        Self {
            state: Arc::new(Mutex::new(State {
                style,
                tally: snapshot.tally.clone(),
                left_out: snapshot.left_out.clone(),
                arms: started.map_or_else(Vec::new, |started| started.config.arms.clone()),
                ahead: Ahead::default(),
                bar,
                last_line_s: 0.0,
            })),
        }
    }

    /// The callback of the recorder for every event.
    pub fn subscriber(&self) -> Subscriber {
        let state = Arc::clone(&self.state);
        Box::new(move |record| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.see(record);
        })
    }

    /// Removes the bar.
    pub fn finish(&self) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.bar.finish_and_clear();
    }
}

impl State {
    fn see(&mut self, record: &Record) {
        if self.style == Style::Quiet {
            return;
        }
        match &record.event {
            // Tasks and samples are frequent, and progress events hold all that is shown.
            Event::Task(_) | Event::Sample(_) => return,
            Event::RunStarted(started) => {
                self.arms.clone_from(&started.config.arms);
                self.left_out = SpoiledRepeats::new(started.planned_repeats);
            }
            Event::RepeatFinished(finished) if !finished.counts() => {
                self.left_out.add((**finished).clone());
            }
            _ => {}
        }
        self.tally.apply(record);
        if let Event::RepeatsPlanned { .. } = &record.event {
            self.left_out.plan(self.tally.planned_repeats());
        }
        self.ahead.look(&self.tally);
        match &record.event {
            Event::RunStarted(started) => self.say(&format!(
                "{}: {} on {}",
                started.lab_title,
                format::counted(u64::from(started.planned_repeats), "repeat"),
                started.machine.cpu_model.trim()
            )),
            Event::RepeatFinished(finished) => {
                self.finish(finished);
                self.last_line_s = seconds(record.t_ns);
            }
            Event::Finding(finding) => self.find(finding),
            Event::ArmFailed(failure) => self.find(&failure.finding()),
            Event::Output { source, text } if self.is_arm(source) => {
                self.say(&format!("{source}: {text}"));
            }
            Event::Progress { .. } if self.is_line_due(seconds(record.t_ns)) => {
                self.last_line_s = seconds(record.t_ns);
                let done = self.ahead.outlook().done;
                self.say(&format!("{:.0} %  {}", done * 100.0, self.status()));
            }
            _ => {}
        }
        let done = self.ahead.outlook().done;
        self.bar.set_position((done * BAR_UNITS as f64) as u64);
        self.bar.set_message(self.status());
    }

    /// Whether a line comes from an arm itself and not from one of its workers: a failure or a
    /// recovery.
    fn is_arm(&self, source: &str) -> bool {
        self.arms.iter().any(|arm| arm == source)
    }

    fn finish(&self, finished: &RepeatFinished) {
        let again = self.left_out.runs_again(&finished.id);
        if let Some(finding) = left_out_finding(finished, again) {
            return self.find(&finding);
        }
        let (number, total) = (self.tally.finished, self.tally.planned_repeats());
        self.say(&format!(
            "{number}/{total}  {}: {}",
            repeat_name(&finished.id),
            format::seconds(seconds(finished.wall_ns))
        ));
    }

    fn find(&self, finding: &Finding) {
        let word = finding.severity.word();
        self.say(&format!("{word}: {}", finding.text));
    }

    fn is_line_due(&self, now_s: f64) -> bool {
        self.style == Style::Lines && now_s - self.last_line_s > LINE_EVERY_S
    }

    /// The repeat under way and the remaining time of the run.
    fn status(&self) -> String {
        let under_way = self.tally.under_way();
        let now = under_way.map_or_else(|| "preparing".to_owned(), |pace| repeat_name(&pace.id));
        match self.ahead.outlook().left_s {
            Some(left) => format!("{now}, {} left", format::seconds(left)),
            None => now,
        }
    }

    fn say(&self, text: &str) {
        match self.style {
            Style::Quiet => {}
            Style::Bar => self.bar.println(text),
            // A closed standard error must not end a run.
            Style::Lines => drop(output::error_line(text)),
        }
    }
}

fn repeat_name(id: &RepeatId) -> String {
    format!("{}, repeat {}", arm_on(&id.arm, id.workers), id.repeat + 1)
}
