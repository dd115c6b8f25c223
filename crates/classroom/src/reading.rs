//! Pages of free texts: one per question, with its rubric, for whoever reads and gives points.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::graded::{Graded, GradedQuestion};

/// A page to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingPage {
    /// The question's id, which is fit for a file's name.
    pub question: String,
    /// The page.
    pub html: String,
}

/// The style of all pages of a class. No script, no request.
pub(crate) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--faint:#667;--line:#ccd;--paper:#fff;--mark:#1f6feb;--warn:#b35900}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--faint:#9aa3b2;--line:#3a4150;--paper:#14171c;--mark:#6ea8fe;--warn:#ffb05c}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:2rem auto;max-width:70rem;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem}
table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
blockquote{margin:.5rem 0;padding:.2rem 1rem;border-left:4px solid var(--line);white-space:pre-wrap;overflow-wrap:anywhere}
.faint{color:var(--faint)}.warn{color:var(--warn)}
svg{width:100%;height:auto}svg text{fill:var(--ink);font:14px system-ui,sans-serif}
.bar{fill:var(--mark)}.axis{stroke:var(--line);fill:none}.bound{stroke:var(--warn);fill:none;stroke-width:2;stroke-dasharray:6 4}
.dot{fill:var(--mark);fill-opacity:.55}
@media print{body{margin:0}section{break-inside:avoid}}";

/// A page around its content.
pub(crate) fn page(title: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="referrer" content="no-referrer";
                title { (clean(title, 120)) }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    page.into_string()
}

/// A text from outside without control characters, and not too long. Line breaks stay.
pub(crate) fn clean(text: &str, longest: usize) -> String {
    let kept = text.chars().filter(|c| *c == '\n' || !is_hidden(*c));
    kept.take(longest).collect()
}

/// Control characters, and those that turn the direction of what follows.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A page for every question that asks for a text. Without `names`, students are numbered.
pub fn reading_pages(class: &[Graded], names: bool) -> Vec<ReadingPage> {
    let mut questions: Vec<&GradedQuestion> = Vec::new();
    for question in class.iter().flat_map(|graded| &graded.questions) {
        if question.is_text && !questions.iter().any(|known| known.id == question.id) {
            questions.push(question);
        }
    }
    questions
        .into_iter()
        .map(|question| ReadingPage {
            question: question.id.clone(),
            html: page(&question.id, &texts(class, question, names)),
        })
        .collect()
}

fn texts(class: &[Graded], question: &GradedQuestion, names: bool) -> Markup {
    let answers = class.iter().enumerate().filter_map(|(number, graded)| {
        let mut own = graded.questions.iter();
        let answer = own.find(|own| own.id == question.id)?;
        Some((number, graded, answer))
    });
    html! {
        h1 { (question.id) }
        p { (clean(&question.text, 4000)) }
        @if !question.criteria.is_empty() {
            table {
                thead { tr { th { "Criterion" } th.n { "Points" } } }
                tbody {
                    @for item in &question.criteria {
                        tr { td { (item.text) } td.n { (item.points) } }
                    }
                }
            }
        }
        @for (number, graded, answer) in answers {
            section {
                h2 { (student(graded, number, names)) }
                @if answer.answer.trim().is_empty() {
                    p.faint { "no answer" }
                } @else {
                    blockquote { bdi { (clean(&answer.answer, 20_000)) } }
                }
                p.faint { "of " (answer.of) " points: " @if answer.criteria.is_empty() { "____" }
                    @for (at, item) in answer.criteria.iter().enumerate() {
                        (at + 1) ". ____/" (item.points) "  "
                    }
                }
                @if !graded.remarks().is_empty() { p.warn { (graded.remarks().join(", ")) } }
            }
        }
    }
}

/// How a student is called on a page.
pub(crate) fn student(graded: &Graded, number: usize, names: bool) -> String {
    if names {
        clean(&graded.student, 80)
    } else {
        format!("Hand-in {}", number + 1)
    }
}
