//! Drawing the interface: machine line, screen, dialog, last line.

use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use workbench_machine::{GpuFacts, MachineFacts};
use workbench_report::format;

use super::app::{App, Feed, Screen};
use super::keys::{Binding, shown};
use super::kit::text::{fit, width};
use super::kit::{lines, too_small};
use super::overlay::Overlay;
use super::theme::Theme;
use super::views;
use super::views::compare::ComparePanel;
use super::views::monitor::MonitorDrawn;
use super::views::panels::Panels;
use super::views::result::ResultDrawn;
use super::views::run::RunDrawn;

/// The smallest window, in columns and lines.
pub const SMALLEST: (u16, u16) = (60, 16);

/// What drawing tells: where the panels of a view are.
enum Drawn {
    /// A screen that knows this by itself.
    Nothing,
    Run(RunDrawn),
    Result(ResultDrawn),
    Compare(Panels<ComparePanel>),
    Monitor(MonitorDrawn),
}

impl App {
    /// Renders a frame: folds and places what there is to see, draws it, and keeps where it is.
    pub fn render(&mut self, frame: &mut Frame) {
        let area = frame.area();
        if area.width >= SMALLEST.0 && area.height >= SMALLEST.1 {
            self.arrange(area);
        }
        let drawn = self.draw(frame);
        self.take_drawn(drawn);
        // Which keys work depends on which panels are in sight.
        (self.bar, self.foot) = self.draw_foot(frame);
        self.finish(frame);
    }

