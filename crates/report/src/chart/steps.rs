//! What a step of every slot consists of: one stacked bar per slot, all arms below each other on
//! a common scale.

use super::axis::{self, PixelScale};
use super::marks::{Chart, Lettering, WIDTH};
use super::palette::Role;
use super::stack::StackedParts;
use crate::{arms, breakdown, format, label};
use workbench_record::{LabFacts, Part, Quantity, SlotState, Unit};
use workbench_result::{ArmResult, RunResult};

const LEFT: f64 = 74.0;
const RIGHT: f64 = WIDTH - 196.0;
const TOP: f64 = 34.0;
const HEADING: f64 = 30.0;
const BETWEEN: f64 = 14.0;
/// Slots drawn per arm at most; the table has more of them.
const MOST_SLOTS: usize = 32;
/// Work in greys, so that waiting is what has a colour.
const TONES: [Role; 4] = [Role::Heat(2), Role::Heat(3), Role::Heat(4), Role::Heat(1)];

/// The slots of one arm that have done steps.
struct Group<'a> {
    arm: &'a ArmResult,
    slots: Vec<&'a SlotState>,
    hidden: usize,
}

impl Group<'_> {
    fn pitch(&self) -> f64 {
        match self.slots.len() {
            0..=8 => 20.0,
            9..=16 => 14.0,
            _ => 9.0,
        }
    }

    fn height(&self) -> f64 {
        HEADING + self.slots.len() as f64 * self.pitch() + BETWEEN
    }
}

/// Milliseconds of a slot's step in all.
fn whole_ms(slot: &SlotState) -> f64 {
    breakdown::whole_s(&slot.parts) * 1e3 / slot.steps.max(1) as f64
}

/// The chart; `None` when no slot of any arm tells what its steps consisted of.
pub(crate) fn chart(result: &RunResult) -> Option<Chart> {
    let groups: Vec<Group> = arms::one_each(result)
        .into_iter()
        .filter_map(group)
        .collect();
    let slots = groups.iter().flat_map(|group| group.slots.iter().copied());
    let most = slots.clone().map(whole_ms).fold(0.0, f64::max);
    if groups.is_empty() || most <= 0.0 {
        return None;
    }
    let parts: Vec<&Part> = slots.flat_map(|slot| &slot.parts).collect();
    let parts = StackedParts::new(&parts, &TONES);
    let end = TOP + groups.iter().map(Group::height).sum::<f64>() - BETWEEN;
    let mut chart = Chart::new(end + 34.0, "What a step consists of");
    let scale = PixelScale::linear((0.0, most), (LEFT, RIGHT));
    parts.legend(&mut chart, LEFT, 10.0, WIDTH);
    let mut top = TOP;
    for group in &groups {
        draw(&mut chart, result, &parts, (group, scale), top);
        top += group.height();
    }
    grid(&mut chart, scale, most, end);
    let told: Vec<String> = groups.iter().map(|group| tell(result, group)).collect();
    chart.description = told.join(" ");
    Some(chart)
}

fn group(arm: &ArmResult) -> Option<Group<'_>> {
    let all: Vec<&SlotState> = arm
        .breakdown
        .slots
        .iter()
        .filter(|slot| slot.steps > 0 && whole_ms(slot) > 0.0)
        .collect();
    let hidden = all.len().saturating_sub(MOST_SLOTS);
    let slots: Vec<&SlotState> = all.into_iter().take(MOST_SLOTS).collect();
    (!slots.is_empty()).then_some(Group { arm, slots, hidden })
}

/// The axis below all bars.
fn grid(chart: &mut Chart, scale: PixelScale, most: f64, end: f64) {
    let style = Lettering::new(Role::Muted).small().middle();
    for (value, label) in axis::labelled_ticks(most, 6, "ms") {
        let x = scale.at(value);
        chart.line((x, end + 4.0), (x, end + 8.0), 1.0, Role::Muted);
        chart.text(x, end + 20.0, style, label);
    }
    chart.line((LEFT, end + 4.0), (RIGHT, end + 4.0), 1.0, Role::Grid);
}

