//! The ranks, a line each: the step it did last, what it is doing, its figures, and what its steps have consisted of lately.
//!
//! All bars have one scale, so that a rank that takes longer is longer. A rank that stands still while others go on or wait for it,
//! and one that works far longer on its steps than the others, is marked; where not all ranks fit, the marked ones come first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use workbench_clock::seconds;
use workbench_experiment::lab::{Figure, Health, Part, SlotState};
use workbench_record::{RepeatState, SlotTrack};
use workbench_report::format;

use super::look::Look;
use crate::theme::Theme;
use crate::views::stack::{Names, per_step, total_ns};
use crate::views::text::{arm_on_workers, safe};
use crate::views::widgets::{Row, Scroll, inset, panel, position, width};

/// A rank stands still when it has done no step for so long, and for so many steps.
const STILL_NS: u64 = 1_000_000_000;
const STILL_STEPS: f64 = 4.0;
/// A rank is slow when its work on a step takes so many times the median of the others.
const SLOW: f64 = 1.5;
/// Steps that such a judgement needs.
const JUDGED: u64 = 3;
/// A rank of which nothing was heard for so long when others were is no longer there, also where nobody says so.
const GONE_NS: u64 = 1_000_000_000;
/// Cells of a line side by side with another.
const ABREAST: u16 = 64;

/// What is out of the ordinary about a rank.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    /// No step for so many nanoseconds.
    Still(u64),
    /// So many times the work time of the others.
    Slow(f64),
    /// It stands still for what it says in place of what it does; no step for so many nanoseconds.
    Stopped(u64),
    /// The others wait for it, outside of steps.
    Late,
    /// It takes part no longer.
    Gone,
}

/// A rank as it is drawn.
#[derive(Debug, Clone)]
struct Rank {
    slot: u32,
    /// `None` while it has done none.
    at_step: Option<u64>,
    doing: String,
    health: Health,
    figures: Vec<Figure>,
    /// Time per step, in nanoseconds.
    parts: Vec<Part>,
    /// Steps that the parts are a mean of.
    steps: u64,
    /// Whether its first steps are not among them.
    warm: bool,
    still_ns: u64,
    heard_ns: u64,
    /// Whether it waits for others.
    waits: bool,
    mark: Option<Mark>,
}

impl Rank {
    fn new(track: &SlotTrack, over: bool) -> Option<Self> {
        let whole = track.now()?;
        let attempt = track.attempt()?;
        let lately = track.lately().filter(|lately| lately.steps > 0);
        let shown = match lately {
            _ if over => whole.clone(),
            _ if whole.health == Health::Lost => SlotState::default(),
            Some(lately) => lately,
            None => attempt.clone(),
        };
        let begun = over || attempt.steps > 0 || whole.health == Health::Lost;
        Some(Self {
            slot: whole.slot,
            at_step: begun.then_some(whole.at_step),
            doing: whole.doing.clone(),
            health: whole.health,
            figures: whole.figures.clone(),
            parts: per_step(&shown.parts, shown.steps),
            steps: shown.steps,
            // Over a whole repeat, ranks that were started anew did different steps.
            warm: if over {
                whole.attempt == 0
            } else {
                track.is_warm()
            },
            still_ns: if is_still(track, &attempt) {
                track.still_ns()
            } else {
                0
            },
            heard_ns: track.heard_ns(),
            waits: waits(whole),
            mark: None,
        })
    }

    /// Whether it takes part.
    fn is_there(&self) -> bool {
        !matches!(self.health, Health::Lost | Health::Ended) && self.mark != Some(Mark::Gone)
    }

    fn is_judged(&self) -> bool {
        self.warm && self.steps >= JUDGED
    }

    /// What it says that it does; nothing better is known of one that is not there.
    fn word(&self) -> String {
        match self.mark {
            Some(Mark::Gone) if self.health != Health::Lost => "gone".to_owned(),
            _ => safe(&self.doing),
        }
    }

    /// What is out of the ordinary, beside what it does.
    fn remark(&self) -> String {
        match self.mark {
            Some(Mark::Still(ns) | Mark::Stopped(ns)) if ns >= STILL_NS => {
                format!("no step for {:.0} s", seconds(ns).floor())
            }
            Some(Mark::Slow(times)) => format!("{times:.1}× the work"),
            Some(Mark::Late) => "the others wait".to_owned(),
            Some(_) => self.word(),
            None => String::new(),
        }
    }

