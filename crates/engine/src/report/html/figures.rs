//! The page's figures: each chart with a caption and a container that scrolls on its own.

use maud::{Markup, PreEscaped, html};

use crate::record::Snapshot;
use crate::report::arms::{finished, one_each, stated_speedup};
use crate::report::chart::{self, Chart, Timeline, Timelines};
use crate::report::error::ReportError;
use crate::report::format;
use crate::result::{Fit, RunResult};

/// Timelines on a page at most; beyond that they are the same picture again and again.
const MOST_TIMELINES: usize = 16;

/// All figures of a page.
pub(super) struct Figures {
    /// Speed-up over workers, or per arm, or wall times where no speed-up may be stated.
    pub comparison: Figure,
    /// Whether laws were fitted.
    pub laws: bool,
    /// Every arm at its highest number of workers.
    pub timelines: Vec<Figure>,
    /// The other numbers of workers.
    pub more_timelines: Vec<Figure>,
    pub lost: Option<Figure>,
    pub what_if: Option<Figure>,
}

/// One figure with its heading.
pub(super) struct Figure {
    pub title: String,
    pub markup: Markup,
}

impl Figures {
    /// Draws everything that the result and the record hold.
    pub fn draw(result: &RunResult, snapshot: &Snapshot) -> Result<Self, ReportError> {
        let (timelines, more_timelines) = timelines(result, snapshot)?;
        let law = |s: &crate::result::Scaling| {
            matches!(s.amdahl, Fit::Fitted(_)) || matches!(s.usl, Fit::Fitted(_))
        };
        Ok(Self {
            comparison: comparison(result)?,
            laws: result.scaling.iter().any(law),
            timelines,
            more_timelines,
            lost: chart::lost(result).map(|c| lost(&c)).transpose()?,
            what_if: chart::what_if(result).map(|c| what_if(&c)).transpose()?,
        })
    }
}

fn figure(chart: &Chart, id: &str, title: &str, caption: &str) -> Result<Figure, ReportError> {
    let svg = chart.svg(id)?;
    let markup = html! {
        figure {
            div.scroll role="region" aria-label=(title) tabindex="0" { (PreEscaped(svg)) }
            @if !caption.is_empty() { figcaption { bdi { (super::parts::bound(caption)) } } }
        }
    };
    Ok(Figure {
        title: title.to_owned(),
        markup,
    })
}

fn comparison(result: &RunResult) -> Result<Figure, ReportError> {
    let base = format::clean(&result.base, 40);
    if let Some(chart) = chart::scaling(result) {
        let caption = format!(
            "Speed-up against {base}. Whiskers are 95 % bootstrap intervals; the dashed line is one worker's speed times the workers."
        );
        return figure(&chart, "scaling", "Speed-up over workers", &caption);
    }
    let chart = chart::speedup(result);
    if finished(result).any(|arm| arm.name != result.base && stated_speedup(result, arm).is_some())
    {
        let caption = format!(
            "Speed-up against {base}. The pale track ends at the ideal, as many times as there are workers; the notch is the bound of the \
             tasks; whiskers are 95 % bootstrap intervals."
        );
        figure(&chart, "speedup", "Speed-up", &caption)
    } else {
        let caption = "Median wall time of every arm; a thin line for each repeat.";
        figure(&chart, "speedup", "Wall time", caption)
    }
}

fn lost(chart: &Chart) -> Result<Figure, ReportError> {
    let caption =
        "Shares of the slots' time, workers × wall time, in the repeat with the median wall time.";
    figure(chart, "lost", "Where time was lost", caption)
}

fn what_if(chart: &Chart) -> Result<Figure, ReportError> {
    let caption = "Computed, not measured: list scheduling of the recorded durations, without overhead and without slower tasks.";
    figure(
        chart,
        "what-if",
        "What other numbers of slots would give",
        caption,
    )
}

type Split = (Vec<Figure>, Vec<Figure>);

fn timelines(result: &RunResult, snapshot: &Snapshot) -> Result<Split, ReportError> {
    let all = Timelines::new(result, snapshot);
    let main = one_each(result);
    let (mut shown, mut folded) = (Vec::new(), Vec::new());
    for (i, arm) in finished(result).enumerate() {
        let is_main = main.iter().any(|chosen| std::ptr::eq(*chosen, arm));
        if shown.len() + folded.len() >= MOST_TIMELINES && !is_main {
            continue;
        }
        let Some(Timeline {
            chart,
            subject,
            caption,
        }) = all.draw(arm, shown.is_empty())
        else {
            continue;
        };
        let svg = chart.svg(&format!("timeline-{i}"))?;
        let markup = html! {
            figure {
                h3 { bdi { (subject) } }
                div.scroll role="region" aria-label={ "Timeline of " (subject) } tabindex="0" { (PreEscaped(svg)) }
                figcaption { (super::parts::bound(&caption)) }
            }
        };
        let target = if is_main { &mut shown } else { &mut folded };
        target.push(Figure {
            title: subject,
            markup,
        });
    }
    Ok((shown, folded))
}