fn draw(
    chart: &mut Chart,
    result: &RunResult,
    parts: &StackedParts<'_>,
    (group, scale): (&Group<'_>, PixelScale),
    top: f64,
) {
    let bold = Lettering::new(Role::Ink).size(14.0).bold();
    let small = Lettering::new(Role::Muted).small();
    let facts = &result.lab_facts;
    let subject = bold.fit(&arms::arm_on_workers(result, group.arm), 340.0);
    chart.text(0.0, top + 10.0, bold, subject.as_str());
    let x = bold.width(&subject) + 12.0;
    chart.text(
        x,
        top + 10.5,
        small,
        small.fit(&about(facts, group), WIDTH - x),
    );
    let pitch = group.pitch();
    let every = if pitch < 12.0 { 2 } else { 1 };
    for (row, slot) in group.slots.iter().enumerate() {
        let y = top + HEADING + row as f64 * pitch - 4.0;
        let height = pitch - 4.0_f64.min(pitch / 3.0);
        let drawn: Vec<(&str, f64)> = slot
            .parts
            .iter()
            .map(|part| {
                let ms = part.ns as f64 / 1e6 / slot.steps as f64;
                (part.name.as_str(), scale.at(ms) - scale.at(0.0))
            })
            .collect();
        parts.bar(chart, (LEFT, y, height), &drawn);
        if row % every == 0 {
            let middle = y + height / 2.0;
            let word = format::clean(facts.slot_word(), 20);
            chart.text(0.0, middle, small, format!("{word} {}", slot.slot));
            let ms = format!("{} ms", format::number(whole_ms(slot)));
            let x = scale.at(whole_ms(slot)) + 10.0;
            let ink = Lettering::new(Role::Ink).small();
            chart.text(x, middle, ink, ms.as_str());
            if let Some((name, rate)) = breakdown::rate(facts, slot) {
                let text = format!("{} {}", label::rate(rate), format::clean(name, 20));
                let x = x + ink.width(&ms) + 12.0;
                chart.text(x, middle, small, small.fit(&text, WIDTH - x));
            }
        }
    }
}

/// Steps, and rates of the arm as a whole.
fn about(facts: &LabFacts, group: &Group<'_>) -> String {
    let mut told = Vec::new();
    let steps = group.slots.iter().map(|slot| slot.steps).max();
    told.extend(steps.map(|steps| format::counted(steps, "step")));
    let anew = group.slots.iter().map(|slot| slot.attempt).max();
    if let Some(anew) = anew.filter(|anew| *anew > 0) {
        told.push(format!("all {} attempts", u64::from(anew) + 1));
    }
    for (name, value) in &group.arm.quality {
        if let (Unit::PerSecond, Quantity::Number(_)) = (facts.unit(name), value) {
            let value = label::value(facts, name, value);
            let text = format!("{value} {}", label::label(facts, name));
            told.push(format!("{text} in all"));
        }
    }
    if group.hidden > 0 {
        told.push(format!(
            "{} more not drawn",
            format::count(group.hidden as u64)
        ));
    }
    told.join(" · ")
}

/// The slots' means in words.
fn tell(result: &RunResult, group: &Group<'_>) -> String {
    let n = group.slots.len() as f64;
    let names = breakdown::names(group.slots.iter().flat_map(|slot| &slot.parts));
    let told: Vec<String> = names
        .iter()
        .map(|name| {
            let parts = group.slots.iter().map(|slot| {
                let part = slot.parts.iter().find(|part| part.name == *name);
                part.and_then(|part| breakdown::per_step_s(slot, part))
                    .unwrap_or(0.0)
            });
            let mean = parts.sum::<f64>() / n;
            format!("{} {}", format::clean(name, 40), format::seconds(mean))
        })
        .collect();
    let whole = group.slots.iter().map(|slot| whole_ms(slot)).sum::<f64>() / n / 1e3;
    format!(
        "{}: {} per step, of which {}.",
        arms::arm_on_workers(result, group.arm),
        format::seconds(whole),
        format::join_words(&told, "and")
    )
}
