//! The page's figures: each chart with a caption and a container that scrolls on its own.

use maud::{Markup, PreEscaped, html};

use crate::arms::{finished, one_each, stated_speedup};
use crate::chart::{self, Chart, TimelineFigure, Timelines};
use crate::error::ReportError;
use crate::intervals::Kinds;
use crate::{format, ideal, label};
use workbench_record::{Dependent, Snapshot};
use workbench_result::RunResult;

/// Timelines on a page at most; beyond that they are the same picture again and again.
const MOST_TIMELINES: usize = 16;

/// All figures of a page.
pub(super) struct Figures {
    /// Speed-up over workers, or per arm, or wall times where no speed-up may be stated.
    pub comparison: PageFigure,
    /// Whether laws were fitted.
    pub laws: bool,
    /// Every arm at its highest number of workers.
    pub timelines: Vec<PageFigure>,
    /// The other numbers of workers.
    pub more_timelines: Vec<PageFigure>,
    pub lost: Option<PageFigure>,
    /// The items over their size.
    pub items: Option<PageFigure>,
    pub importances: Option<PageFigure>,
    pub what_if: Option<PageFigure>,
    /// What the controller did, where that was more than usual.
    pub states: Option<PageFigure>,
    /// How far every arm was at any time.
    pub race: Option<PageFigure>,
    /// The curves of every item.
    pub lives: Option<PageFigure>,
    /// What items came to over their settings.
    pub settings: Vec<PageFigure>,
    /// One per name of a curve.
    pub curves: Vec<PageFigure>,
    pub steps: Option<PageFigure>,
    pub start_up: Option<PageFigure>,
}

/// One figure with its heading.
pub(super) struct PageFigure {
    pub title: String,
    pub markup: Markup,
}

impl Figures {
    /// Draws everything that the result and the record hold.
    pub fn draw(result: &RunResult, snapshot: &Snapshot) -> Result<Self, ReportError> {
        let (timelines, more_timelines) = timelines(result, snapshot)?;
        let law = |s: &workbench_result::Scaling| {
            s.amdahl.refused().is_none() || s.usl.refused().is_none()
        };
        Ok(Self {
            comparison: comparison(result)?,
            laws: result.scaling.iter().any(law),
            timelines,
            more_timelines,
            lost: chart::lost(result).map(|c| lost(&c)).transpose()?,
            items: chart::items(result)
                .map(|c| items(result, &c))
                .transpose()?,
            importances: chart::importances(result)
                .map(|c| importances(result, &c))
                .transpose()?,
            what_if: chart::what_if(result)
                .map(|c| what_if(&c, result))
                .transpose()?,
            states: chart::states(result, snapshot)
                .map(|c| states(&c))
                .transpose()?,
            race: chart::race(result, snapshot)
                .map(|c| race(&c))
                .transpose()?,
            lives: chart::lives(result, snapshot)
                .map(|c| lives(result, &c))
                .transpose()?,
            settings: settings(result, snapshot)?,
            curves: curves(result, snapshot)?,
            steps: chart::steps(result).map(|c| steps(&c)).transpose()?,
            start_up: chart::start_up(result).map(|c| start_up(&c)).transpose()?,
        })
    }
}

fn figure(chart: &Chart, id: &str, title: &str, caption: &str) -> Result<PageFigure, ReportError> {
    let svg = chart.svg(id)?;
    let markup = html! {
        figure {
            div.scroll role="region" aria-label=(title) tabindex="0" { (PreEscaped(svg)) }
            @if !caption.is_empty() { figcaption { bdi { (super::parts::bound(caption)) } } }
        }
    };
    Ok(PageFigure {
        title: title.to_owned(),
        markup,
    })
}

