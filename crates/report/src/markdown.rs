//! A result as Markdown: sentences and tables, for merge requests and notes.

use super::answers::{self, AskedQuestion};
use super::page::{self, Shown};
use super::tables::{self, ReportTable};
use super::{
    arms, breakdown, format, headline, item_table, race_table, settings, tool_table, usage,
};
use workbench_record::{Finding, Severity};
use workbench_result::RunResult;

/// The whole document.
pub(super) fn document(result: &RunResult, asked: &[AskedQuestion<'_>]) -> String {
    let mut parts = vec![format!(
        "# {}",
        escape(&format::clean(&result.lab_title, 120))
    )];
    let sentences = headline::sentences(result);
    parts.extend(sentences.iter().map(|s| {
        if s.figure.is_empty() {
            paragraph(&format!("{}.", escape(s.text().trim_end_matches('.'))))
        } else {
            let note = if s.note.is_empty() {
                String::new()
            } else {
                format!(" ({})", s.note)
            };
            let end = escape(&format!("{}{note}", s.rest));
            paragraph(&format!("{}**{}**{end}.", escape(&s.lead), s.figure))
        }
    }));
    parts.push(format!(
        "Run {}, {}, workbench {}.",
        escape(&format::clean(&result.run_id, 80)),
        escape(&format::date(&result.started_at)),
        escape(&format::clean(&result.machine.workbench_version, 40))
    ));
    list(&mut parts, "Diagnoses", Severity::Note, &result.diagnoses);
    list(&mut parts, "Warnings", Severity::Warning, &result.warnings);
    questions(&mut parts, asked);
    let title = "What went wrong, and what it cost";
    table(&mut parts, title, &breakdown::failures(result));
    table(&mut parts, "Arms", &tables::arms(result));
    parts.extend(arms::quotients(result).map(|note| escape(&note)));
    race(&mut parts, result);
    if result.check.passed() {
        table(&mut parts, "What was possible", &tables::bounds(result));
    }
    used(&mut parts, result);
    if result.check.passed() {
        table(&mut parts, "Scaling laws", &tables::laws(result));
        parts.extend(tables::refusals(result).iter().map(|reason| escape(reason)));
        let title = "What other numbers of slots would give";
        table(&mut parts, title, &tables::what_if(result));
    }
    table(&mut parts, "Items", &item_table::items(result));
    if breakdown::any(result) {
        consist(&mut parts, result);
    } else {
        table(&mut parts, "Work and outputs", &tables::work(result));
    }
    lab_page(&mut parts, result);
    list(&mut parts, "Notes", Severity::Note, &result.notes);
    parameters(&mut parts, result);
    pairs(&mut parts, "Machine", &tables::machine(result));
    let cost = escape(&tables::instrument(result));
    parts.push(format!("## Cost of measuring\n\n{cost}"));
    parts.push(format!("## Reproduce\n\n{}", fenced(&result.command)));
    parts.join("\n\n") + "\n"
}

/// How far every arm was, where arms work towards a goal.
fn race(parts: &mut Vec<String>, result: &RunResult) {
    let Some(race) = &result.race else {
        return;
    };
    let title = "How far every arm was";
    table(parts, title, &race_table::table(result));
    parts.push(escape(&race_table::explained(result, race)));
}

/// The questions about the run, with what was answered and what came out.
fn questions(parts: &mut Vec<String>, asked: &[AskedQuestion<'_>]) {
    if asked.is_empty() {
        return;
    }
    parts.push("## Questions and answers".to_owned());
    for asked in asked {
        let question = asked.question;
        let (text, id) = (answers::question_text(question), &question.id);
        let points = answers::points_text(question.points);
        parts.push(format!("**{}** ({}, {points})", escape(&text), escape(id)));
        let given = asked.answer.map_or_else(
            || "nothing".to_owned(),
            |answer| answers::answer_text(question, answer),
        );
        let said = if question.is_prediction() {
            "Predicted"
        } else {
            "Answered"
        };
        let came_out = asked.came_out.as_ref();
        let came_out = came_out.map(|text| format!("\n- Came out: {}", escape(text)));
        let came_out = came_out.unwrap_or_default();
        parts.push(format!("- {said}: {}{came_out}", escape(&given)));
    }
}

/// Where time was lost, what every arm used, and what running in parallel costs.
fn used(parts: &mut Vec<String>, result: &RunResult) {
    if result.check.is_split_meaningful() {
        table(parts, "Lost time", &tables::lost(result));
    }
    table(parts, "What every arm used", &usage::table(result));
    table(parts, "Ways to run in parallel", &tool_table::table(result));
}

/// All parameters, and what those do that were set otherwise than usual.
fn parameters(parts: &mut Vec<String>, result: &RunResult) {
    pairs(parts, "Parameters", &tables::parameters(result));
    let title = "What was set otherwise than usual";
    table(parts, title, &settings::changed(result));
}

/// What the lab shows beside its results.
fn lab_page(parts: &mut Vec<String>, result: &RunResult) {
    let Some(page) = &result.lab_facts.page else {
        return;
    };
    let title = escape(&format::clean(&page.title, 160));
    parts.push(format!("## {title}"));
    for block in page::blocks(result, page) {
        match block {
            Shown::Heading(title) => parts.push(format!("### {}", escape(&title))),
            Shown::Text(text) => parts.push(paragraph(&escape(&text))),
            Shown::Points(points) => {
                let points = points.iter().map(|point| format!("- {}", escape(point)));
                parts.push(points.collect::<Vec<_>>().join("\n"));
            }
            Shown::Table(table) => parts.extend(lines(&table)),
        }
    }
}

/// What the arms consisted of, for labs that tell.
fn consist(parts: &mut Vec<String>, result: &RunResult) {
    table(parts, "Time per step", &breakdown::steps(result));
    table(
        parts,
        "Time to the first step",
        &breakdown::start_up(result),
    );
    table(parts, "What every arm did", &breakdown::counts(result));
    table(parts, "What came of it", &breakdown::figures(result));
    table(parts, "Programs", &breakdown::programs(result));
    let compared = breakdown::programs_compared(result);
    if !compared.is_empty() {
        parts.push(escape(&compared));
    }
}

/// Findings as a list; those that are not of the `usual` severity say theirs.
fn list(parts: &mut Vec<String>, title: &str, usual: Severity, findings: &[Finding]) {
    if !findings.is_empty() {
        parts.push(format!("## {title}"));
        let items = findings.iter().map(|found| {
            let text = escape(&format::clean(&found.text, 1000));
            if found.severity == usual {
                format!("- {text}")
            } else {
                format!("- **{}:** {text}", found.severity.word())
            }
        });
        parts.push(items.collect::<Vec<_>>().join("\n"));
    }
}

fn table(parts: &mut Vec<String>, title: &str, table: &ReportTable) {
    if let Some(lines) = lines(table) {
        parts.push(format!("## {title}"));
        parts.push(lines);
    }
}

/// The lines of a table; none without rows.
fn lines(table: &ReportTable) -> Option<String> {
    if table.rows.is_empty() {
        return None;
    }
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(table.columns.iter().map(|c| escape(&c.title)).collect()),
        line(
            table
                .columns
                .iter()
                .map(|c| if c.numeric { "---:" } else { "---" }.to_owned())
                .collect(),
        ),
    ];
    lines.extend(
        table
            .rows
            .iter()
            .map(|row| line(row.iter().map(|cell| escape(cell)).collect())),
    );
    Some(lines.join("\n"))
}

fn pairs(parts: &mut Vec<String>, title: &str, rows: &[(String, String)]) {
    let lines = rows
        .iter()
        .map(|(key, value)| format!("| {} | {} |", escape(key), escape(value)));
    let lines: Vec<String> = lines.collect();
    parts.push(format!("## {title}"));
    parts.push(format!(
        "| what | value |\n| --- | --- |\n{}",
        lines.join("\n")
    ));
}

/// Text that no Markdown reader takes for markup, on one line.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut previous = ' ';
    for c in text.chars().map(format::presentable) {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // Inside a word an underscore is only an underscore.
            '_' if previous.is_alphanumeric() => safe.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            // A bare address would become a link.
            ':' if safe.ends_with("http") || safe.ends_with("https") => safe.push_str("&#58;"),
            c => safe.push(c),
        }
        previous = c;
    }
    safe
}

