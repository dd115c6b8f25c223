//! What must hold for the report of any run.

use workbench_record::Snapshot;
use workbench_report::{Format, headline, render};
use workbench_result::RunResult;

use super::markup;

/// A rendering as text.
pub fn text(format: Format, result: &RunResult, snapshot: &Snapshot) -> String {
    String::from_utf8(render(format, result, snapshot, None).unwrap()).unwrap()
}

/// Renders everything and checks what must hold for any result; returns the page.
pub fn check_all(result: &RunResult, snapshot: &Snapshot) -> String {
    for format in Format::ALL {
        assert!(
            !render(format, result, snapshot, None).unwrap().is_empty(),
            "{format:?}"
        );
    }
    let page = text(Format::Html, result, snapshot);
    let read = markup::read(&page).unwrap();
    for banned in ["script", "link", "img", "iframe", "object", "foreignObject"] {
        assert!(!read.elements.iter().any(|e| e == banned), "<{banned}>");
    }
    for (name, value) in &read.attributes {
        let outside = name == "href" || name == "src" || name == "style" || name.starts_with("on");
        assert!(!outside, "{name}={value}");
    }
    let svg = text(Format::Svg, result, snapshot);
    let drawing = markup::read(&svg).unwrap();
    let markdown = text(Format::Markdown, result, snapshot);
    for shown in [&read.text, &drawing.text, &markdown] {
        for broken in ["NaN", "inf×", "inf s", "-0.00", "None", "Some("] {
            assert!(!shown.contains(broken), "{broken} in {shown}");
        }
    }
    assert!(
        headline(result)
            .iter()
            .all(|s| !s.is_empty() && !s.contains('\n'))
    );
    page
}
