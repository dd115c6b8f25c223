//! Any size, any keys, any of the made-up runs: nothing panics, and no cell is garbled.

use std::sync::LazyLock;

use proptest::prelude::*;
use workbench_engine::result::RunResult;

use super::*;
use crate::tui::views::ViewAction;

const ACTIONS: [ViewAction; 16] = [
    ViewAction::NextPanel,
    ViewAction::PrevPanel,
    ViewAction::Up,
    ViewAction::Down,
    ViewAction::Left,
    ViewAction::Right,
    ViewAction::PageUp,
    ViewAction::PageDown,
    ViewAction::Home,
    ViewAction::End,
    ViewAction::Zoom,
    ViewAction::Freeze,
    ViewAction::Sort,
    ViewAction::Reverse,
    ViewAction::NextArm,
    ViewAction::Toggle,
];

static RUNS: LazyLock<Vec<(Snapshot, Option<RunResult>)>> = LazyLock::new(|| {
    let runs = [
        fixture::two_cores(),
        fixture::finished(),
        fixture::failed_check(),
        fixture::scaling(),
        fixture::big(),
        fixture::two_gpus(),
        fixture::hostile(),
        Snapshot::default(),
    ];
    runs.into_iter()
        .map(|s| (compute(&s), s))
        .map(|(r, s)| (s, r))
        .collect()
});

fn check_cells(buf: &Buffer) {
    for cell in &buf.content {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        which in 0..8_usize,
        steps in prop::collection::vec((1..=250_u16, 1..=80_u16, 0..ACTIONS.len()), 1..12),
        theme in 0..4_usize,
        ascii: bool,
    ) {
        let theme = Theme::new(ThemeName::ALL[theme], ascii, true);
        let (snapshot, outcome) = &RUNS[which];
        let (mut run_view, mut result_view) = (RunView::default(), ResultView::default());
        for (width, height, action) in steps {
            let buf = run_screen((width, height), &mut run_view, snapshot, &theme);
            check_cells(&buf);
            run_view.act(ACTIONS[action]);
            if let Some(outcome) = outcome {
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal
                    .draw(|frame| result::draw(frame, frame.area(), &mut result_view, outcome, snapshot, &theme))
                    .unwrap();
                check_cells(terminal.backend().buffer());
            }
            result_view.act(ACTIONS[action]);
            if ascii {
                let names_apart = which != 6;
                let ascii_only = buf.content.iter().all(|c| c.symbol().is_ascii() || "×÷°–—…−µ".contains(c.symbol()));
                prop_assert!(!names_apart || ascii_only, "{}", text(&buf));
            }
        }
    }

    /// An area that is not the whole frame: nothing is drawn outside it.
    #[test]
    fn nothing_is_drawn_outside_the_area(x in 0..40_u16, y in 0..20_u16, width in 1..120_u16, height in 1..50_u16, which in 0..8_usize) {
        let (snapshot, _) = &RUNS[which];
        let theme = dark();
        let area = ratatui::layout::Rect::new(x, y, width, height);
        let mut terminal = Terminal::new(TestBackend::new(170, 72)).unwrap();
        let mut view = RunView::default();
        terminal.draw(|frame| run::draw(frame, area, &mut view, snapshot, &theme)).unwrap();
        let buf = terminal.backend().buffer();
        for row in 0..72 {
            for column in 0..170 {
                if !area.contains((column, row).into()) {
                    prop_assert_eq!(buf[(column, row)].symbol(), " ");
                }
            }
        }
    }
}
