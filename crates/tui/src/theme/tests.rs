use std::collections::BTreeSet;

use ratatui::text::Span;

use super::*;

#[test]
fn colours_fall_back_to_the_256_of_every_colour_terminal() {
    assert!(is_deep("truecolor") && is_deep("24bit") && !is_deep(""));
    let good = |deep| Theme::new(ThemeName::Dark, false, deep).good.fg;
    assert!(matches!(good(true), Some(Color::Rgb(..))));
    assert!(matches!(good(false), Some(Color::Indexed(_))));
    // Changing to mono and back keeps what the terminal can do.
    let dark = Theme::new(ThemeName::Dark, false, true);
    let back = dark
        .with(ThemeName::Mono, true)
        .with(ThemeName::Dark, false);
    assert_eq!(back, dark);
    for (rgb, index) in [
        ((0, 0, 0), 16),
        ((255, 255, 255), 231),
        ((95, 135, 175), 67),
        ((8, 8, 8), 232),
    ] {
        assert_eq!(nearest(rgb.0, rgb.1, rgb.2), index, "{rgb:?}");
    }
}

#[test]
fn mono_has_no_colour_anywhere() {
    let mono = Theme::new(ThemeName::Mono, false, true);
    let mut styles = vec![
        mono.text,
        mono.dim,
        mono.faint,
        mono.title,
        mono.accent,
        mono.good,
        mono.warn,
        mono.bad,
        mono.selected,
        mono.border,
        mono.border_focus,
        mono.base(),
        mono.useful(),
    ];
    styles.extend((0..9).map(|i| mono.series(i)));
    styles.extend((0..9).map(|i| mono.heat(f64::from(i) / 8.0)));
    styles.extend([0, 1, 2, 3, 4].map(|cause| mono.lost(cause)));
    for style in styles {
        assert!(style.fg.is_none() && style.bg.is_none(), "{style:?}");
    }
}

#[test]
fn series_heat_and_causes_differ_in_every_coloured_theme() {
    for name in [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
        for deep in [true, false] {
            let theme = Theme::new(name, false, deep);
            let distinct = |styles: Vec<Style>| {
                let set: BTreeSet<String> = styles.iter().map(|s| format!("{:?}", s.fg)).collect();
                assert_eq!(set.len(), styles.len(), "{name:?} {deep}: {styles:?}");
            };
            distinct((0..8).map(|i| theme.series(i)).collect());
            distinct((0..7).map(|i| theme.heat(f64::from(i) / 6.0)).collect());
            distinct([0, 1, 2, 3, 4].map(|cause| theme.lost(cause)).to_vec());
        }
    }
    assert_eq!(
        Theme::new(ThemeName::Dark, false, true).heat(f64::NAN),
        Theme::new(ThemeName::Dark, false, true).heat(0.0)
    );
}

#[test]
fn glyphs_are_one_cell_wide_and_ascii_is_ascii() {
    for glyphs in [&UNICODE, &ASCII] {
        let mut all: Vec<&str> = glyphs
            .levels
            .iter()
            .chain(&glyphs.widths)
            .copied()
            .collect();
        all.extend([
            glyphs.thin,
            glyphs.thin_half,
            glyphs.track,
            glyphs.low,
            glyphs.between,
            glyphs.high,
            glyphs.point,
            glyphs.bound,
            glyphs.ideal,
            glyphs.ok,
            glyphs.warning,
            glyphs.failed,
            glyphs.finding,
            glyphs.running,
            glyphs.waiting,
            glyphs.many,
            glyphs.notch,
            glyphs.open,
            glyphs.dot,
            glyphs.cut,
            glyphs.cursor,
            glyphs.rule,
            glyphs.axis,
            glyphs.corner,
            glyphs.tick,
            glyphs.useful,
            glyphs.border.top_left,
            glyphs.border.horizontal_top,
        ]);
        all.extend((0..4).flat_map(|i| [glyphs.pattern(i), glyphs.series_point(i)]));
        all.extend(glyphs.lost);
        all.extend(glyphs.order);
        for glyph in all {
            assert_eq!(Span::raw(glyph).width(), 1, "{glyph:?}");
            assert!(!glyphs.ascii || glyph.is_ascii(), "{glyph:?}");
        }
    }
    assert_eq!(
        [letter(0), letter(26), letter(61), letter(62)],
        ["A", "a", "9", "A"]
    );
}

#[test]
fn names_of_themes_round_trip() {
    for theme in ThemeName::ALL {
        assert_eq!(ThemeName::from_name(theme.name()), Some(theme));
    }
    assert_eq!(ThemeName::from_name("sepia"), None);
}

/// Relative luminance (WCAG 2.2) of a colour that a terminal of 16 million or 256 colours shows.
fn luminance(colour: Color) -> f64 {
    let [r, g, b] = match colour {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(index @ 232..) => [8 + 10 * (index - 232); 3],
        Color::Indexed(index) => {
            let level = |i: u8| [0, 95, 135, 175, 215, 255][usize::from(i)];
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        other => panic!("{other:?} has no fixed colour"),
    };
    let part = |value: u8| {
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
}

fn contrast(one: Option<Color>, other: Option<Color>) -> f64 {
    let (one, other) = (luminance(one.unwrap()), luminance(other.unwrap()));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Text has a contrast of 4.5, marks have 3, as WCAG 2.2 asks (1.4.3 and 1.4.11). What only guides
/// the eye (grid lines, the empty part of a bar) is `faint` and is left out.
#[test]
fn text_and_marks_can_be_read_in_every_theme() {
    assert!(
        (contrast(Some(Color::Rgb(0, 0, 0)), Some(Color::Rgb(255, 255, 255))) - 21.0).abs() < 1e-9
    );
    for name in [ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast] {
        for deep in [true, false] {
            let theme = Theme::new(name, false, deep);
            let ground = theme.ground().bg;
            let least = |what: &str, style: Style, least: f64| {
                let got = contrast(style.fg, ground);
                assert!(
                    got >= least,
                    "{name:?} {deep}: {what} has a contrast of {got:.2}"
                );
            };
            for (what, style) in [
                ("text", theme.text),
                ("dim", theme.dim),
                ("title", theme.title),
                ("accent", theme.accent),
                ("good", theme.good),
                ("warn", theme.warn),
                ("bad", theme.bad),
                ("focus", theme.border_focus),
            ] {
                least(what, style, 4.5);
            }
            // Their names stand in their colours.
            for cause in 0..4 {
                least(&format!("cause {cause}"), theme.lost(cause), 4.5);
            }
            for style in [theme.text, theme.dim, theme.accent] {
                let on_selected = contrast(style.fg, theme.selected.bg);
                assert!(on_selected >= 4.5, "{name:?} {deep}: {on_selected:.2}");
            }
            least("border", theme.border, 3.0);
            least("base", theme.base(), 3.0);
            least("useful", theme.useful(), 3.0);
            (0..8).for_each(|i| least(&format!("series {i}"), theme.series(i), 3.0));
            (0..7).for_each(|i| least(&format!("heat {i}"), theme.heat(f64::from(i) / 6.0), 3.0));
        }
    }
}

/// A shade lets the ground through; what matters most is drawn with full colour.
#[test]
fn lost_time_is_not_drawn_in_light_shades() {
    for glyph in UNICODE
        .lost
        .into_iter()
        .chain([UNICODE.wait, UNICODE.useful])
    {
        assert_ne!(glyph, "░");
    }
}
