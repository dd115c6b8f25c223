//! What the screens cost: taking in records and drawing, frame by frame, through the whole
//! interface, at 200x60, for a run of 100,000 tasks on 256 slots of a machine with 256 cores and 8
//! GPUs; and the memory that a process needs which watches such a run to its end.
//!
//! `cargo bench --bench screen` prints the figures and ends with 1 when a limit is broken.
//! Criterion is not used: it gives means of one repeated call, and what a person notices is the
//! slowest of many different frames.
//!
//! Limits hold for CPU time. A frame waits for nothing, so on a quiet machine it is the wall time
//! too; on a busy one the wall time also tells what other programs took. Both are printed.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use ratatui::crossterm::event::KeyCode;
use workbench_clock::thread_cpu_ns;
use workbench_machine::MachineFacts;
use workbench_record::{Event, Record, RunDir, Snapshot};
use workbench_result::compute;
use workbench_simulate::{Scenario, events};
use workbench_tui::offscreen::Offscreen;

/// The window.
const SIZE: (u16, u16) = (200, 60);
/// Time in the log between two frames: the most that the interface draws.
const FRAME_NS: u64 = 100_000_000;
/// The slowest of a hundred frames may take this long, in milliseconds.
const MOST_MS: f64 = 8.0;
/// Resident memory may reach this, in megabytes.
const MOST_MB: f64 = 200.0;
/// Tells a child process which run to watch.
const CHILD: &str = "WORKBENCH_BENCH_WATCH";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    // `cargo test --benches` runs this without the argument: then a short look that nothing is
    // broken is enough.
    let whole = env::args().any(|argument| argument == "--bench");
    let outcome = match env::var_os(CHILD) {
        Some(run) => watch(Path::new(&run)).map(|()| true),
        None => bench(whole),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            drop(writeln!(io::stderr(), "screen: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn bench(whole: bool) -> Outcome<bool> {
    let mut out = io::stdout().lock();
    let machine = MachineFacts::probe();
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    writeln!(
        out,
        "{}, {} usable cores, {} build, window {}x{}",
        machine.cpu_model, machine.cores_usable, profile, SIZE.0, SIZE.1
    )?;
    let id = "20261121-101502-simulated-3f9a";
    let mut records = events(Scenario::Large, 42, id, 1_795_256_102_000);
    if !whole {
        records.truncate(3000);
    }
    let dir = tempfile::tempdir()?;
    let run = write(&dir.path().join(id), &records)?;

    let mut figures = Figures::default();
    let mut screen = workbench::offscreen(SIZE, "dark", false)?;
    live(&mut screen, records, &mut figures);
    let before = Instant::now();
    let snapshot = run.snapshot()?;
    let read = before.elapsed();
    let before = Instant::now();
    let result = compute(&snapshot).ok_or("the run has not begun")?;
    let computed = before.elapsed();
    screen.end(run.clone(), snapshot, result);
    finished(&mut screen, &mut figures);

    let kept = figures.print(&mut out)?;
    writeln!(
        out,
        "on a thread of its own when the run ends: read the log {:.0} ms, compute the result {:.0} ms",
        read.as_secs_f64() * 1e3,
        computed.as_secs_f64() * 1e3
    )?;
    drop(screen);
    let peak = peak_of_a_fresh_process(run.path())?;
    match peak {
        Some(mb) => writeln!(
            out,
            "peak resident memory of a process that watches the run to its end: {mb:.0} MB (limit {MOST_MB:.0})"
        )?,
        None => writeln!(out, "peak resident memory: not known on this platform")?,
    }
    let held = kept && peak.is_none_or(|mb| mb < MOST_MB);
    if !held && whole {
        writeln!(out, "A limit is broken.")?;
    }
    Ok(held || !whole)
}

fn write(path: &Path, records: &[Record]) -> Outcome<RunDir> {
    fs::create_dir(path)?;
    let mut out = BufWriter::new(File::create(path.join("events.jsonl"))?);
    for record in records {
        serde_json::to_writer(&mut out, record)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(RunDir::at(path)?)
}

/// Records in batches, as they come in: a record that looks back was collected after the
/// one before it.
struct Frames<I: Iterator<Item = Record>> {
    records: std::iter::Peekable<I>,
    now_ns: u64,
}

impl<I: Iterator<Item = Record>> Iterator for Frames<I> {
    type Item = Vec<Record>;

    fn next(&mut self) -> Option<Vec<Record>> {
        self.records.peek()?;
        let mut batch = Vec::new();
        self.now_ns += FRAME_NS;
        while let Some(record) = self.records.next_if(|record| record.t_ns <= self.now_ns) {
            batch.push(record);
        }
        Some(batch)
    }
}

fn frames<I: Iterator<Item = Record>>(records: I) -> Frames<I> {
    Frames {
        records: records.peekable(),
        now_ns: 0,
    }
}

/// Watches the run from its beginning to its end; frames are sorted by the arm that is under way.
fn live(screen: &mut Offscreen, records: Vec<Record>, figures: &mut Figures) {
    screen.watch();
    let mut moment = "run: begins".to_owned();
    for batch in frames(records.into_iter()) {
        let mut ends = false;
        for record in &batch {
            match &record.event {
                Event::RepeatStarted(id) => {
                    moment = format!(
                        "run: {} on {}, repeat {}",
                        id.arm,
                        id.workers,
                        id.repeat + 1
                    );
                }
                Event::RepeatFinished(_) => ends = true,
                _ => {}
            }
        }
        let name = if ends { "run: a repeat ends" } else { &moment };
        figures.time(name, || {
            screen.fold(batch);
            screen.draw();
        });
    }
}

/// Walks through the result: every panel, both tables, every order of them, and long lists.
fn finished(screen: &mut Offscreen, figures: &mut Figures) {
    figures.time("result: opens", || screen.draw());
    let mut press = |name: &str, key: KeyCode, times: usize| {
        for _ in 0..times {
            figures.time(name, || {
                screen.press(key);
                screen.draw();
            });
        }
    };
    for _ in 0..3 {
        press("result: panels", KeyCode::Tab, 14);
        press("result: what if", KeyCode::Right, 20);
        press("result: next arm", KeyCode::Char('a'), 3);
        press("result: sorts items", KeyCode::Char('s'), 5);
        press("result: shows tasks", KeyCode::Char('t'), 1);
        press("result: sorts 40,000 tasks", KeyCode::Char('s'), 9);
        press("result: turns the order", KeyCode::Char('S'), 2);
        press("result: shows items", KeyCode::Char('t'), 1);
        (0..5).for_each(|_| press("result: panels", KeyCode::Tab, 1));
        press("result: scrolls", KeyCode::PageDown, 40);
        press("result: scrolls", KeyCode::Up, 40);
    }
}

/// Milliseconds of CPU time and of wall time per frame.
type Frame = (f64, f64);

/// What frames took, by what was going on, in the order in which it was first seen.
#[derive(Default)]
struct Figures {
    order: Vec<String>,
    frames: BTreeMap<String, Vec<Frame>>,
}

impl Figures {
    fn time(&mut self, name: &str, frame: impl FnOnce()) {
        let (cpu, wall) = (thread_cpu_ns(), Instant::now());
        frame();
        let cpu_ms = (thread_cpu_ns() - cpu) as f64 / 1e6;
        let wall_ms = wall.elapsed().as_secs_f64() * 1e3;
        if !self.frames.contains_key(name) {
            self.order.push(name.to_owned());
        }
        let frames = self.frames.entry(name.to_owned()).or_default();
        frames.push((cpu_ms, wall_ms));
    }

    /// Prints a line per moment, and one each for the two screens. Both screens have to keep the
    /// limit, and every arm for itself: the frames of the busy arms are few among all.
    fn print(&self, out: &mut impl Write) -> io::Result<bool> {
        writeln!(
            out,
            "{:<32} {:>7}   CPU ms: p50 {:>5} {:>7} {:>7}   wall ms: p50 {:>5} {:>7}",
            "", "frames", "p90", "p99", "max", "p99", "max"
        )?;
        let mut kept = true;
        for name in &self.order {
            let p99 = line(out, name, &self.frames[name])?;
            kept &= !name.starts_with("run: ") || p99 < MOST_MS;
        }
        for screen in ["run: ", "result: "] {
            let all: Vec<Frame> = self
                .frames
                .iter()
                .filter(|(name, _)| name.starts_with(screen))
                .flat_map(|(_, frames)| frames)
                .copied()
                .collect();
            kept &= line(out, &format!("{screen}all"), &all)? < MOST_MS;
        }
        Ok(kept)
    }
}

/// Prints the figures of some frames; the 99th percentile of their CPU time.
fn line(out: &mut impl Write, name: &str, frames: &[Frame]) -> io::Result<f64> {
    let cpu = |share| percentile(frames.iter().map(|frame| frame.0).collect(), share);
    let wall = |share| percentile(frames.iter().map(|frame| frame.1).collect(), share);
    writeln!(
        out,
        "{name:<32} {:>7} {:>13.2} {:>7.2} {:>7.2} {:>7.2} {:>14.2} {:>7.2} {:>7.2}",
        frames.len(),
        cpu(0.5),
        cpu(0.9),
        cpu(0.99),
        cpu(1.0),
        wall(0.5),
        wall(0.99),
        wall(1.0)
    )?;
    Ok(cpu(0.99))
}

/// The smallest value that so large a share of all does not exceed.
fn percentile(mut sorted: Vec<f64>, share: f64) -> f64 {
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(at.saturating_sub(1)).copied().unwrap_or(0.0)
}

fn peak_of_a_fresh_process(run: &Path) -> Outcome<Option<f64>> {
    let output = Command::new(env::current_exe()?).env(CHILD, run).output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the process that measures memory failed: {said}").into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// The child process: watches a run to its end, opens its result, and prints its peak of resident
/// memory in megabytes.
fn watch(path: &Path) -> Outcome<()> {
    let run = RunDir::at(path)?;
    let mut screen = workbench::offscreen(SIZE, "dark", false)?;
    screen.watch();
    let mut broken = None;
    let lines = BufReader::new(File::open(run.events())?).lines();
    let records = lines.map_while(|line| {
        let record = line
            .map_err(Into::into)
            .and_then(|line| serde_json::from_str::<Record>(&line).map_err(Box::<dyn Error>::from));
        record.map_err(|error| broken = Some(error)).ok()
    });
    for batch in frames(records) {
        screen.fold(batch);
        screen.draw();
    }
    if let Some(error) = broken {
        return Err(error);
    }
    // As when a run ends: it is read back while the screen still shows its own fold.
    let snapshot: Snapshot = run.snapshot()?;
    let result = compute(&snapshot).ok_or("the run has not begun")?;
    screen.end(run, snapshot, result);
    screen.draw();
    screen.press(KeyCode::Char('t'));
    screen.press(KeyCode::Char('s'));
    screen.draw();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    if let Some(kib) = peak {
        writeln!(io::stdout(), "{}", kib * 1024.0 / 1e6)?;
    }
    Ok(())
}