    /// Folds and places what [`draw`](Self::draw) draws.
    fn arrange(&mut self, area: Rect) {
        let [_, body, _] = self.parts(area);
        let shared = &self.shared;
        match &mut self.screen {
            Screen::Home => self.home.arrange(body, shared),
            Screen::Runs => self.runs.arrange(body, &shared.theme),
            Screen::Questions(questions) => questions.screen.arrange(body, &shared.theme),
            Screen::Compare(screen) => screen.view.zone = shared.zone.clone(),
            Screen::Form => {
                if let Some(form) = &mut self.form {
                    form.arrange(body, shared);
                }
            }
            Screen::Run => {
                if let Some(live) = &mut self.live {
                    live.view.update(&live.snapshot);
                }
            }
            Screen::Watch(watched) => {
                watched.view.standing = watched.shown_standing();
                watched.view.update(&watched.snapshot);
            }
            Screen::Monitor(_) => self.monitored.view.update(),
            Screen::Result(screen) => {
                let loaded = &screen.loaded;
                screen.view.standing = Some(loaded.standing);
                screen.view.zone = shared.zone.clone();
                screen.view.update(&loaded.result, &loaded.snapshot);
            }
        }
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.arrange(body, &shared.theme),
            Some(Overlay::Palette(palette)) => palette.arrange(body),
            Some(Overlay::Setups(setups)) => setups.arrange(body),
            _ => {}
        }
    }

    /// Keeps where the panels of a view are.
    fn take_drawn(&mut self, drawn: Drawn) {
        match (drawn, &mut self.screen, &mut self.live) {
            (Drawn::Run(drawn), Screen::Run, Some(live)) => live.view.take(drawn),
            (Drawn::Run(drawn), Screen::Watch(watched), _) => watched.view.take(drawn),
            (Drawn::Result(drawn), Screen::Result(screen), _) => screen.view.take(drawn),
            (Drawn::Compare(drawn), Screen::Compare(screen), _) => screen.view.take(drawn),
            (Drawn::Monitor(drawn), Screen::Monitor(_), _) => self.monitored.view.take(drawn),
            _ => {}
        }
    }

    /// The machine line, where there is one, the screen, and the last line.
    fn parts(&self, area: Rect) -> [Rect; 3] {
        let own_head = matches!(
            self.screen,
            Screen::Run
                | Screen::Watch(_)
                | Screen::Result(_)
                | Screen::Compare(_)
                | Screen::Monitor(_)
        );
        Layout::vertical([
            Constraint::Length(u16::from(!own_head)),
            Constraint::Min(0),
            Constraint::Length(1),
        ])
        .areas(area)
    }

    /// Draws everything.
    fn draw(&self, frame: &mut Frame) -> Drawn {
        let area = frame.area();
        let theme = &self.shared.theme;
        if too_small(frame.buffer_mut(), area, SMALLEST, theme) {
            Drawn::Nothing
        } else {
            self.draw_screen(frame, area, theme)
        }
    }

    /// What concerns every cell, once all are drawn.
    fn finish(&self, frame: &mut Frame) {
        let theme = &self.shared.theme;
        if theme.glyphs.ascii {
            plain(frame.buffer_mut());
        }
        if theme.is_painted() {
            paint(frame, theme);
        }
    }

    fn draw_screen(&self, frame: &mut Frame, area: Rect, theme: &Theme) -> Drawn {
        let [head, body, _] = self.parts(area);
        if head.height > 0 {
            lines(
                frame,
                head,
                &[self.machine_line(usize::from(head.width), theme)],
            );
        }
        let drawn = self.draw_body(frame, body, theme);
        self.draw_overlay(frame, body, theme);
        drawn
    }

    /// Draws the last line; tells where its bar is and each of its keys.
    fn draw_foot(&self, frame: &mut Frame) -> (Option<Rect>, Vec<(Rect, &'static str)>) {
        let (area, theme) = (frame.area(), &self.shared.theme);
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            return (None, Vec::new());
        }
        let [_, _, foot] = self.parts(area);
        if let Some(text) = &self.notice {
            let text = fit(
                text,
                usize::from(foot.width).saturating_sub(2),
                theme.glyphs.ascii,
            );
            Line::styled(format!(" {text}"), theme.warn).render(foot, frame.buffer_mut());
            return (None, Vec::new());
        }
        let strip = self.strip(area.width, theme);
        let width = Constraint::Length(strip.width() as u16);
        let [left, right] = Layout::horizontal([width, Constraint::Min(0)]).areas(foot);
        // The bar is the last but one of its pieces.
        let bar = self.played().map(|_| bar_width(area.width));
        let bar = bar.map(|width| Rect {
            x: left.right().saturating_sub(width + 1),
            width,
            ..left
        });
        strip.render(left, frame.buffer_mut());
        (bar, footer(frame, right, &self.footer(), theme))
    }

    fn draw_body(&self, frame: &mut Frame, body: Rect, theme: &Theme) -> Drawn {
        match (&self.screen, &self.form, &self.live) {
            (Screen::Home, ..) => self.home.draw(frame, &self.shared),
            (Screen::Runs, ..) => self.runs.draw(frame, body, &self.shared),
            (Screen::Form, Some(form), _) => form.draw(frame, body, &self.shared),
            (Screen::Questions(questions), ..) => questions.screen.draw(frame, theme),
            (Screen::Form, None, _) | (Screen::Run, _, None) => {}
            (Screen::Compare(screen), ..) => {
                return Drawn::Compare(screen.draw(frame, body, theme));
            }
            (Screen::Run, _, Some(live)) => {
                let (view, snapshot) = (&live.view, &live.snapshot);
                return Drawn::Run(views::run::draw(frame, body, view, snapshot, theme));
            }
            (Screen::Watch(watched), ..) => {
                let (view, snapshot) = (&watched.view, &watched.snapshot);
                return Drawn::Run(views::run::draw(frame, body, view, snapshot, theme));
            }
            (Screen::Monitor(_), ..) => {
                let view = &self.monitored.view;
                return Drawn::Monitor(views::monitor::draw(frame.buffer_mut(), body, view, theme));
            }
            (Screen::Result(screen), ..) => {
                let shown = (&screen.loaded.result, &screen.loaded.snapshot);
                let drawn = views::result::draw(frame, body, &screen.view, shown, theme);
                return Drawn::Result(drawn);
            }
        }
        Drawn::Nothing
    }

    fn draw_overlay(&self, frame: &mut Frame, body: Rect, theme: &Theme) {
        match &self.overlay {
            Some(Overlay::Help(help)) => help.draw(frame, body, theme),
            Some(Overlay::Export(export)) => export.draw(frame, body, theme),
            Some(Overlay::HandIn(hand_in)) => hand_in.draw(frame, body, theme),
            Some(Overlay::Missing(missing)) => missing.draw(frame, body, theme),
            Some(Overlay::Begin(begin)) => begin.draw(frame, body, theme),
            Some(Overlay::Label(label)) => label.draw(frame, body, theme),
            Some(Overlay::Delete(delete)) => delete.draw(frame, body, theme),
            Some(Overlay::SeekTime(time)) => time.draw(frame, body, theme),
            Some(Overlay::SetupName(name)) => name.draw(frame, body, theme),
            Some(Overlay::Setups(setups)) => setups.draw(frame, body, theme),
            Some(Overlay::Palette(palette)) => palette.draw(frame, body, theme),
            Some(Overlay::Signal(signal)) => signal.draw(frame, body, theme),
            Some(Overlay::Stop(stop)) => {
                if let Some(live) = &self.live {
                    stop.draw(frame, body, &live.snapshot, theme);
                }
            }
            None => {}
        }
    }

    /// Where a run or a machine that is not here comes from, left of the keys.
    fn strip(&self, columns: u16, theme: &Theme) -> Line<'static> {
        let played = match (&self.screen, &self.monitored.player) {
            (Screen::Monitor(_), Some(player)) => (player.is_playing(), player.speed()),
            (Screen::Watch(watched), _) => match &watched.feed {
                Feed::Follow => {
                    let mark = theme.either("▸", ">");
                    return Line::styled(format!(" {mark} in another process "), theme.good);
                }
                Feed::Replay(player) => (player.is_playing(), player.speed()),
            },
            _ => return Line::default(),
        };
        let (at, end) = self.played().unwrap_or_default();
        position(played, (at, end), bar_width(columns), theme)
    }

    fn machine_line(&self, columns: usize, theme: &Theme) -> Line<'static> {
        let dot = theme.either(" · ", " - ");
        let name = format!(" workbench {}", env!("CARGO_PKG_VERSION"));
        let under_way = match &self.live {
            Some(_) => format!(" {} a run is under way ", theme.either("▸", ">")),
            None => String::new(),
        };
        let room = columns.saturating_sub(width(&name) + width(&under_way) + 4);
        let facts = match &self.shared.machine {
            Some(machine) => machine_facts(machine)
                .iter()
                .map(|facts| facts.join(dot))
                .find(|facts| width(facts) <= room)
                .unwrap_or_default(),
            None => fit("probing the machine", room, theme.glyphs.ascii),
        };
        let gap = room.saturating_sub(width(&facts));
        Line::from(vec![
            Span::styled(name, theme.accent),
            Span::raw("   "),
            Span::styled(facts, theme.dim),
            Span::raw(" ".repeat(gap)),
            Span::styled(under_way, theme.good),
        ])
    }
}

