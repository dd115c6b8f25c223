//! Everything outside of the interface's state: threads that run labs, read runs and write reports, and the channel on
//! which their news come in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc as channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ratatui::crossterm::event as input;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use workbench_clock::thread_cpu_ns;
use workbench_experiment::lab::{LabError, RunConfig};
use workbench_experiment::{Control, Ended, ExperimentError};
use workbench_history::list::RunList;
use workbench_machine::{MachineFacts, usable_cores};
use workbench_record::{Record, RecordError, RunDir, Snapshot, Store, Subscriber, Tail};

use super::event::{Effect, Event, Lack, Loaded};
use super::host::Host;
use super::reader;
use super::screens::Labs;

/// How often a log that another process writes is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Does what the interface wants done outside.
pub struct Session {
    store: Store,
    labs: Labs,
    host: Arc<dyn Host>,
    listed: Arc<Mutex<RunList>>,
    events: UnboundedSender<Event>,
    records: UnboundedSender<Record>,
    control: Control,
    /// Dropping it ends the thread that follows a run.
    following: Option<channel::Sender<()>>,
}

/// Where the news come in.
pub struct News {
    /// Everything but records.
    pub events: UnboundedReceiver<Event>,
    /// The records of the run under way, to be taken in at the pace of drawing.
    pub records: UnboundedReceiver<Record>,
}

impl Session {
    /// A session over a store and its labs.
    pub fn new(store: Store, labs: Labs, host: Arc<dyn Host>) -> (Self, News) {
        let (events, events_in) = mpsc::unbounded_channel();
        let (records, records_in) = mpsc::unbounded_channel();
        let session = Self {
            store,
            labs,
            host,
            listed: Arc::default(),
            events,
            records,
            control: Control::default(),
            following: None,
        };
        let news = News {
            events: events_in,
            records: records_in,
        };
        (session, news)
    }

    /// The program around the interface.
    pub fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    /// Starts listening to keys and mouse, looking at the machine and reading the history.
    pub fn begin(&self) {
        let events = self.events.clone();
        self.thread("workbench-input", move || {
            loop {
                let event = match input::read() {
                    Ok(input::Event::Key(key)) => Event::Key(key),
                    Ok(input::Event::Mouse(mouse)) if uninteresting(mouse.kind) => continue,
                    Ok(input::Event::Mouse(mouse)) => Event::Mouse(mouse),
                    Ok(input::Event::Paste(text)) => Event::Paste(text),
                    Ok(input::Event::Resize(..)) => Event::Redraw,
                    Ok(_) => continue,
                    // The terminal is gone.
                    Err(_) => Event::Gone,
                };
                let over = matches!(event, Event::Gone);
                if events.send(event).is_err() || over {
                    return;
                }
            }
        });
        let events = self.events.clone();
        self.thread("workbench-probe", move || {
            let machine = Box::new(MachineFacts::probe());
            let _ = events.send(Event::Machine(machine, usable_cores()));
        });
        self.read_history();
    }