    /// The same where nothing stands beside it.
    fn trouble(&self) -> String {
        match self.mark {
            Some(Mark::Stopped(ns)) if ns >= STILL_NS => {
                format!("{}, {}", self.word(), self.remark())
            }
            Some(Mark::Late) => format!("slow in {}", self.word()),
            _ => self.remark(),
        }
    }

    fn work_ns(&self) -> f64 {
        let work = self.parts.iter().filter(|part| !part.waits);
        work.map(|part| part.ns as f64).sum()
    }

    fn is_in_step(&self) -> bool {
        self.parts.iter().any(|part| part.name == self.doing)
    }
}

fn is_still(track: &SlotTrack, attempt: &SlotState) -> bool {
    let step_ns = total_ns(&attempt.parts) / attempt.steps.max(1) as f64;
    let still_ns = track.still_ns();
    attempt.steps > 0 && still_ns >= STILL_NS && still_ns as f64 >= STILL_STEPS * step_ns
}

/// Whether it says that it waits, or what it does is a part of its steps in which it does.
fn waits(state: &SlotState) -> bool {
    let in_wait = |part: &Part| part.waits && part.name.starts_with(&state.doing);
    let named = !state.doing.is_empty() && state.parts.iter().any(in_wait);
    state.health == Health::Waiting || named
}

/// The ranks as they were drawn last: a held picture goes on showing them.
#[derive(Debug, Default)]
pub struct Ranks {
    /// What a slot is called.
    word: String,
    arm: String,
    over: bool,
    all: Vec<Rank>,
}

impl Ranks {
    /// Looks at the ranks of the repeat that is shown.
    pub fn update(&mut self, look: &Look<'_>) {
        *self = Self::default();
        let Some(shown) = look.shown() else {
            return;
        };
        self.word = look
            .started()
            .map_or_else(String::new, |started| safe(started.lab_facts.slot_word()));
        self.arm = arm_on_workers(&shown.state.id.arm, shown.state.id.workers);
        self.over = shown.finished.is_some();
        self.all = ranks(shown.state, self.over);
    }
}

fn ranks(repeat: &RepeatState, over: bool) -> Vec<Rank> {
    let mut ranks: Vec<Rank> = repeat
        .slots
        .values()
        .filter_map(|track| Rank::new(track, over))
        .collect();
    let heard_ns = ranks.iter().map(|rank| rank.heard_ns).max().unwrap_or(0);
    let marks: Vec<Option<Mark>> = ranks
        .iter()
        .map(|rank| mark(rank, &ranks, (heard_ns, over)))
        .collect();
    for (rank, mark) in ranks.iter_mut().zip(marks) {
        rank.mark = mark;
    }
    ranks
}

fn mark(rank: &Rank, all: &[Rank], (heard_ns, over): (u64, bool)) -> Option<Mark> {
    match rank.health {
        Health::Lost => return Some(Mark::Gone),
        _ if rank.heard_ns + GONE_NS < heard_ns => return Some(Mark::Gone),
        Health::Stalled if !over => return Some(Mark::Stopped(rank.still_ns)),
        Health::Slow if !over => return Some(Mark::Late),
        Health::Ended if !over => return None,
        _ => {}
    }
    let others = || all.iter().filter(|other| other.slot != rank.slot);
    let held_up = || others().any(|other| other.waits || other.still_ns == 0);
    if !over && rank.still_ns > 0 && !rank.waits && rank.is_in_step() && held_up() {
        return Some(Mark::Still(rank.still_ns));
    }
    let mut work: Vec<f64> = others()
        .filter(|other| other.is_judged())
        .map(Rank::work_ns)
        .collect();
    work.sort_by(f64::total_cmp);
    let median = *work.get(work.len().checked_sub(1)? / 2)?;
    let times = rank.work_ns() / median;
    (rank.is_judged() && times.is_finite() && times >= SLOW).then_some(Mark::Slow(times))
}

/// Least, natural and largest height for so many ranks, border and legend included.
pub fn heights(ranks: u16) -> (u16, u16, u16) {
    let all = ranks.max(1).saturating_add(4);
    // A tight panel has its legend on the border.
    (all.min(12) - 1, all.min(24), all.min(68))
}

