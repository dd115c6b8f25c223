//! Drawing the interface: machine line, screen, dialog, last line.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use workbench_machine::{GpuFacts, MachineFacts};
use workbench_report::format;

use super::app::{App, FOLLOW_KEYS, Feed, GLOBAL_KEYS, REPLAY_KEYS, RESULT_KEYS, RUN_KEYS, Screen};
use super::keys::Binding;
use super::keys::{shown, told};
use super::kit::text::{fit, width};
use super::kit::{lines, too_small};
use super::overlay::{Overlay, export, help, lacking, palette, quit};
use super::screens::{compare, home, runs, setup};
use super::theme::{Look, Theme};
use super::views::compare::CompareView;
use super::views::result::ResultView;
use super::views::run::RunView;
use super::views::{self, Keyed, View, filter};

/// The smallest window, in columns and lines.
pub const SMALLEST: (u16, u16) = (60, 16);

impl App {
    /// Draws everything.
    pub fn draw(&mut self, frame: &mut Frame) {
        let area = frame.area();
        let look = self.shared.look.clone();
        if !too_small(frame.buffer_mut(), area, SMALLEST, &look) {
            self.draw_screen(frame, area, &look);
        }
        if look.ascii {
            plain(frame);
        }
    }

    fn draw_screen(&mut self, frame: &mut Frame, area: Rect, look: &Look) {
        let own_head = matches!(
            self.screen,
            Screen::Run | Screen::Watch(_) | Screen::Result(_) | Screen::Compare(_)
        );
        let [head, body, foot] = Layout::vertical([
            Constraint::Length(u16::from(!own_head)),
            Constraint::Min(0),
            Constraint::Length(1),
        ])
        .areas(area);
        if !own_head {
            lines(
                frame,
                head,
                &[self.machine_line(usize::from(head.width), look)],
            );
        }
        match &mut self.screen {
            Screen::Home => self.home.draw(frame, body, &self.shared),
            Screen::Runs => self.runs.draw(frame, body, &self.shared),
            Screen::Compare(screen) => screen.draw(frame, body, &look.theme),
            Screen::SetUp => {
                if let Some(setup) = &mut self.setup {
                    setup.draw(frame, body, &self.shared);
                }
            }
            Screen::Run => {
                if let Some(live) = &mut self.live {
                    live.view.update(&live.snapshot);
                    views::run::draw(frame, body, &mut live.view, &live.snapshot, &look.theme);
                }
            }
            Screen::Watch(watched) => {
                let (view, snapshot) = (&mut watched.view, &watched.snapshot);
                view.update(snapshot);
                views::run::draw(frame, body, view, snapshot, &look.theme);
            }
            Screen::Result(screen) => {
                let (loaded, view) = (&screen.loaded, &mut screen.view);
                view.update(&loaded.result, &loaded.snapshot);
                views::result::draw(
                    frame,
                    body,
                    view,
                    &loaded.result,
                    &loaded.snapshot,
                    &look.theme,
                );
            }
        }
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.draw(frame, body, look),
            Some(Overlay::Export(export)) => export.draw(frame, body, look),
            Some(Overlay::Lacking(lacking)) => lacking.draw(frame, body, look),
            Some(Overlay::Palette(palette)) => palette.draw(frame, body, look),
            Some(Overlay::Stop(stop)) => {
                if let Some(live) = &self.live {
                    stop.draw(frame, body, &live.snapshot, look);
                }
            }
            None => {}
        }
        if let Some(text) = &self.notice {
            let text = fit(text, usize::from(foot.width).saturating_sub(2), look.ascii);
            Line::styled(format!(" {text}"), look.theme.warn).render(foot, frame.buffer_mut());
            return;
        }
        let strip = self.strip(look);
        let width = Constraint::Length(strip.width() as u16);
        let [left, right] = Layout::horizontal([width, Constraint::Min(0)]).areas(foot);
        strip.render(left, frame.buffer_mut());
        footer(frame, right, &self.keys_now(), look);
    }

    /// Where a run that is not made here comes from, left of the keys.
    fn strip(&self, look: &Look) -> Line<'static> {
        let Screen::Watch(watched) = &self.screen else {
            return Line::default();
        };
        match &watched.feed {
            Feed::Follow => Line::styled(
                format!(" {} in another process ", look.either("▸", ">")),
                look.theme.good,
            ),
            Feed::Replay(player) => {
                let (at, end) = player.position();
                let mark = match (player.is_playing(), look.ascii) {
                    (true, false) => "▶",
                    (true, true) => ">",
                    (false, _) => "=",
                };
                let clock = |ns: u64| {
                    let s = ns / 1_000_000_000;
                    format!("{}:{:02}", s / 60, s % 60)
                };
                let speed = format!("{}{}", player.speed(), look.either("×", "x"));
                Line::styled(
                    format!(" {mark} {speed:<4} {} of {} ", clock(at), clock(end)),
                    look.theme.selected,
                )
            }
        }
    }

    fn machine_line(&self, columns: usize, look: &Look) -> Line<'static> {
        let dot = look.either(" · ", " - ");
        let name = format!(" workbench {}", env!("CARGO_PKG_VERSION"));
        let under_way = match &self.live {
            Some(_) => format!(" {} a run is under way ", look.either("▸", ">")),
            None => String::new(),
        };
        let room = columns.saturating_sub(width(&name) + width(&under_way) + 4);
        let facts = match &self.shared.machine {
            Some(machine) => machine_facts(machine)
                .iter()
                .map(|facts| facts.join(dot))
                .find(|facts| width(facts) <= room)
                .unwrap_or_default(),
            None => fit("looking at the machine", room, look.ascii),
        };
        let gap = room.saturating_sub(width(&facts));
        Line::from(vec![
            Span::styled(name, look.theme.accent),
            Span::raw("   "),
            Span::styled(facts, look.theme.dim),
            Span::raw(" ".repeat(gap)),
            Span::styled(under_way, look.theme.good),
        ])
    }

    /// The keys that work now, the most useful first.
    fn keys_now(&self) -> Vec<Binding> {
        let mut keys = match &self.overlay {
            Some(Overlay::Help(_)) => return told(help::KEYS),
            Some(Overlay::Stop(_)) => return told(quit::KEYS),
            Some(Overlay::Export(_)) => return told(export::KEYS),
            Some(Overlay::Lacking(_)) => return told(lacking::KEYS),
            Some(Overlay::Palette(_)) => return told(palette::KEYS),
            None => self.screen_keys(),
        };
        if !self.is_typing() {
            keys.extend(told(GLOBAL_KEYS));
        }
        keys
    }

    pub(super) fn is_typing(&self) -> bool {
        match (&self.screen, &self.setup) {
            (Screen::Runs, _) => self.runs.is_typing(),
            (Screen::SetUp, Some(setup)) => setup.is_typing(),
            _ => self.view().is_some_and(View::is_typing),
        }
    }

    pub(super) fn screen_keys(&self) -> Vec<Binding> {
        match &self.screen {
            Screen::Runs if self.is_typing() => told(runs::FILTER_KEYS),
            Screen::SetUp if self.is_typing() => told(setup::TYPING_KEYS),
            Screen::Home => home::KEYS
                .iter()
                .filter(|key| key.action != home::Action::Watch || self.is_running())
                .map(|key| key.binding)
                .collect(),
            Screen::Runs => told(runs::KEYS),
            Screen::Compare(_) => [told(compare::KEYS), CompareView::bindings()].concat(),
            Screen::SetUp => told(setup::KEYS),
            Screen::Run | Screen::Watch(_) | Screen::Result(_) if self.is_typing() => {
                filter::KEYS.to_vec()
            }
            Screen::Run => [told(RUN_KEYS), RunView::bindings()].concat(),
            Screen::Watch(watched) => [told(watched.keys()), RunView::bindings()].concat(),
            Screen::Result(_) => [told(RESULT_KEYS), ResultView::bindings()].concat(),
        }
    }

    /// The help of what is shown: its title, and its keys in groups.
    pub fn help(&self) -> (&'static str, Vec<(&'static str, Vec<Binding>)>) {
        let everywhere = ("Everywhere", told(GLOBAL_KEYS));
        let (title, mut groups) = match &self.screen {
            Screen::Home => ("Keys: home", vec![("Here", told(home::KEYS))]),
            Screen::SetUp => (
                "Keys: set up",
                vec![
                    ("Here", told(setup::KEYS)),
                    ("While a value is typed", told(setup::TYPING_KEYS)),
                ],
            ),
            Screen::Runs => (
                "Keys: runs",
                vec![
                    ("Here", told(runs::KEYS)),
                    ("What a filter can hold", runs::FILTER_WORDS.to_vec()),
                    ("While a filter is typed", told(runs::FILTER_KEYS)),
                ],
            ),
            Screen::Compare(_) => (
                "Keys: runs side by side",
                vec![
                    ("The comparison", told(compare::KEYS)),
                    ("Its panels", CompareView::bindings()),
                ],
            ),
            Screen::Run => (
                "Keys: run",
                vec![
                    ("The run", told(RUN_KEYS)),
                    ("Its panels", RunView::bindings()),
                    ("While a filter is typed", filter::KEYS.to_vec()),
                ],
            ),
            Screen::Watch(watched) => (
                "Keys: run",
                vec![
                    match watched.feed {
                        Feed::Follow => ("The run of another process", told(FOLLOW_KEYS)),
                        Feed::Replay(_) => ("The run that is played", told(REPLAY_KEYS)),
                    },
                    ("Its panels", RunView::bindings()),
                    ("While a filter is typed", filter::KEYS.to_vec()),
                ],
            ),
            Screen::Result(_) => (
                "Keys: result",
                vec![
                    ("The result", told(RESULT_KEYS)),
                    ("Its panels", ResultView::bindings()),
                    ("While a filter is typed", filter::KEYS.to_vec()),
                    ("While a report is named", told(export::KEYS)),
                ],
            ),
        };
        groups.push(everywhere);
        (title, groups)
    }
}

