//! Any size, any keys, any of the made-up runs: nothing panics, and no cell is garbled.

use std::sync::LazyLock;

use proptest::prelude::*;
use ratatui::crossterm::event::{
    KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use workbench_result::RunResult;

use super::*;
use crate::kit::Motion;
use crate::views::ViewAction;

const ACTIONS: [ViewAction; 29] = [
    ViewAction::Hide,
    ViewAction::Grid,
    ViewAction::Smooth,
    ViewAction::NextPanel,
    ViewAction::PrevPanel,
    ViewAction::Move(Motion::Up),
    ViewAction::Move(Motion::Down),
    ViewAction::Left,
    ViewAction::Right,
    ViewAction::Move(Motion::PageUp),
    ViewAction::Move(Motion::PageDown),
    ViewAction::Move(Motion::Home),
    ViewAction::Move(Motion::End),
    ViewAction::Zoom,
    ViewAction::Freeze,
    ViewAction::Sort,
    ViewAction::Reverse,
    ViewAction::NextArm,
    ViewAction::Toggle,
    ViewAction::FarLeft,
    ViewAction::FarRight,
    ViewAction::Cursor,
    ViewAction::Longer,
    ViewAction::Shorter,
    ViewAction::Metric,
    ViewAction::XAxis,
    ViewAction::Log,
    ViewAction::Output,
    ViewAction::Filter,
];

/// What a person does to a view.
#[derive(Debug, Clone)]
enum Deed {
    Act(ViewAction),
    Mouse(MouseEvent),
    Type(char),
    Paste(String),
}

fn deed() -> impl Strategy<Value = Deed> {
    let kinds = [
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::Moved,
    ];
    let mouse = (prop::sample::select(kinds.to_vec()), 0..260_u16, 0..90_u16);
    prop_oneof![
        4 => prop::sample::select(ACTIONS.to_vec()).prop_map(Deed::Act),
        3 => mouse.prop_map(|(kind, column, row)| {
            let modifiers = KeyModifiers::NONE;
            Deed::Mouse(MouseEvent { kind, column, row, modifiers })
        }),
        1 => any::<char>().prop_map(Deed::Type),
        1 => ".{0,200}".prop_map(Deed::Paste),
    ]
}

fn on(view: &mut impl View, deed: &Deed) {
    match deed {
        Deed::Act(action) => view.act(*action),
        Deed::Mouse(event) => view.mouse(*event),
        Deed::Type(c) => type_key(
            view,
            KeyEvent::new(KeyCode::Char(*c), KeyModifiers::NONE),
            "",
        ),
        Deed::Paste(text) => view.filter_mut().unwrap().paste(text),
    }
}

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
        fixture::forests(),
        fixture::training(),
        fixture::trained(),
        trainings::live(64, 8, trainings::Mishap::Slow),
        trainings::live(3, 0, trainings::Mishap::Still),
        trainings::told(),
        trainings::hostile(),
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
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_panics(
        which in 0..15_usize,
        steps in prop::collection::vec((1..=250_u16, 1..=80_u16, deed()), 1..14),
        theme in 0..4_usize,
        ascii: bool,
    ) {
        let theme = Theme::new(ThemeName::ALL[theme], ascii, true);
        let (snapshot, outcome) = &RUNS[which];
        let (mut run_view, mut result_view) = (RunView::default(), ResultView::default());
        // What is typed may be anything.
        let mut foreign = false;
        for (width, height, deed) in steps {
            let buf = run_screen((width, height), &mut run_view, snapshot, &theme);
            check_cells(&buf);
            on(&mut run_view, &deed);
            if let Some(outcome) = outcome {
                result_view.update(outcome, snapshot);
                let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                terminal
                    .draw(|frame| {
                        let (area, shown) = (frame.area(), (outcome, snapshot));
                        let drawn = result::draw(frame, area, &result_view, shown, &theme);
                        result_view.take(drawn);
                    })
                    .unwrap();
                check_cells(terminal.backend().buffer());
            }
            on(&mut result_view, &deed);
            if ascii {
                let typed = matches!(deed, Deed::Type(_) | Deed::Paste(_));
                foreign |= typed;
                let names_apart = ![6, 14].contains(&which) && !foreign;
                let is_ascii = |symbol: &str| symbol.is_ascii() || "×÷°–—…−µ²".contains(symbol);
                let ascii_only = buf.content.iter().all(|cell| is_ascii(cell.symbol()));
                prop_assert!(!names_apart || ascii_only, "{}", text(&buf));
            }
        }
    }

    /// An area that is not the whole frame: nothing is drawn outside it.
    #[test]
    fn nothing_is_drawn_outside_the_area(
        x in 0..40_u16,
        y in 0..20_u16,
        width in 1..120_u16,
        height in 1..50_u16,
        which in 0..15_usize,
    ) {
        let (snapshot, _) = &RUNS[which];
        let theme = dark();
        let area = ratatui::layout::Rect::new(x, y, width, height);
        let mut terminal = Terminal::new(TestBackend::new(170, 72)).unwrap();
        let mut view = RunView::default();
        view.update(snapshot);
        terminal
            .draw(|frame| {
                let drawn = run::draw(frame, area, &view, snapshot, &theme);
                view.take(drawn);
            })
            .unwrap();
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