/// Draws the panel.
pub fn draw(
    buf: &mut Buffer,
    area: Rect,
    focused: bool,
    scroll: &mut Scroll,
    shown: &Ranks,
    theme: &Theme,
) {
    let n = shown.all.len();
    let room = usize::from(area.height.saturating_sub(3));
    // The legend has a line of its own where that costs no rank.
    let own = room > n || room > 12;
    let page = room.saturating_sub(usize::from(own)).max(1);
    let wanted = u16::try_from(n.div_ceil(page)).unwrap_or(u16::MAX);
    let abreast = wanted.min(area.width / ABREAST).max(1);
    let window = scroll.window(n, page * usize::from(abreast));
    let inner = inset(panel(
        buf,
        area,
        (&title(shown, theme), &note(shown, &window)),
        focused,
        theme,
    ));
    if n == 0 {
        Row::new(buf, inner, 0).text(
            &format!("no {} has said yet how it stands", shown.word),
            theme.dim,
            theme,
        );
        return;
    }
    let names = Names::of(shown.all.iter().flat_map(|rank| &rank.parts));
    if own {
        names.legend_below(buf, inner, theme);
    } else {
        let bottom = Rect {
            x: area.x + 2,
            y: area.bottom().saturating_sub(1),
            width: area.width.saturating_sub(4),
            height: 1,
        };
        names.legend(Row::new(buf, bottom, 0).text(" ", theme.dim, theme), theme);
    }
    let mut order: Vec<&Rank> = shown.all.iter().collect();
    if window.len() < n {
        order.sort_by_key(|rank| rank.mark.is_none());
    }
    let wide = inner.width / abreast;
    let each = window.len().div_ceil(usize::from(abreast)).max(1);
    for (i, ranks) in (0..).zip(order[window].chunks(each)) {
        let place = Rect {
            x: inner.x + i * wide,
            width: wide.saturating_sub(u16::from(abreast > 1) * 2),
            ..inner
        };
        let columns = Columns::new(place.width, shown);
        columns.header(buf, place, shown, theme);
        for (line, rank) in (1..).zip(ranks) {
            columns.rank(buf, (place, line), (rank, &names), theme);
        }
    }
}

fn title(shown: &Ranks, theme: &Theme) -> String {
    let marked: Vec<&Rank> = shown.all.iter().filter(|r| r.mark.is_some()).collect();
    let dot = theme.glyphs.dot;
    let mut letters = shown.word.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let all: String = first.chain(letters).chain(['s']).collect();
    match marked[..] {
        [] if shown.over => format!("{all} of {} {dot} whole repeat", shown.arm),
        [] => format!("{all} {dot} their steps of the last seconds"),
        [one] => format!(
            "{all} {dot} {}{} {}: {}",
            left(shown, theme),
            shown.word,
            one.slot,
            one.trouble()
        ),
        _ => format!(
            "{all} {dot} {}{} stand out",
            left(shown, theme),
            marked.len()
        ),
    }
}

/// How many ranks there still are, where some are not.
fn left(shown: &Ranks, theme: &Theme) -> String {
    let (all, there) = (
        shown.all.len(),
        shown.all.iter().filter(|r| r.is_there()).count(),
    );
    if shown.over || there == 0 || there == all {
        return String::new();
    }
    format!("{there} of {all} workers {} ", theme.glyphs.dot)
}

fn note(shown: &Ranks, window: &std::ops::Range<usize>) -> String {
    position(window, shown.all.len())
}

/// Widths of the columns; a column of no width is left out.
struct Columns {
    step: u16,
    doing: u16,
    figures: Vec<(String, u16)>,
    bar: u16,
    remark: u16,
    /// Nanoseconds per step that fill the bar.
    whole_ns: f64,
}

const RANK: u16 = 4;
const TIME: u16 = 9;
const REMARK: u16 = 18;
/// From so many cells on, marked ranks have a remark beside their bars.
const ROOMY: u16 = 90;
/// Cells that a bar needs to say something.
const LEAST_BAR: u16 = 14;

