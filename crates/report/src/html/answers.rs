//! The questions about a run, with what was predicted and answered, beside what came out.

use maud::{Markup, html};
use workbench_questions::When;

use super::parts;
use crate::answers::{self, AskedQuestion};

/// The section; nothing where nothing is asked.
pub(super) fn section(asked: &[AskedQuestion<'_>]) -> Markup {
    let of = |when: When| {
        asked
            .iter()
            .filter(move |asked| asked.question.when == when)
    };
    html! {
        @if !asked.is_empty() {
            section id="answers" {
                h2 { "Questions and answers" }
                @if of(When::Before).next().is_some() {
                    h3 { "Predicted before the run" }
                    @for asked in of(When::Before) { (entry(asked)) }
                }
                @if of(When::After).next().is_some() {
                    h3 { "Answered after the run" }
                    @for asked in of(When::After) { (entry(asked)) }
                }
            }
        }
    }
}

fn entry(asked: &AskedQuestion<'_>) -> Markup {
    let question = asked.question;
    html! {
        div.question {
            p {
                strong { bdi { (answers::question_text(question)) } }
                " (" (parts::outside(&question.id, 40)) ", "
                (answers::points_text(question.points)) ")"
            }
            dl {
                div {
                    dt { @if question.is_prediction() { "Predicted" } @else { "Answered" } }
                    dd {
                        @match asked.answer {
                            Some(answer) => bdi { (answers::answer_text(question, answer)) },
                            None => em { "nothing" },
                        }
                    }
                }
                @if let Some(came_out) = &asked.came_out {
                    div { dt { "Came out" } dd { bdi { (parts::bound(came_out)) } } }
                }
            }
        }
    }
}
