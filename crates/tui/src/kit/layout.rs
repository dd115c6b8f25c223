//! Rectangles side by side and one below the other.

use ratatui::layout::Rect;

/// The area below the first `lines` lines.
pub fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// `height` lines of an area from `line` on, as many as it has.
pub fn band(area: Rect, line: u16, height: u16) -> Rect {
    Rect {
        height: height.min(area.height.saturating_sub(line)),
        ..below(area, line)
    }
}

/// The `at`-th of `n` columns of an area that are equally wide, with a gap between them.
pub fn column(area: Rect, at: u16, n: u16) -> Rect {
    let wide = area.width / n.max(1);
    Rect {
        x: area.x + at * wide,
        width: wide.saturating_sub(u16::from(n > 1) * 2),
        ..area
    }
}

/// `n` areas side by side, as wide as each other.
pub fn abreast(area: Rect, n: usize) -> impl Iterator<Item = Rect> {
    let n = u32::try_from(n.max(1)).unwrap_or(u32::MAX);
    let column = move |i: u32| area.x + (u32::from(area.width) * i / n) as u16;
    (0..n).map(move |i| Rect {
        x: column(i),
        width: column(i + 1) - column(i),
        ..area
    })
}

/// Areas of these heights, one below the other.
pub fn stacked(area: Rect, heights: impl IntoIterator<Item = u16>) -> impl Iterator<Item = Rect> {
    heights.into_iter().scan(area, |rest, height| {
        let height = height.min(rest.height);
        let part = Rect { height, ..*rest };
        *rest = below(*rest, height);
        Some(part)
    })
}