    /// Does one thing. What concerns the terminal and the program's end is left to the caller.
    pub fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Start(lab, config) => self.start(lab, *config),
            Effect::Cancel => drop(self.control.stop()),
            Effect::CancelArm(arm) => self.control.stop_arm(&arm),
            Effect::Resume(run) => self.resume(run),
            Effect::Follow(run) => self.follow(run),
            Effect::Unfollow => self.following = None,
            Effect::Replay(run) => {
                let events = self.events.clone();
                self.thread("workbench-open", move || {
                    let read = reader::records(&run).map(|records| (run, records));
                    let _ = events.send(Event::Replay(read));
                });
            }
            Effect::ReadHistory => self.read_history(),
            Effect::Glance => self.glance(),
            Effect::Open(run) => {
                let events = self.events.clone();
                self.thread("workbench-open", move || {
                    let loaded = reader::open(&run).map(Arc::new);
                    let _ = events.send(Event::Opened(loaded));
                });
            }
            Effect::Compare(runs) => {
                let events = self.events.clone();
                self.thread("workbench-compare", move || {
                    let compared = reader::side_by_side(runs).map(Arc::new);
                    let _ = events.send(Event::Compared(compared));
                });
            }
            Effect::Export {
                loaded,
                path,
                replace,
            } => {
                let events = self.events.clone();
                self.thread("workbench-export", move || {
                    let exported = reader::export(&path, replace, &loaded);
                    let _ = events.send(Event::Exported(exported));
                });
            }
            Effect::Bring(_)
            | Effect::Copy(_)
            | Effect::Repaint
            | Effect::Suspend
            | Effect::Quit(_) => {}
        }
    }

    fn read_history(&self) {
        let (events, store) = (self.events.clone(), self.store.clone());
        let listed = Arc::clone(&self.listed);
        self.thread("workbench-history", move || {
            let mut listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
            *listed = RunList::default();
            let read = listed.refresh(&store).map(|_| listed.rows());
            let _ = events.send(Event::History(read));
        });
    }

    /// Whoever reads already will find what has changed.
    fn glance(&self) {
        let (events, store) = (self.events.clone(), self.store.clone());
        let (listed, control) = (Arc::clone(&self.listed), self.control.clone());
        self.thread("workbench-history", move || {
            let Ok(mut listed) = listed.try_lock() else {
                return;
            };
            let news = match listed.refresh(&store) {
                Ok(false) => None,
                Ok(true) => Some(Ok(listed.rows())),
                Err(error) => Some(Err(error)),
            };
            if let Some(news) = news {
                let _ = events.send(Event::History(news));
            }
            control.add_screen_cpu_ns(thread_cpu_ns());
        });
    }

    fn start(&mut self, lab: usize, config: RunConfig) {
        let (labs, store) = (Arc::clone(&self.labs), self.store.clone());
        let build = self.host.build();
        let again = Effect::Start(lab, Box::new(config.clone()));
        self.engine(again, move |records, control| {
            let lab = labs
                .get(lab)
                .ok_or_else(|| refused("there is no such lab"))?;
            workbench_experiment::run(
                lab.as_ref(),
                config,
                &build,
                &store,
                forward(records),
                control,
            )
        });
    }

    fn resume(&mut self, run: RunDir) {
        let labs = Arc::clone(&self.labs);
        self.engine(Effect::Resume(run.clone()), move |records, control| {
            let log = run.read()?;
            let lab = Snapshot::of(&log.records)
                .started
                .map_or_else(String::new, |started| started.config.lab);
            let lab = labs
                .iter()
                .find(|known| known.definition().name == lab)
                .ok_or_else(|| {
                    refused(&format!("{}: this workbench has no lab `{lab}`", run.id()))
                })?;
            // The screen begins where the run was left.
            for record in log.records {
                let _ = records.send(record);
            }
            workbench_experiment::resume(lab.as_ref(), &run, forward(records), control)
        });
    }

    /// Runs a lab on a thread of its own; `again` would do so once more.
    fn engine(
        &mut self,
        again: Effect,
        body: impl FnOnce(UnboundedSender<Record>, &Control) -> Result<Ended, ExperimentError>
        + Send
        + 'static,
    ) {
        self.control = Control::default();
        let (control, host) = (self.control.clone(), Arc::clone(&self.host));
        let (events, records) = (self.events.clone(), self.records.clone());
        self.thread("workbench-run", move || {
            let run = || body(records, &control);
            let ended = catch_unwind(AssertUnwindSafe(run))
                .unwrap_or_else(|_| Err(refused("the run ended in a panic; its record is kept")));
            let _ = events.send(match ended {
                Ok(ended) => Event::Ended(Ok(Arc::new(loaded(ended)))),
                Err(ExperimentError::Lab(LabError::SetUp { what, gpus })) => {
                    Event::Lacking(Box::new(Lack {
                        why: what,
                        gpus,
                        plan: host.set_up_plan(gpus),
                        again,
                    }))
                }
                Err(error) => Event::Ended(Err(error.to_string())),
            });
        });
    }

    fn follow(&mut self, run: RunDir) {
        let (stop, stopped) = channel::channel::<()>();
        self.following = Some(stop);
        let events = self.events.clone();
        self.thread("workbench-follow", move || {
            let news = |records| events.send(Event::Followed(run.clone(), records)).is_ok();
            let ended = match follow_log(&run, &stopped, news) {
                Ok(true) => reader::open(&run).map(Arc::new),
                Ok(false) => return,
                Err(error) => Err(error.to_string()),
            };
            let _ = events.send(Event::FollowEnded(run, ended));
        });
    }

    /// Adds what the screen has cost while a run was under way, in nanoseconds of CPU time.
    pub fn add_cost(&self, ns: u64) {
        self.control.add_screen_cpu_ns(ns);
    }

    /// Brings a line that would have been printed over the screen into the record of the run under way.
    pub fn output(&self, source: &str, text: &str) {
        self.control.output(source, text);
    }

    /// A thread that cannot be started is told like any other failure of a run.
    fn thread(&self, name: &str, body: impl FnOnce() + Send + 'static) {
        let started = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body);
        if let Err(error) = started {
            let text = format!("cannot start a thread: {error}; close other programs");
            let _ = self.events.send(Event::Ended(Err(text)));
        }
    }
}

fn refused(text: &str) -> ExperimentError {
    ExperimentError::Resume(text.to_owned())
}

fn forward(records: UnboundedSender<Record>) -> Subscriber {
    Box::new(move |record: &Record| {
        let _ = records.send(record.clone());
    })
}

/// Reads what another process writes until it ends; whether it did, and nobody lost interest before.
fn follow_log(
    run: &RunDir,
    stopped: &channel::Receiver<()>,
    news: impl Fn(Vec<Record>) -> bool,
) -> Result<bool, RecordError> {
    let mut tail = Tail::open(&run.events())?;
    loop {
        // Asked before reading: what was written before the end is read after it.
        let live = run.is_live();
        let records = tail.read()?;
        if !records.is_empty() && !news(records) {
            return Ok(false);
        }
        if !live {
            return Ok(true);
        }
        match stopped.recv_timeout(LOOK) {
            Err(channel::RecvTimeoutError::Timeout) => {}
            _ => return Ok(false),
        }
    }
}

fn loaded(ended: Ended) -> Loaded {
    Loaded {
        run: ended.run,
        snapshot: ended.snapshot,
        result: ended.result,
        live: false,
    }
}

/// Terminals report every cell that the mouse passes.
fn uninteresting(kind: input::MouseEventKind) -> bool {
    use input::MouseEventKind::{Drag, Moved, Up};
    matches!(kind, Moved | Drag(_) | Up(_))
}
