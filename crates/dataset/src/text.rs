//! How text from files appears in messages, and how names are compared.

/// Characters of a cell or a name that a message shows before it is cut.
const SHOWN: usize = 40;

/// Text from a file, safe to show in a one-line message: control and invisible characters escaped,
/// cut after 40 characters.
pub(super) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(SHOWN).map(visible).collect();
    if text.chars().nth(SHOWN).is_some() {
        out.push('…');
    }
    out
}

/// As [`shown`], but whole: for file names, which a reader must be able to find again.
pub(super) fn shown_whole(text: &str) -> String {
    text.chars().map(visible).collect()
}

fn visible(c: char) -> String {
    // `escape_debug` also escapes quotes and backslashes, which are harmless here and
    // common in names.
    if c.is_ascii_graphic() || c == ' ' {
        c.to_string()
    } else {
        c.escape_debug().collect()
    }
}

/// A column's name as a table holds it: blanks around it removed, line breaks and tabs turned
/// into single blanks.
pub(super) fn tidy_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for part in text
        .split(['\n', '\r', '\t'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(part);
    }
    name
}

/// The hint after an unknown column name: the nearest name, or the names there are.
pub(super) fn nearest(wrong: &str, known: &[String]) -> String {
    const LISTED: usize = 8;
    let lowered = wrong.to_lowercase();
    let best = known
        .iter()
        .map(|name| (strsim::jaro_winkler(&lowered, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    if let Some((_, name)) = best {
        return format!("did you mean `{}`?", shown(name));
    }
    let names: Vec<String> = known.iter().take(LISTED).map(|name| shown(name)).collect();
    let more = known.len().saturating_sub(LISTED);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("the columns are {}{rest}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_files_cannot_break_a_line_or_drive_a_terminal() {
        assert_eq!(shown("a\nb\u{1b}[2J"), "a\\nb\\u{1b}[2J");
        assert_eq!(shown("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(shown("café's \"x\""), "café's \"x\"");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(shown(&"x".repeat(40)), "x".repeat(40));
        assert_eq!(shown(&"x".repeat(41)), format!("{}…", "x".repeat(40)));
    }

    #[test]
    fn names_lose_line_breaks_and_outer_blanks_only() {
        assert_eq!(tidy_name("  Median\r\n Income "), "Median Income");
        assert_eq!(tidy_name("a  b"), "a  b");
        assert_eq!(tidy_name(" \n\t "), "");
    }

    #[test]
    fn the_nearest_name_is_suggested_whatever_its_case() {
        let known = ["MedInc".to_owned(), "MedHouseVal".to_owned()];
        assert_eq!(
            nearest("medhouseval", &known),
            "did you mean `MedHouseVal`?"
        );
        assert_eq!(
            nearest("zzz", &known),
            "the columns are MedInc, MedHouseVal"
        );
        let many: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
        assert!(nearest("zzz", &many).ends_with("c7 and 12 more"));
    }
}
