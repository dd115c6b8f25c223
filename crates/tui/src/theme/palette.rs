//! The colours of each theme, in one table per theme. Series follow Okabe and Ito (2008), adjusted
//! to the background.

/// Colours as `0xRRGGBB`, by what they are for.
#[derive(Debug, PartialEq)]
pub(super) struct Palette {
    /// What everything else stands on.
    pub ground: u32,
    pub text: u32,
    pub dim: u32,
    pub faint: u32,
    pub title: u32,
    pub accent: u32,
    pub good: u32,
    pub warn: u32,
    pub bad: u32,
    pub selected: u32,
    pub border: u32,
    pub focus: u32,
    pub base: u32,
    pub useful: u32,
    pub series: [u32; 8],
    /// From idle to busy.
    pub heat: [u32; 7],
    /// In the order of `LostSeconds::CAUSES`.
    pub lost: [u32; 5],
}

pub(super) static DARK: Palette = Palette {
    ground: 0x16_18_1d,
    text: 0xd6_da_df,
    dim: 0x93_9e_a9,
    faint: 0x3d_45_4d,
    title: 0xe8_ea_ed,
    accent: 0x7f_d1_ff,
    good: 0x5f_cf_9a,
    warn: 0xf0_bd_5a,
    bad: 0xff_6b_74,
    selected: 0x23_30_3d,
    border: 0x5e_69_74,
    focus: 0x7f_d1_ff,
    base: 0xa8_b2_bc,
    useful: 0x4f_8f_78,
    series: [
        0x5a_b4_ea, 0xf0_8a_3c, 0x2f_c4_97, 0xe0_8d_bd, 0xdd_ae_2e, 0xa9_9f_ee, 0x8f_c9_5a,
        0xd6_78_6a,
    ],
    heat: [
        0x64_70_7c, 0x4a_7c_ae, 0x2f_8f_b0, 0x2f_9f_9f, 0x3f_b3_8a, 0x6f_cf_87, 0xa8_df_70,
    ],
    lost: [0xe8_7a_97, 0xf0_bd_5a, 0x6f_b5_d9, 0xa9_8e_dd, 0xa6_c8_6b],
};

pub(super) static LIGHT: Palette = Palette {
    ground: 0xff_ff_ff,
    text: 0x24_29_2e,
    dim: 0x50_5a_65,
    faint: 0xc8_cd_d2,
    title: 0x1b_1f_24,
    accent: 0x00_5f_9e,
    good: 0x1a_7f_4b,
    warn: 0x8f_5a_00,
    bad: 0xc4_2f_3d,
    selected: 0xdf_ea_f6,
    border: 0x87_90_99,
    focus: 0x00_5f_9e,
    base: 0x5c_66_70,
    useful: 0x4f_8f_78,
    series: [
        0x00_6b_a8, 0xb8_4d_00, 0x00_7a_5a, 0xa3_40_7a, 0x86_60_00, 0x5b_4f_a8, 0x4a_7d_10,
        0x8a_00_5f,
    ],
    heat: [
        0x85_92_9e, 0x5c_8f_bb, 0x1f_84_a8, 0x1f_8a_8a, 0x2f_8a_5f, 0x4f_8a_1f, 0x2a_6a_00,
    ],
    lost: [0xb0_3a_5b, 0x8f_5f_00, 0x1f_6f_9c, 0x74_58_a6, 0x55_75_1f],
};

pub(super) static HIGH_CONTRAST: Palette = Palette {
    ground: 0x00_00_00,
    text: 0xff_ff_ff,
    dim: 0xe0_e0_e0,
    faint: 0x87_87_87,
    title: 0xff_ff_ff,
    accent: 0x00_ff_ff,
    good: 0x00_ff_5f,
    warn: 0xff_ff_00,
    bad: 0xff_5f_5f,
    selected: 0x00_5f_af,
    border: 0xaf_af_af,
    focus: 0xff_ff_00,
    base: 0xff_ff_ff,
    useful: 0x00_d7_5f,
    series: [
        0x5f_d7_ff, 0xff_af_00, 0x5f_ff_87, 0xff_87_ff, 0xff_ff_5f, 0xaf_af_ff, 0xaf_ff_5f,
        0xff_87_87,
    ],
    heat: [
        0x5f_87_ff, 0x00_af_ff, 0x00_d7_d7, 0x00_ff_af, 0x5f_ff_5f, 0xd7_ff_00, 0xff_ff_af,
    ],
    lost: [0xff_5f_af, 0xff_d7_00, 0x5f_d7_ff, 0xaf_87_ff, 0xaf_ff_5f],
};
