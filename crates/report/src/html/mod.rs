//! A result as one self-contained page: no script, no request, one inline style sheet allowed
//! by its hash.
//!
//! The order is that of questions: what did it bring, why, what must be known first, how does it
//! look, what are the numbers, how can it be repeated. All text from outside is escaped by the
//! template engine, and cleaned before that.

mod answers;
mod breakdown;
mod figures;
mod parts;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::answers::AskedQuestion;
use super::error::ReportError;
use super::headline::{self, Sentence};
use super::{
    arms, chart, format, ideal, item_table, life_table, race_table, settings, tables, tool_table,
    usage,
};
use workbench_record::{Severity, Snapshot};
use workbench_result::RunResult;

/// The rules of the page after the colours that it shares with the charts.
static STYLE: LazyLock<String> =
    LazyLock::new(|| chart::css() + include_str!("../../../../assets/report/report.css"));

/// The whole page.
pub(super) fn page(
    result: &RunResult,
    snapshot: &Snapshot,
    asked: &[AskedQuestion<'_>],
) -> Result<String, ReportError> {
    let title = format!(
        "{}: {}",
        format::clean(&result.lab_title, 60),
        headline::headline(result)
            .first()
            .map_or(String::new(), |s| format::clean(s, 160))
    );
    let figures = figures::Figures::draw(result, snapshot)?;
    let told = super::breakdown::any(result);
    Ok(document(
        &title,
        &html! {
            main {
                (header(result))
                (parts::findings("Diagnoses", "diagnoses", Severity::Note, &result.diagnoses))
                (parts::findings("Warnings", "warnings", Severity::Warning, &result.warnings))
                (breakdown::failures(result, &figures))
                (answers::section(asked))
                (comparison(result, &figures))
                (race(result, &figures))
                (lives(result, snapshot, &figures))
                (breakdown::curves(&figures))
                (timelines(&figures))
                (breakdown::steps(result, &figures))
                (lost(result, &figures))
                (used(result))
                (tools(result))
                (items(result, &figures))
                (what_if(result, &figures))
                @if told { (breakdown::counts(result)) (breakdown::programs(result)) }
                (breakdown::page(result))
                (parts::findings("Notes", "notes", Severity::Note, &result.notes))
                (circumstances(result))
                (reproduce(result))
            }
            (footer(result))
        },
    ))
}

/// A page with its head: the style of all pages, and a policy that allows nothing else.
pub fn document(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "workbench " (env!("CARGO_PKG_VERSION")) };
                title { (title) }
                style { (PreEscaped(STYLE.as_str())) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// Nothing but the page's own style sheet.
fn policy() -> String {
    let hash = BASE64.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

fn header(result: &RunResult) -> Markup {
    let sentences = headline::sentences(result);
    let machine = &result.machine;
    html! {
        header {
            p.kicker { (parts::outside(&result.lab_title, 120)) }
            @if result.check.passed() || result.arms.is_empty() {
                (findings(&sentences))
            } @else {
                div.alarm { (findings(&sentences)) }
            }
            p.byline {
                (format::date(&result.started_at))
                " · " (format::counted(u64::from(result.repeats), "repeat"))
                " · " (parts::outside(&machine.cpu_model, 60)) ", "
                (format::counted_number(machine.cores_usable, "usable core"))
            }
        }
    }
}

/// The sentences, the first as the page's heading.
fn findings(sentences: &[Sentence]) -> Markup {
    html! {
        @for (i, sentence) in sentences.iter().enumerate() {
            @if i == 0 {
                h1.finding { (finding(sentence)) }
            } @else if sentence.figure.is_empty() {
                p.aside { (parts::bound(&sentence.text())) }
            } @else {
                p.finding { (finding(sentence)) }
            }
        }
    }
}

fn finding(sentence: &Sentence) -> Markup {
    html! {
        (parts::bound(&sentence.lead))
        @if !sentence.figure.is_empty() { strong { (sentence.figure) } }
        (parts::bound(&sentence.rest))
        @if !sentence.note.is_empty() { " " span.note { (parts::bound(&sentence.note)) } }
    }
}

fn comparison(result: &RunResult, figures: &figures::Figures) -> Markup {
    html! {
        section id="speed-up" {
            h2 { (figures.comparison.title) }
            (figures.comparison.markup)
            @if result.check.passed() {
                @for reason in tables::refusals(result) { p.aside { bdi { (reason) } } }
            }
            @if figures.laws && result.check.passed() {
                (parts::table("Fitted laws", &tables::laws(result)))
            }
            (parts::table("All arms in numbers", &tables::arms(result)))
            @if let Some(note) = arms::quotients(result) { p.aside { bdi { (note) } } }
            @if result.check.passed() {
                (parts::table("What was possible", &tables::bounds(result)))
            }
            p.aside {
                "Bound: the best that these tasks allow on that many workers, min(ideal, total work \
                 over longest task). The ideal: "
                (ideal::explained(result)) ". "
                "List scheduling predicts: the recorded durations on that many workers without \
                 overhead. Efficiency: speed-up over workers. Karp–Flatt: the serial fraction that \
                 the speed-up would mean (Karp and Flatt 1990); it counts imbalance as serial."
            }
        }
    }
}

fn race(result: &RunResult, figures: &figures::Figures) -> Markup {
    html! {
        @if let Some(race) = &result.race {
            section id="race" {
                h2 { "How far every arm was" }
                @if let Some(figure) = &figures.race { (figure.markup) }
                @let caption = "To the target, and after equal time and work";
                (parts::table(caption, &race_table::table(result)))
                p.aside { (parts::bound(&race_table::explained(result, race))) }
            }
        }
    }
}

fn lives(result: &RunResult, snapshot: &Snapshot, figures: &figures::Figures) -> Markup {
    let table = life_table::table(result, snapshot);
    let noun = format::clean(result.lab_facts.item_word(), 30);
    let became = format!("What became of every {noun}");
    html! {
        @if !table.rows.is_empty() {
            section id="lives" {
                h2 { (became) }
                @if let Some(figure) = &figures.lives { (figure.markup) }
                (parts::table("In the repeat with the median wall time", &table))
                @for figure in &figures.settings {
                    h3 { (figure.title) }
                    (figure.markup)
                }
            }
        }
    }
}

fn timelines(figures: &figures::Figures) -> Markup {
    html! {
        @if !figures.timelines.is_empty() {
            section id="timelines" {
                h2 { "What every slot did" }
                @for figure in &figures.timelines { (figure.markup) }
                @if !figures.more_timelines.is_empty() {
                    details {
                        @let timelines = figures.more_timelines.len();
                        summary { "Timelines at fewer workers (" (timelines) ")" }
                        @for figure in &figures.more_timelines { (figure.markup) }
                    }
                }
            }
        }
    }
}

fn lost(result: &RunResult, figures: &figures::Figures) -> Markup {
    html! {
        @if let Some(figure) = &figures.lost {
            section id="lost-time" {
                h2 { (figure.title) }
                (figure.markup)
                (parts::table("Lost time in numbers", &tables::lost(result)))
                p.aside {
                    "Useful work is the CPU time of the same tasks in the base. Overhead: slots \
                     idle although a task was ready, and time before the first and after the last \
                     task. Imbalance: slots idle while the last tasks ran elsewhere. Waiting: no \
                     task was ready, or a task waited for something. Inflation: CPU time beyond \
                     what the same work took in the base; below zero where it took less. No \
                     core: a task could have run, and something else had the core; where \
                     that is not counted, it is part of waiting."
                }
            }
        }
    }
}

fn used(result: &RunResult) -> Markup {
    let table = usage::table(result);
    html! {
        @if !table.rows.is_empty() {
            section id="usage" {
                h2 { "What every arm used" }
                (parts::table("Memory, faults, switches and counters of a repeat", &table))
                p.aside { (usage::EXPLAINED) }
            }
        }
    }
}

fn tools(result: &RunResult) -> Markup {
    let table = tool_table::table(result);
    html! {
        @if !table.rows.is_empty() {
            section id="tools" {
                h2 { "Ways to run in parallel" }
                (parts::table("What they cost, and when they pay", &table))
                p.aside { (tool_table::EXPLAINED) }
            }
        }
    }
}

fn items(result: &RunResult, figures: &figures::Figures) -> Markup {
    let table = item_table::items(result);
    let item = format::clean(result.lab_facts.item_word(), 30);
    let every = format!("Every {item}, its figures and its cost");
    html! {
        @if !table.rows.is_empty() {
            section id="items" {
                h2 { "What came out" }
                @if let Some(figure) = &figures.items { (figure.markup) }
                @if let Some(figure) = &figures.importances {
                    h3 { (figure.title) }
                    (figure.markup)
                }
                (parts::table(&every, &table))
            }
        }
    }
}

fn what_if(result: &RunResult, figures: &figures::Figures) -> Markup {
    html! {
        @if let Some(figure) = &figures.what_if {
            section id="what-if" {
                h2 { (figure.title) }
                (figure.markup)
                (parts::table("What-if in numbers", &tables::what_if(result)))
            }
        }
    }
}

fn circumstances(result: &RunResult) -> Markup {
    html! {
        section id="circumstances" {
            h2 { "How it was measured" }
            p { (parts::bound(&tables::instrument(result))) }
            div.columns {
                (parts::pairs("Machine", &tables::machine(result)))
                (parts::pairs("Parameters", &tables::parameters(result)))
            }
            @let changed = settings::changed(result);
            (parts::table("What was set otherwise than usual, and what that does", &changed))
            @if !super::breakdown::any(result) {
                (parts::table("Work and outputs", &tables::work(result)))
            }
        }
    }
}

fn reproduce(result: &RunResult) -> Markup {
    html! {
        section id="reproduce" {
            h2 { "Do it again" }
            pre.command tabindex="0" { code { (format::command(&result.command)) } }
        }
    }
}

fn footer(result: &RunResult) -> Markup {
    html! {
        footer {
            p {
                "Run " (parts::outside(&result.run_id, 120))
                ", started " (format::date(&result.started_at))
                ", measured and written by workbench "
                (parts::outside(&result.machine.workbench_version, 40)) "."
            }
        }
    }
}