/// Columns of the bar that shows where something is that is played.
fn bar_width(columns: u16) -> u16 {
    (columns / 8).clamp(8, 24)
}

/// How something is played, and where it is, with a bar to click on.
fn position(
    (playing, speed): (bool, u32),
    (at, end): (Duration, Duration),
    bar: u16,
    theme: &Theme,
) -> Line<'static> {
    let mark = match (playing, theme.glyphs.ascii) {
        (true, false) => "▶",
        (true, true) => ">",
        (false, _) => "=",
    };
    let speed = format!("{speed}{}", theme.either("×", "x"));
    let told = |time: Duration| format::stretch(time.as_secs() as f64);
    let text = format!(" {mark} {speed:<4} {} of {} ", told(at), told(end));
    let share = at.as_secs_f64() / end.as_secs_f64().max(1e-9);
    let done = (share.clamp(0.0, 1.0) * f64::from(bar)).round() as usize;
    let (full, rest) = (theme.either("━", "="), theme.either("─", "-"));
    Line::from(vec![
        Span::styled(text, theme.selected),
        Span::raw(" "),
        Span::styled(full.repeat(done), theme.accent),
        Span::styled(
            rest.repeat(usize::from(bar).saturating_sub(done)),
            theme.dim,
        ),
        Span::raw(" "),
    ])
}

/// The last line: the keys that work now, as many as fit, and always the help; where each is.
fn footer(
    frame: &mut Frame,
    area: Rect,
    bindings: &[Binding],
    theme: &Theme,
) -> Vec<(Rect, &'static str)> {
    let room = usize::from(area.width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    let (mut used, mut places) = (0, Vec::new());
    let mut place = |used: usize, wide: usize, binding: &Binding| {
        let x = area.x.saturating_add(1 + used as u16);
        let width = wide.saturating_sub(2) as u16;
        places.extend(
            binding
                .keys
                .first()
                .map(|key| (Rect { x, width, ..area }, *key)),
        );
    };
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
        place(used, wide, binding);
        used += wide;
        hint(&mut spans, binding, theme);
    }
    if let Some(help) = help {
        place(used, reserved, &bindings[help]);
        hint(&mut spans, &bindings[help], theme);
    }
    Line::from(spans).render(area, frame.buffer_mut());
    places
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
pub fn plain(buf: &mut Buffer) {
    for cell in &mut buf.content {
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

/// Puts the theme's own colours where nothing chose any, so that it can be read on every terminal.
fn paint(frame: &mut Frame, theme: &Theme) {
    let (ground, text) = (theme.ground(), theme.text);
    for cell in &mut frame.buffer_mut().content {
        if cell.bg == Color::Reset {
            cell.bg = ground.bg.unwrap_or(Color::Reset);
        }
        if cell.fg == Color::Reset {
            cell.fg = text.fg.unwrap_or(Color::Reset);
        }
    }
}