fn comparison(result: &RunResult) -> Result<PageFigure, ReportError> {
    let base = format::clean(&result.base, 40);
    let intervals = Kinds::of_arms(&result.arms).name();
    if let Some(chart) = chart::scaling(result) {
        let caption = format!(
            "Speed-up against {base}. Whiskers: {intervals}; the dashed line is the ideal, {}.",
            ideal::explained(result)
        );
        return figure(&chart, "scaling", "Speed-up over workers", &caption);
    }
    let chart = chart::speedup(result);
    if finished(result).any(|arm| arm.name != result.base && stated_speedup(result, arm).is_some())
    {
        let caption = format!(
            "Speed-up against {base}. The pale track ends at the ideal, {}; the notch is the bound \
             of the tasks; whiskers: {intervals}.",
            ideal::explained(result)
        );
        figure(&chart, "speedup", "Speed-up", &caption)
    } else {
        let caption = "Median wall time of every arm; a thin line for each repeat.";
        figure(&chart, "speedup", "Wall time", caption)
    }
}

fn lost(chart: &Chart) -> Result<PageFigure, ReportError> {
    let caption =
        "Shares of the slots' time, workers × wall time, in the repeat with the median wall time.";
    figure(chart, "lost", "Where time was lost", caption)
}

fn items(result: &RunResult, chart: &Chart) -> Result<PageFigure, ReportError> {
    let base = finished(result).find_map(|arm| arm.time_by_size);
    let caption = base.map_or(String::new(), |line| {
        format!(
            "Dashed in the panel of CPU time, by least squares: {} + {} × {}, R² {}.",
            format::seconds(line.intercept_s),
            format::seconds(line.slope_s),
            size(result),
            format::number(line.r_squared)
        )
    });
    figure(chart, "items", "What came out", &caption)
}

fn importances(result: &RunResult, chart: &Chart) -> Result<PageFigure, ReportError> {
    let item = format::clean(result.lab_facts.item_word(), 30);
    let (title, caption) = match result.dependent() {
        Dependent::BestItem => (
            format!("What the best {item} depends on"),
            format!(
                "How much each input adds to what the best {item} has learnt; all inputs together \
                 are 100 %."
            ),
        ),
        Dependent::Items => (
            format!("What a {item} comes to depends on"),
            format!(
                "How much worse it can be predicted what a {item} came to, relative to the others, \
                 where the values of one setting are shuffled; all together are 100 %. The bar is \
                 the mean of the repeats, the line goes from the least to the greatest."
            ),
        ),
    };
    figure(chart, "importances", &title, &caption)
}

/// What the size of items is called.
fn size(result: &RunResult) -> String {
    let item = result.lab_facts.item.as_ref();
    let size = item.and_then(|item| item.size.as_deref()).unwrap_or("size");
    label::label(&result.lab_facts, size)
}

fn what_if(chart: &Chart, result: &RunResult) -> Result<PageFigure, ReportError> {
    let here = result.usable_cores().map_or_else(String::new, |cores| {
        let cores = format::counted_number(cores, "usable core");
        format!(
            " This machine has {cores} (the upright line); more slots stand for a machine with as \
             many."
        )
    });
    let caption = format!(
        "Computed, not measured: list scheduling of the recorded durations on as many equal cores, \
         without overhead and without slower tasks.{here}"
    );
    figure(
        chart,
        "what-if",
        "What other numbers of slots would give",
        &caption,
    )
}

fn states(chart: &Chart) -> Result<PageFigure, ReportError> {
    let caption = "The states of the controller in seconds since the repeat began; in colour, what \
                   interrupted the work. Red: an attempt of a slot failed.";
    figure(chart, "states", "What the controller did", caption)
}

fn steps(chart: &Chart) -> Result<PageFigure, ReportError> {
    let caption = "The mean over all steps of the repeat with the median wall time. Hatched: \
                   waiting for others, which is no work. A slot that waits less than the others is \
                   the one they wait for.";
    figure(chart, "steps", "What a step consists of", caption)
}

fn start_up(chart: &Chart) -> Result<PageFigure, ReportError> {
    let caption = "From the start of the repeat until the last worker had done its first step. \
                   Each stage is counted from when the last worker had done the one before.";
    figure(chart, "start-up", "Time to the first step", caption)
}

