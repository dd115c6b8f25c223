//! The colours of all charts and pages, in one table: what each is for, on light paper,
//! on dark paper.
//!
//! Charts are drawn in the light colours. Standalone files keep them; a page overrides them through
//! [`css`], which matches on the colour itself, so every light colour stands for exactly one role.
//! Series colours follow Okabe and Ito (2008), darkened until text in them reads well (contrast 4.5
//! and more); the ramp runs in lightness, so it survives greyscale.

use std::fmt::Write as _;

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The background.
    Paper,
    /// Text and the marks that matter most.
    Ink,
    /// Secondary text, ideal lines.
    Muted,
    /// Grid lines.
    Grid,
    /// The empty part of a bar.
    Track,
    /// The base.
    Base,
    /// An arm, counted from 0 without the base; more arms than colours share them in turn.
    Series(usize),
    /// The same, faint: what lies behind an arm's line.
    Pale(usize),
    /// A step of the ramp from small (0) to large.
    Ramp(usize),
    /// Text on the lower half of the ramp.
    OnRampLow,
    /// Text on the upper half of the ramp.
    OnRampHigh,
    /// A step from an idle to a busy core.
    Heat(usize),
    /// Time that the hypervisor took, and tasks that failed.
    Alarm,
    /// A cause of lost time: overhead, imbalance, waiting, inflation, no core.
    Lost(usize),
}

/// Number of colours for arms.
pub(crate) const SERIES: usize = 6;
/// Number of steps of the ramp.
pub(crate) const RAMP: usize = 8;
/// Number of steps from idle to busy.
pub(crate) const HEAT: usize = 5;

/// Role, name of the CSS variable, colour on light paper, colour on dark paper.
const TABLE: [(Role, &str, u32, u32); 39] = [
    (Role::Paper, "paper", 0xff_ff_ff, 0x14_17_1a),
    (Role::Ink, "ink", 0x1b_1f_24, 0xe8_ea_ed),
    (Role::Muted, "muted", 0x5c_66_70, 0x9a_a5_af),
    (Role::Grid, "grid", 0xe3_e6_e9, 0x2c_31_36),
    (Role::Track, "track", 0xf0_f2_f4, 0x22_27_2b),
    (Role::Base, "base", 0x6b_75_80, 0x93_9e_a8),
    (Role::Series(0), "series-1", 0x00_6b_a8, 0x5a_b4_ea),
    (Role::Series(1), "series-2", 0xb8_4d_00, 0xf0_8a_3c),
    (Role::Series(2), "series-3", 0x00_7a_5a, 0x2f_c4_97),
    (Role::Series(3), "series-4", 0xa3_40_7a, 0xe0_8d_bd),
    (Role::Series(4), "series-5", 0x86_60_00, 0xdd_ae_2e),
    (Role::Series(5), "series-6", 0x5b_4f_a8, 0xa9_9f_ee),
    (Role::Pale(0), "pale-1", 0xc3_e0_f2, 0x1f_3d_52),
    (Role::Pale(1), "pale-2", 0xf5_d5_bd, 0x52_33_1c),
    (Role::Pale(2), "pale-3", 0xbf_e6_da, 0x17_46_38),
    (Role::Pale(3), "pale-4", 0xee_cf_e1, 0x4d_33_42),
    (Role::Pale(4), "pale-5", 0xee_df_b8, 0x4b_3d_17),
    (Role::Pale(5), "pale-6", 0xd8_d4_f0, 0x3a_37_55),
    (Role::Ramp(0), "ramp-1", 0xcf_e6_dc, 0x25_3f_4a),
    (Role::Ramp(1), "ramp-2", 0xa9_d5_cc, 0x28_57_66),
    (Role::Ramp(2), "ramp-3", 0x7d_c0_c2, 0x2d_6e_7c),
    (Role::Ramp(3), "ramp-4", 0x55_a6_ba, 0x3a_87_8f),
    (Role::Ramp(4), "ramp-5", 0x37_88_ac, 0x55_a1_9e),
    (Role::Ramp(5), "ramp-6", 0x2a_69_98, 0x7c_bb_ac),
    (Role::Ramp(6), "ramp-7", 0x26_4a_7d, 0xab_d4_be),
    (Role::Ramp(7), "ramp-8", 0x1f_2d_5c, 0xdd_ed_d0),
    (Role::OnRampLow, "on-ramp-low", 0x15_2a_33, 0xf1_f6_f7),
    (Role::OnRampHigh, "on-ramp-high", 0xfb_fd_fd, 0x0e_1a_1e),
    (Role::Heat(0), "heat-1", 0xf1_f3_f5, 0x1d_21_25),
    (Role::Heat(1), "heat-2", 0xdd_e1_e6, 0x31_37_3d),
    (Role::Heat(2), "heat-3", 0xc4_cb_d2, 0x4a_52_5b),
    (Role::Heat(3), "heat-4", 0xa5_ae_b8, 0x69_73_7d),
    (Role::Heat(4), "heat-5", 0x7f_8b_97, 0x90_9b_a6),
    (Role::Alarm, "alarm", 0xc4_2f_3d, 0xff_6b_74),
    (Role::Lost(0), "lost-1", 0xb0_3a_5b, 0xe8_7a_97),
    (Role::Lost(1), "lost-2", 0xe3_a1_2f, 0xf0_bd_5a),
    (Role::Lost(2), "lost-3", 0x4f_93_b8, 0x6f_b5_d9),
    (Role::Lost(3), "lost-4", 0x74_58_a6, 0xa9_8e_dd),
    (Role::Lost(4), "lost-5", 0x6f_8f_3a, 0xa6_c8_6b),
];

