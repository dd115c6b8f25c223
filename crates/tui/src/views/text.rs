//! Texts made to fit: names made safe, sentences broken into lines, numbers in sentences made to stand out.

use ratatui::style::Style;
use workbench_record::RepeatId;
use workbench_report::format;
use workbench_result::arm_on;

use super::widgets::width;

/// Longest name that is looked at.
const LONGEST: usize = 200;

/// A name from outside, safe to put into cells.
pub fn safe(name: &str) -> String {
    format::clean(name, LONGEST)
}

/// Breaks a sentence into lines of at most `columns` cells; words longer than a line are broken where they must.
pub fn wrap(sentence: &str, columns: u16) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in format::clean(sentence, 2000).split_whitespace() {
        let wide = width(word);
        let gap = u16::from(used > 0);
        if used + gap + wide <= columns {
            if gap == 1 {
                push(&mut lines, ' ');
            }
            word.chars().for_each(|c| push(&mut lines, c));
            used += gap + wide;
            continue;
        }
        if used > 0 {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let cell = width(c.encode_utf8(&mut [0; 4]));
            if used + cell > columns && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            push(&mut lines, c);
            used += cell;
        }
    }
    lines
}

fn push(lines: &mut [String], c: char) {
    if let Some(line) = lines.last_mut() {
        line.push(c);
    }
}

/// A sentence in parts: speed-ups (`1.87×`) in the style of numbers, the rest as text.
pub fn highlight(sentence: &str, text: Style, number: Style) -> Vec<(String, Style)> {
    let mut parts: Vec<(String, Style)> = Vec::new();
    for (i, word) in sentence.split(' ').enumerate() {
        let figure = word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('×');
        let style = if figure { number } else { text };
        let gap = if i == 0 { "" } else { " " };
        match parts.last_mut() {
            Some((last, before)) if *before == style => {
                last.push_str(gap);
                last.push_str(word);
            }
            Some((last, _)) => {
                last.push_str(gap);
                parts.push((word.to_owned(), style));
            }
            None => parts.push((word.to_owned(), style)),
        }
    }
    parts
}

/// `tasks on 2 workers`.
pub fn arm_on_workers(arm: &str, workers: u32) -> String {
    arm_on(&safe(arm), workers)
}

/// `tasks on 2 workers, repeat 3 of 5`.
pub fn repeat_name(id: &RepeatId, of: u32) -> String {
    let arm = arm_on_workers(&id.arm, id.workers);
    format!("{arm}, repeat {} of {of}", u64::from(id.repeat) + 1)
}

/// A whole number of seconds on an axis: `90 s`, `5 min`, `2 h`.
pub fn span(seconds: f64) -> String {
    if seconds >= 7200.0 {
        format!("{:.0} h", seconds / 3600.0)
    } else if seconds >= 120.0 {
        format!("{:.0} min", seconds / 60.0)
    } else if seconds >= 10.0 || (seconds - seconds.round()).abs() < 0.005 {
        format!("{seconds:.0} s")
    } else {
        format!("{seconds:.1} s")
    }
}

/// Time since the run's start: `12.3 s`, `3:25 min`, `2:05:09 h`.
pub fn clock(s: f64) -> String {
    let whole = s as u64;
    if s < 60.0 {
        format!("{s:.1} s")
    } else if whole < 3600 {
        format!("{}:{:02} min", whole / 60, whole % 60)
    } else {
        format!(
            "{}:{:02}:{:02} h",
            whole / 3600,
            whole / 60 % 60,
            whole % 60
        )
    }
}

/// Used and total memory in the unit of the total: `41.2 of 79.6 GiB`.
pub fn memory(used: u64, total: u64) -> String {
    let (used_text, total_text) = (format::bytes(used), format::bytes(total));
    match (used_text.split_once(' '), total_text.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => format!("{number} of {total_text}"),
        _ => format!("{used_text} of {total_text}"),
    }
}

/// A name with its numbers as numbers: `n_estimators=60` comes before `n_estimators=340`.
pub fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(digits);
        let end = after
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(after.len());
        let (number, next) = after.split_at(end);
        parts.push((word.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    #[test]
    fn sentences_break_between_words_and_long_words_where_they_must() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("表表表", 3), ["表", "表", "表"]);
        assert_eq!(wrap("", 5), [""]);
        assert!(wrap("a b", 0).iter().all(|line| width(line) <= 1));
    }

    #[test]
    fn figures_stand_out() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let parts = highlight("it is 1.87× faster", Style::new(), bold);
        let texts: Vec<&str> = parts.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["it is ", "1.87× ", "faster"]);
        assert_eq!(parts[1].1, bold);
    }

    #[test]
    fn spans_and_memory_have_units() {
        assert_eq!(
            [0.5, 2.0, 90.0, 300.0, 86_400.0].map(span),
            ["0.5 s", "2 s", "90 s", "5 min", "24 h"]
        );
        assert_eq!(memory(1 << 30, 4 << 30), "1.00 of 4.00 GiB");
        assert_eq!(memory(1 << 20, 4 << 30), "1.00 MiB of 4.00 GiB");
    }

    #[test]
    fn names_sort_by_their_numbers() {
        let mut names = ["n=340", "n=60", "m=7", "n", "n=6x", ""];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["", "m=7", "n", "n=6x", "n=60", "n=340"]);
    }
}
