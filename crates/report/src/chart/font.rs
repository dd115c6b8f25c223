//! The font that charts are lettered and measured with.
//!
//! Pages and SVG files use the reader's own font; the widths here are those of a wide font, so
//! labels placed by them have room.

use std::sync::LazyLock;

use ab_glyph::{Font as _, FontRef, ScaleFont as _};
use plotters::style::{FontStyle, register_font};

/// The family's name in plotters' registry.
pub(super) const FAMILY: &str = "workbench-sans";

static REGULAR: &[u8] = include_bytes!("../../../../assets/fonts/WorkbenchSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../../../assets/fonts/WorkbenchSans-Bold.ttf");

/// Ascent plus descent over the em: ab_glyph scales by the former, CSS by the latter.
pub(super) const HEIGHT_PER_EM: f64 = 1.164;

struct Fonts {
    regular: Option<FontRef<'static>>,
    bold: Option<FontRef<'static>>,
}

static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    // The files are part of the program; a test proves that they parse.
    let _ = register_font(FAMILY, FontStyle::Normal, REGULAR);
    let _ = register_font(FAMILY, FontStyle::Bold, BOLD);
    Fonts {
        regular: FontRef::try_from_slice(REGULAR).ok(),
        bold: FontRef::try_from_slice(BOLD).ok(),
    }
});

/// Makes the font known to plotters; once is enough, more does no harm.
pub(super) fn register() {
    LazyLock::force(&FONTS);
}

/// Width of a text in pixels at a size in pixels per em. A character that the font lacks counts
/// as one em.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let fonts = &*FONTS;
    let font = if bold { &fonts.bold } else { &fonts.regular };
    let Some(font) = font else {
        return text.chars().count() as f64 * size * 0.6;
    };
    let scaled = font.as_scaled((size * HEIGHT_PER_EM) as f32);
    let advance = |c: char| match scaled.glyph_id(c) {
        id if id.0 == 0 => size,
        id => f64::from(scaled.h_advance(id)),
    };
    text.chars().map(advance).sum()
}

/// The text cut, with `…` at its end, so that it fits into a width in pixels.
pub(super) fn fit(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = width("…", size, bold);
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), size, bold);
        if used > room {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_parse_and_have_the_symbols_of_our_sentences() {
        for font in [&FONTS.regular, &FONTS.bold] {
            let font = font.as_ref().unwrap();
            for c in "Az09×–…µσκ≥≤→−±·".chars() {
                assert_ne!(font.glyph_id(c).0, 0, "{c}");
            }
            let height = font.ascent_unscaled() - font.descent_unscaled();
            let em = font.units_per_em().unwrap();
            assert!((f64::from(height / em) - HEIGHT_PER_EM).abs() < 0.001);
        }
    }

    #[test]
    fn widths_add_up_and_cutting_keeps_to_them() {
        assert!(width("mm", 12.0, false) > width("m", 12.0, false) * 1.99);
        assert!(width("mm", 12.0, true) > width("mm", 12.0, false));
        assert_eq!(fit("short", 12.0, false, 100.0), "short");
        let cut = fit(&"long".repeat(100), 12.0, false, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 100.0);
        assert_eq!(fit("anything", 12.0, false, 0.0), "…");
    }
}