/// A paragraph whose first characters start no list, heading or rule.
fn paragraph(markdown: &str) -> String {
    let digits = markdown.bytes().take_while(u8::is_ascii_digit).count();
    let (head, rest) = markdown.split_at(digits);
    if rest.starts_with(['-', '+', '=']) || (digits > 0 && rest.starts_with(['.', ')'])) {
        format!("{head}\\{rest}")
    } else {
        markdown.to_owned()
    }
}

/// Text in a fence longer than any that it holds.
fn fenced(text: &str) -> String {
    let text = format::command(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}sh\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_markup() {
        assert_eq!(
            escape("a|b\n<i> *x* [y](z) `c`"),
            r"a\|b &lt;i&gt; \*x\* \[y\](z) \`c\`"
        );
        assert_eq!(escape("n_estimators _x_"), r"n_estimators \_x_");
        assert_eq!(
            escape("see https://example.org"),
            "see https&#58;//example.org"
        );
    }

    #[test]
    fn a_paragraph_starts_no_list() {
        assert_eq!(paragraph("- a"), r"\- a");
        assert_eq!(paragraph("12. a"), r"12\. a");
        assert_eq!(paragraph("1.87× a"), r"1\.87× a");
        assert_eq!(paragraph("tasks - a"), "tasks - a");
    }

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("a ``` b"), "````sh\na ``` b\n````");
        assert_eq!(fenced("plain"), "```sh\nplain\n```");
    }
}
