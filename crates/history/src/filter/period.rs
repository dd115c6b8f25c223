//! Times as they are typed: a day, a month, a minute, `yesterday`, `7d`. Days and times are
//! those of the person's zone.

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, Zoned};

use super::field::{Field, PERIODS, clean};

/// The period that a text names: its first second, and the first second after it, since the Unix
/// epoch.
pub(super) fn read(field: Field, text: &str, now: &Zoned) -> Result<(i64, i64), String> {
    let text = text.to_lowercase();
    let shown = || format!("`{}:{}`", field.name(), clean(&text));
    if let Some(seconds) = ago(&text) {
        let then = now.timestamp().as_second().saturating_sub(seconds);
        return Ok((then, then));
    }
    let (today, zone) = (now.date(), now.time_zone());
    let day = match text.as_str() {
        "today" => Some(today),
        "yesterday" => today.yesterday().ok(),
        _ => None,
    };
    if let Some(day) = day {
        return stretch(
            day.to_datetime(jiff::civil::Time::midnight()),
            1.day(),
            zone,
        )
        .ok_or_else(|| format!("{} is out of range", shown()));
    }
    let numbers = shape(&text).ok_or_else(|| format!("{} is no date; give {PERIODS}", shown()))?;
    calendar(&numbers, zone)
        .ok_or_else(|| format!("{}: the calendar has no such time; give {PERIODS}", shown()))
}

/// Seconds of `30m`, `12h`, `7d`, `2w`.
fn ago(text: &str) -> Option<i64> {
    let unit = match text.chars().next_back()? {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return None,
    };
    let count = &text[..text.len() - 1];
    let digits = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
    let count: i64 = count.parse().ok().filter(|_| digits)?;
    count.checked_mul(unit)
}

/// The numbers of `2026`, `2026-11`, `2026-11-20` and `2026-11-20t10:15`, if a text has one of
/// these forms.
fn shape(text: &str) -> Option<Vec<i16>> {
    let (day, time) = match text.split_once('t') {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let mut parts: Vec<&str> = day.split('-').collect();
    if parts.len() > 3 || (time.is_some() && parts.len() < 3) {
        return None;
    }
    if let Some(time) = time {
        let (hour, minute) = time.split_once(':')?;
        parts.extend([hour, minute]);
    }
    let widths = [4, 2, 2, 2, 2];
    parts
        .iter()
        .zip(widths)
        .map(|(part, width)| {
            let digits = part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| digits)
        })
        .collect()
}

fn calendar(numbers: &[i16], zone: &TimeZone) -> Option<(i64, i64)> {
    let small = |at: usize| {
        numbers
            .get(at)
            .map_or(Some(1), |number| i8::try_from(*number).ok())
    };
    let day = Date::new(*numbers.first()?, small(1)?, small(2)?).ok()?;
    let (hour, minute) = if numbers.len() == 5 {
        (small(3)?, small(4)?)
    } else {
        (0, 0)
    };
    let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
    let length = match numbers.len() {
        1 => 1.year(),
        2 => 1.month(),
        3 => 1.day(),
        _ => 1.minute(),
    };
    stretch(day.to_datetime(time), length, zone)
}

fn stretch(from: DateTime, length: Span, zone: &TimeZone) -> Option<(i64, i64)> {
    let seconds = |time: DateTime| Some(time.to_zoned(zone.clone()).ok()?.timestamp().as_second());
    // The calendar ends with the year 9999.
    let end = from
        .checked_add(length)
        .unwrap_or_else(|_| date(9999, 12, 30).at(0, 0, 0, 0));
    Some((seconds(from)?, seconds(end)?))
}