impl Role {
    /// The colour on light paper, as `0xrrggbb`.
    pub fn light(self) -> u32 {
        let role = match self {
            Self::Series(i) => Self::Series(i % SERIES),
            Self::Pale(i) => Self::Pale(i % SERIES),
            Self::Ramp(i) => Self::Ramp(i.min(RAMP - 1)),
            Self::Heat(i) => Self::Heat(i.min(HEAT - 1)),
            role => role,
        };
        let entry = TABLE.iter().find(|entry| entry.0 == role);
        entry.map_or(0, |entry| entry.2)
    }
}

/// The page's colour variables for both kinds of paper, and the rules that give them to charts
/// drawn in the light colours. Paper that is printed on is light.
pub(crate) fn css() -> String {
    let mut light = String::new();
    let mut dark = String::new();
    let mut rules = String::new();
    for (_, name, on_light, on_dark) in TABLE {
        // Writing to a string cannot fail.
        let _ = write!(light, "--{name}:#{on_light:06x};");
        let _ = write!(dark, "--{name}:#{on_dark:06x};");
        let _ = writeln!(
            rules,
            ".chart [fill=\"#{on_light:06x}\"]{{fill:var(--{name})}}\
             .chart [stroke=\"#{on_light:06x}\"]{{stroke:var(--{name})}}"
        );
    }
    format!(
        ":root{{color-scheme:light dark;{light}}}\n\
         @media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{rules}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_light_colour_stands_for_one_role() {
        for (i, a) in TABLE.iter().enumerate() {
            for b in &TABLE[i + 1..] {
                assert_ne!(a.2, b.2, "{:?} and {:?}", a.0, b.0);
                assert_ne!(a.1, b.1, "{:?} and {:?}", a.0, b.0);
            }
        }
    }

    /// Relative luminance after WCAG 2.
    fn luminance(rgb: u32) -> f64 {
        let channel = |shift: u32| {
            let value = f64::from((rgb >> shift) & 0xff) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    #[test]
    fn text_reads_on_its_paper() {
        let paper = TABLE[0];
        for entry in TABLE {
            let is_text = matches!(
                entry.0,
                Role::Ink | Role::Muted | Role::Series(_) | Role::Base | Role::Alarm
            );
            if is_text {
                assert!(contrast(entry.2, paper.2) >= 4.5, "{:?} light", entry.0);
                assert!(contrast(entry.3, paper.3) >= 4.5, "{:?} dark", entry.0);
            }
        }
    }

    #[test]
    fn text_reads_on_the_ramp() {
        let of = |role: Role| TABLE.iter().copied().find(|e| e.0 == role).unwrap();
        for step in 0..RAMP {
            let on = of(if step < RAMP / 2 {
                Role::OnRampLow
            } else {
                Role::OnRampHigh
            });
            let ramp = of(Role::Ramp(step));
            assert!(contrast(on.2, ramp.2) >= 3.5, "{step} light");
            assert!(contrast(on.3, ramp.3) >= 3.5, "{step} dark");
        }
    }

    #[test]
    fn the_ramp_falls_in_lightness_on_light_paper_and_rises_on_dark() {
        let steps: Vec<_> = TABLE
            .iter()
            .filter(|e| matches!(e.0, Role::Ramp(_)))
            .collect();
        for pair in steps.windows(2) {
            assert!(luminance(pair[0].2) > luminance(pair[1].2));
            assert!(luminance(pair[0].3) < luminance(pair[1].3));
        }
    }

    #[test]
    fn roles_beyond_the_table_reuse_it() {
        assert_eq!(Role::Series(SERIES).light(), Role::Series(0).light());
        assert_eq!(Role::Ramp(99).light(), Role::Ramp(RAMP - 1).light());
    }
}