fn race(chart: &Chart) -> Result<PageFigure, ReportError> {
    let caption = "The best so far: lines are medians over the repeats, bands go from the best to \
                   the worst repeat; dashed is the target. A line ends where a repeat has ended.";
    figure(chart, "race", "How far every arm was", caption)
}

fn lives(result: &RunResult, chart: &Chart) -> Result<PageFigure, ReportError> {
    let noun = format::clean(result.lab_facts.item_word(), 30);
    let caption = format!(
        "A line for every {noun} of the repeat with the median wall time, dark where it came to \
         its end."
    );
    figure(chart, "lives", &format!("Every {noun}"), &caption)
}

fn settings(result: &RunResult, snapshot: &Snapshot) -> Result<Vec<PageFigure>, ReportError> {
    let noun = format::clean(result.lab_facts.item_word(), 30);
    let every = |drawn: &chart::ItemChart| {
        if drawn.drawn < drawn.of {
            let (drawn, of) = (drawn.drawn as u64, drawn.of as u64);
            format!(
                "each of {} of {}",
                format::count(drawn),
                format::counted(of, &noun)
            )
        } else {
            format!("every {noun}")
        }
    };
    let slices = chart::slices(result, snapshot).map(|drawn| {
        let caption = format!(
            "A point for {} of all arms, in the colour of its arm; the worst twentieth lies on the \
             upper or lower edge.",
            every(&drawn)
        );
        figure(&drawn.chart, "slices", "Over each setting", &caption)
    });
    let side_by_side = chart::side_by_side(result, snapshot).map(|drawn| {
        let caption = format!(
            "A line for {} through its settings to what it came to; the darker, the better.",
            every(&drawn)
        );
        figure(
            &drawn.chart,
            "side-by-side",
            "All settings side by side",
            &caption,
        )
    });
    slices.into_iter().chain(side_by_side).collect()
}

fn curves(result: &RunResult, snapshot: &Snapshot) -> Result<Vec<PageFigure>, ReportError> {
    let charts = chart::curves(result, snapshot);
    let crossed = charts.iter().rposition(|curve| curve.cut);
    charts
        .iter()
        .enumerate()
        .map(|(i, curve)| {
            let mut told: Vec<&str> = Vec::new();
            if i == 0 {
                told.push(
                    "Left: over time, as a person sees it who waits; right: over work, the share of \
                     all steps that was done.",
                );
            }
            if curve.smoothed {
                told.push(
                    "Lines are means over a thirtieth of the points; pale behind them, all \
                           points.",
                );
            }
            if curve.logarithmic {
                told.push("The axis is logarithmic.");
            }
            if crossed == Some(i) {
                told.push("A red cross: the arm ended there and had not finished.");
            }
            let id = format!("curve-{i}");
            figure(&curve.chart, &id, &curve.name, &told.join(" "))
        })
        .collect()
}

type Split = (Vec<PageFigure>, Vec<PageFigure>);

fn timelines(result: &RunResult, snapshot: &Snapshot) -> Result<Split, ReportError> {
    let all = Timelines::new(result, snapshot);
    let main = one_each(result);
    let (mut shown, mut folded) = (Vec::new(), Vec::new());
    for (i, arm) in finished(result).enumerate() {
        let is_main = main.iter().any(|chosen| std::ptr::eq(*chosen, arm));
        if shown.len() + folded.len() >= MOST_TIMELINES && !is_main {
            continue;
        }
        let Some(TimelineFigure {
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
                @let label = format!("Timeline of {subject}");
                div.scroll role="region" aria-label=(label) tabindex="0" { (PreEscaped(svg)) }
                figcaption { (super::parts::bound(&caption)) }
            }
        };
        let target = if is_main { &mut shown } else { &mut folded };
        target.push(PageFigure {
            title: subject,
            markup,
        });
    }
    Ok((shown, folded))
}