impl Columns {
    fn new(inner: u16, shown: &Ranks) -> Self {
        let ranks = &shown.all;
        let longest = |f: fn(&Rank) -> u16| ranks.iter().map(f).max().unwrap_or(0);
        let step = longest(|r| width(&step_text(r))).max(4) + 2;
        let most = if inner >= ROOMY { 24 } else { 16 };
        let doing = if shown.over {
            0
        } else {
            longest(|r| width(&r.word())).clamp(10, most) + 2
        };
        let marked = ranks.iter().any(|rank| rank.mark.is_some());
        // The title says it too, where one rank is marked.
        let remark = if marked && inner >= ROOMY { REMARK } else { 0 };
        let mut figures: Vec<(String, u16)> = Vec::new();
        for figure in ranks.iter().flat_map(|rank| &rank.figures) {
            if !figures.iter().any(|(name, _)| *name == figure.name) {
                figures.push((figure.name.clone(), width(&safe(&figure.name)).max(7) + 2));
            }
        }
        let rest = |figures: &[(String, u16)]| {
            let taken: u16 = figures.iter().map(|(_, columns)| columns).sum();
            inner.saturating_sub(2 + RANK + step + doing + taken + TIME + 2 + remark)
        };
        while rest(&figures) < LEAST_BAR && !figures.is_empty() {
            figures.pop();
        }
        Self {
            step,
            doing,
            bar: rest(&figures),
            figures,
            remark,
            whole_ns: ranks.iter().map(|r| total_ns(&r.parts)).fold(0.0, f64::max),
        }
    }

    fn header(&self, buf: &mut Buffer, place: Rect, shown: &Ranks, theme: &Theme) {
        let dim = theme.dim;
        let mut row = Row::new(buf, place, 0);
        row.skip(2)
            .right(&shown.word, RANK, dim, theme)
            .right("step", self.step, dim, theme);
        if self.doing > 0 {
            row.skip(2).left("doing", self.doing - 2, dim, theme);
        }
        for (name, columns) in &self.figures {
            row.right(&safe(name), *columns, dim, theme);
        }
        row.right("per step", TIME, dim, theme).skip(2);
        let what = if shown.over {
            "what a step consisted of"
        } else {
            "what a step consists of"
        };
        row.whole(what, dim);
    }

    fn rank(
        &self,
        buf: &mut Buffer,
        (place, line): (Rect, u16),
        (rank, names): (&Rank, &Names),
        theme: &Theme,
    ) {
        let gone = rank.mark == Some(Mark::Gone);
        let there = rank.is_there() || self.doing == 0;
        let (text, dim) = (if there { theme.text } else { theme.dim }, theme.dim);
        let mut row = Row::new(buf, place, line);
        let mark = if rank.mark.is_some() && !gone {
            theme.glyphs.warning
        } else {
            " "
        };
        row.left(mark, 2, theme.warn, theme)
            .right(&rank.slot.to_string(), RANK, text, theme)
            .right(&step_text(rank), self.step, text, theme);
        if self.doing > 0 {
            let style = if rank.waits { dim } else { text };
            row.skip(2).left(&rank.word(), self.doing - 2, style, theme);
        }
        for (name, columns) in &self.figures {
            let figure = rank.figures.iter().find(|figure| figure.name == *name);
            let value = figure.map_or_else(
                || format::MISSING.to_owned(),
                |figure| format::number(figure.value),
            );
            row.right(&value, *columns, text, theme);
        }
        if rank.steps == 0 && !gone {
            row.right("none yet", TIME, dim, theme);
            return;
        }
        let per_step = match rank.steps {
            0 => format::MISSING.to_owned(),
            _ => format::seconds(total_ns(&rank.parts) / 1e9),
        };
        row.right(&per_step, TIME, text, theme).skip(2);
        let after = row.rest().saturating_sub(self.bar);
        names.bar(&mut row, &rank.parts, (self.whole_ns, self.bar), theme);
        if rank.mark.is_some() && self.remark > 0 {
            let style = if gone { dim } else { theme.warn };
            row.last(after).skip(2).text(&rank.remark(), style, theme);
        }
    }
}

/// The step that it did last.
fn step_text(rank: &Rank) -> String {
    let step = rank.at_step.map(format::count);
    step.unwrap_or_else(|| format::MISSING.to_owned())
}
