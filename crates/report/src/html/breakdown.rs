//! The sections for labs that tell what their arms consisted of: failures, curves, steps, start-up,
//! counts, programs.

use maud::{Markup, html};

use super::figures::{Figures, PageFigure};
use super::parts;
use crate::page::Shown;
use crate::tables::ReportTable;
use crate::{breakdown, format};
use workbench_record::Source;
use workbench_result::RunResult;

/// Lines of a program that a page shows.
const MOST_LINES: usize = 1500;
/// Characters of such a line.
const LONGEST_LINE: usize = 240;

/// What went wrong in which arm, what it cost, and what the controller did meanwhile.
pub(super) fn failures(result: &RunResult, figures: &Figures) -> Markup {
    let table = breakdown::failures(result);
    html! {
        @if !table.rows.is_empty() || figures.states.is_some() {
            section id="failures" {
                h2 { "What went wrong, and what it cost" }
                (parts::table("Failures by arm", &table))
                @if let Some(figure) = &figures.states { (figure.markup) }
            }
        }
    }
}

/// The curves of all arms.
pub(super) fn curves(figures: &Figures) -> Markup {
    html! {
        @if !figures.curves.is_empty() {
            section id="curves" {
                h2 { "How it went" }
                @for figure in &figures.curves { (figure.markup) }
            }
        }
    }
}

/// What a step consists of, and what starting up took.
pub(super) fn steps(result: &RunResult, figures: &Figures) -> Markup {
    let steps = (
        "Time per step in numbers",
        "Milliseconds per step, the mean of all steps",
    );
    let start_up = (
        "Start-up in numbers",
        "From the start of the repeat to the end of the first step",
    );
    html! {
        (with_numbers("steps", figures.steps.as_ref(), steps, &breakdown::steps(result)))
        (with_numbers(
            "start-up",
            figures.start_up.as_ref(),
            start_up,
            &breakdown::start_up(result),
        ))
    }
}

/// A figure, and behind a line its numbers; nothing without the figure.
fn with_numbers(
    id: &str,
    figure: Option<&PageFigure>,
    (summary, caption): (&str, &str),
    numbers: &ReportTable,
) -> Markup {
    html! {
        @if let Some(figure) = figure {
            section id=(id) {
                h2 { (figure.title) }
                (figure.markup)
                details {
                    summary { (summary) }
                    (parts::table(caption, numbers))
                }
            }
        }
    }
}

/// What was counted, and the other figures of every arm.
pub(super) fn counts(result: &RunResult) -> Markup {
    let counts = breakdown::counts(result);
    if counts.rows.is_empty() {
        return html! {};
    }
    html! {
        section id="work" {
            h2 { "What was equal" }
            (parts::table("What every arm did", &counts))
            p.aside {
                @if result.comparison.basis.needs_equal_work() {
                    "Counters of work must be equal in all arms, or no speed-up is stated: where \
                     one is not, its row says DIFFERS. In the rest, arms may differ, because it is \
                     how they work and not what they do."
                } @else {
                    "The arms are compared by the time to reach a target, so they may differ in \
                     what they did on the way."
                }
            }
            (parts::table("What came of it", &breakdown::figures(result)))
        }
    }
}

/// What the lab shows beside its results.
pub(super) fn page(result: &RunResult) -> Markup {
    let Some(page) = &result.lab_facts.page else {
        return html! {};
    };
    html! {
        section id="beside" {
            h2 { (format::clean(&page.title, 160)) }
            @for block in crate::page::blocks(result, page) {
                @match block {
                    Shown::Heading(title) => h3 { (title) },
                    Shown::Text(text) => p { bdi { (text) } },
                    Shown::Points(points) => ul { @for point in points { li { bdi { (point) } } } },
                    Shown::Table(table) => (parts::table("", &table)),
                }
            }
        }
    }
}

/// The programs side by side.
pub(super) fn programs(result: &RunResult) -> Markup {
    html! {
        @if !result.sources.is_empty() {
            section id="programs" {
                h2 { "The programs" }
                @let compared = breakdown::programs_compared(result);
                @if !compared.is_empty() {
                    p {
                        bdi { (compared) }
                        " Lines that no other of these programs has are marked with a bar."
                    }
                }
                @let own = crate::own_lines(&result.sources);
                div.programs {
                    @for (source, own) in result.sources.iter().zip(&own) {
                        @let open = result.sources.len() <= 3;
                        @let file = parts::outside(&source.source.file, 60);
                        details.program open=[open.then_some("")] {
                            summary {
                                (parts::outside(&source.arm, 60))
                                span.note { " " (file) ", " (length(&source.source)) }
                            }
                            (listing(&source.source, own))
                        }
                    }
                }
            }
        }
    }
}

fn length(source: &Source) -> String {
    format!(
        "{}, {} of code",
        format::counted(source.lines() as u64, "line"),
        format::count(source.lines_of_code() as u64)
    )
}

/// The text with its comments in grey and the lines that only it has marked.
fn listing(source: &Source, own: &[bool]) -> Markup {
    let left_out = source.lines().saturating_sub(MOST_LINES);
    html! {
        pre.listing tabindex="0" {
            code {
                @for (at, line) in source.text.lines().take(MOST_LINES).enumerate() {
                    @let shown = format::clean(&line.replace('\t', "    "), LONGEST_LINE);
                    @if line.trim_start().starts_with("//") {
                        span.line.comment { (shown) "\n" }
                    } @else if own.get(at) == Some(&true) {
                        span.line.own { (shown) "\n" }
                    } @else {
                        span.line { (shown) "\n" }
                    }
                }
                @if left_out > 0 {
                    span.line.comment {
                        "… " (format::counted(left_out as u64, "line")) " more\n"
                    }
                }
            }
        }
    }
}