/// The last line: the keys that work now, as many as fit, and always the help.
fn footer(frame: &mut Frame, area: Rect, bindings: &[Binding], theme: &Theme) {
    let room = usize::from(area.width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    let mut used = 0;
    let help = bindings.iter().position(|b| b.keys.contains(&"?"));
    let reserved = help.map_or(0, |i| hint_width(&bindings[i], theme));
    for (i, binding) in bindings.iter().enumerate() {
        if binding.label.is_empty() || Some(i) == help {
            continue;
        }
        let wide = hint_width(binding, theme);
        if used + wide + reserved > room {
            break;
        }
        used += wide;
        hint(&mut spans, binding, theme);
    }
    if let Some(help) = help {
        hint(&mut spans, &bindings[help], theme);
    }
    Line::from(spans).render(area, frame.buffer_mut());
}

fn hint_width(binding: &Binding, theme: &Theme) -> usize {
    let key = binding
        .keys
        .first()
        .map_or("", |key| shown(key, theme.glyphs.ascii));
    width(key) + 1 + width(binding.label) + 2
}

fn hint(spans: &mut Vec<Span<'static>>, binding: &Binding, theme: &Theme) {
    let key = binding
        .keys
        .first()
        .map_or("", |key| shown(key, theme.glyphs.ascii));
    spans.push(Span::styled(key, theme.accent));
    spans.push(Span::styled(format!(" {}  ", binding.label), theme.dim));
}

/// What the machine line says, from the longest way to the shortest.
fn machine_facts(machine: &MachineFacts) -> [Vec<String>; 5] {
    let usable = machine.cores_usable;
    let limited = usable < f64::from(machine.cores_logical);
    let few = if limited {
        format!("{usable} of {} cores usable", machine.cores_logical)
    } else {
        format!("{} usable", format::counted_number(usable, "core"))
    };
    let cores = if limited {
        format!("{few} ({})", format::clean(&machine.cores_limit, 40))
    } else {
        few.clone()
    };
    let memory = format!("{} memory", format::bytes(machine.memory_bytes));
    let gpus = gpus(&machine.gpus);
    let count = match machine.gpus.len() {
        0 => gpus.clone(),
        n => format::counted(n as u64, "GPU"),
    };
    let model = format::clean(machine.cpu_model.trim(), 60);
    [
        vec![cores.clone(), memory.clone(), gpus.clone(), model],
        vec![cores, memory.clone(), gpus.clone()],
        vec![few.clone(), memory.clone(), gpus],
        vec![few.clone(), memory, count],
        vec![few],
    ]
}

/// GPUs with their memory; equal ones are counted.
fn gpus(gpus: &[GpuFacts]) -> String {
    let mut kinds: Vec<(&GpuFacts, u32)> = Vec::new();
    for gpu in gpus {
        let same = |(k, _): &&mut (&GpuFacts, u32)| {
            k.name == gpu.name && k.memory_bytes == gpu.memory_bytes
        };
        match kinds.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => kinds.push((gpu, 1)),
        }
    }
    let told: Vec<String> = kinds
        .iter()
        .map(|(gpu, count)| {
            let name = format::clean(&gpu.name, 40);
            let memory = format::bytes(gpu.memory_bytes);
            match count {
                1 => format!("{name}, {memory}"),
                n => format!("{n} × {name}, {memory} each"),
            }
        })
        .collect();
    if told.is_empty() {
        "no GPU".to_owned()
    } else {
        told.join(" + ")
    }
}

/// Replaces the typographic characters of sentences and names, for terminals without them.
fn plain(frame: &mut Frame) {
    for cell in &mut frame.buffer_mut().content {
        let ascii = match cell.symbol() {
            "×" => "x",
            "…" | "≈" => "~",
            "—" | "–" | "−" | "·" | "•" => "-",
            "‘" | "’" => "'",
            "“" | "”" => "\"",
            "µ" => "u",
            // "34 °C" becomes "34  C", and columns stay where they are.
            "°" => " ",
            "²" => "2",
            "→" | "≥" => ">",
            "≤" => "<",
            _ => continue,
        };
        cell.set_symbol(ascii);
    }
}
