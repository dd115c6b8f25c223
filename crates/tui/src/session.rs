//! Everything outside of the interface's state: threads that run labs, read runs and write reports,
//! and the channel on which their news come in.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc as channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use workbench_clock::thread_cpu_ns;
use workbench_experiment::lab::{LabError, NotTimed};
use workbench_experiment::{Control, Ended, ExperimentError, OtherOrigin};
use workbench_history::Standing;
use workbench_history::list::RunList;
use workbench_machine::limits::with_limit;
use workbench_machine::measuring::{Measuring, others};
use workbench_machine::state::send_signal;
use workbench_machine::{MachineFacts, usable_cores};
use workbench_record::{Record, RecordError, RunDir, RunStore, Snapshot, Subscriber, Tail};

use super::event::{
    AnswersEffect, AppEvent, ExportRequest, HandInRequest, HistoryEffect, Loaded, MissingSetup,
    MonitorEffect, RunEffect, RunError, RunJob, SetupsEffect, WatchEffect,
};
use super::hangup;
use super::host::Host;
use super::input::read_input;
use super::kit::text;
use super::looker::MachineLooker;
use super::measuring_turn::MeasuringTurn;
use super::path_completion::candidates;
use super::reader;
use super::screens::Labs;
use super::screens::form_calibration::CalibrationRequest;
use super::screens::form_data::SurveyRequest;
use super::sheet_place::SheetPlace;

/// How often the log of another process is read.
const FOLLOW: Duration = Duration::from_millis(200);

/// Does what the interface wants done outside.
pub struct Session {
    maker: Maker,
    listed: Arc<Mutex<RunList>>,
    events: UnboundedSender<AppEvent>,
    /// Other processes that measure, as they were told last.
    beside: Vec<Measuring>,
    /// Dropping it ends the thread that follows a run.
    following: Option<channel::Sender<()>>,
    looker: MachineLooker,
    /// A run and the timing of a set-up wait for each other.
    turn: Arc<MeasuringTurn>,
}

/// What making a run takes.
#[derive(Clone)]
struct Maker {
    labs: Labs,
    store: RunStore,
    host: Arc<dyn Host>,
    records: UnboundedSender<Record>,
    control: Control,
}

/// Where the news come in.
pub struct News {
    /// Everything but records.
    pub events: UnboundedReceiver<AppEvent>,
    /// The records of the run under way, to be taken in at the pace of drawing.
    pub records: UnboundedReceiver<Record>,
}

impl Session {
    /// A session over a store and its labs.
    pub fn new(
        store: RunStore,
        labs: Labs,
        host: Arc<dyn Host>,
        looker: MachineLooker,
    ) -> (Self, News) {
        let (events, events_in) = mpsc::unbounded_channel();
        let (records, records_in) = mpsc::unbounded_channel();
        let session = Self {
            maker: Maker {
                labs,
                store,
                host,
                records,
                control: Control::default(),
            },
            listed: Arc::default(),
            events,
            beside: Vec::new(),
            following: None,
            looker,
            turn: Arc::default(),
        };
        let news = News {
            events: events_in,
            records: records_in,
        };
        (session, news)
    }

    /// The program around the interface.
    pub fn host(&self) -> &dyn Host {
        self.maker.host.as_ref()
    }

    /// Starts threads that read keys and mouse, the facts of the machine, and the history, and one
    /// that notices when the terminal is gone.
    pub fn begin(&self) {
        let events = self.events.clone();
        self.thread("workbench-input", move || read_input(&events));
        let events = self.events.clone();
        self.thread("workbench-hangup", move || {
            if hangup::wait().unwrap_or(false) {
                let _ = events.send(AppEvent::TerminalLost);
            }
        });
        self.report("workbench-probe", || {
            AppEvent::Machine(Box::new(MachineFacts::probe()), usable_cores())
        });
        self.read_history();
    }

    /// Makes a run, or stops it.
    pub fn run(&mut self, effect: RunEffect) {
        match effect {
            RunEffect::Make(job) => self.make(job),
            RunEffect::Agree(lab) => {
                if let Some(lab) = self.maker.labs.get(lab) {
                    self.maker.host.agree(lab.as_ref(), &self.maker.store);
                }
            }
            RunEffect::Cancel => drop(self.maker.control.stop()),
            RunEffect::CancelArm(arm) => self.maker.control.stop_arm(&arm),
            RunEffect::CancelItem(item) => self.maker.control.stop_item(&item),
        }
    }

    /// Follows a run that is not made here, or reads its records.
    pub fn watch(&mut self, effect: WatchEffect) {
        match effect {
            WatchEffect::Follow(run) => self.follow(run),
            WatchEffect::Unfollow => self.following = None,
            WatchEffect::Replay(run) => self.report("workbench-open", move || {
                AppEvent::Replay(reader::records(run).map(Box::new))
            }),
        }
    }

    /// Looks at this machine, or hands a signal to one of its processes.
    pub fn monitor(&mut self, effect: MonitorEffect) {
        match effect {
            MonitorEffect::Begin => {
                let control = self.maker.control.clone();
                self.looker
                    .begin(&self.events, move |ns| control.add_screen_cpu_ns(ns));
            }
            MonitorEffect::End => self.looker.end(),
            MonitorEffect::Send(to, signal) => {
                let sent = send_signal(to.pid, to.started_ticks, signal);
                let (name, pid) = (text::safe(&to.name), to.pid);
                let _ = self.events.send(AppEvent::Told(match sent {
                    Ok(()) => format!("SIG{} was sent to {name} ({pid}).", signal.name()),
                    Err(why) => format!("Nothing was sent to {name} ({pid}): {why}."),
                }));
            }
        }
    }

    /// Reads the history, or runs of it.
    pub fn history(&self, effect: HistoryEffect) {
        match effect {
            HistoryEffect::Read => self.read_history(),
            HistoryEffect::Refresh => self.refresh_history(),
            HistoryEffect::Open(run) => self.report("workbench-open", move || {
                AppEvent::Opened(reader::open(&run).map(Arc::new))
            }),
            HistoryEffect::Compare(runs) => self.report("workbench-compare", move || {
                AppEvent::Compared(reader::side_by_side(runs).map(Arc::new))
            }),
            HistoryEffect::Label(run, label) => self.report("workbench-label", move || {
                AppEvent::RunChanged(run.set_label(&label).map_err(|error| error.to_string()))
            }),
            HistoryEffect::Delete(run) => {
                let store = self.maker.store.clone();
                self.report("workbench-delete", move || {
                    AppEvent::RunChanged(store.delete(&run).map_err(|error| error.to_string()))
                });
            }
        }
    }

    /// Reads answers, or keeps them. They are kept here and not on another thread, so that the last
    /// one typed is the last one kept.
    pub fn answers(&self, effect: AnswersEffect) {
        let store = &self.maker.store;
        let event = match effect {
            AnswersEffect::Read(place) => {
                let sheet = reader::answers(store, &place);
                AppEvent::AnswersRead(place, sheet)
            }
            AnswersEffect::Keep(place, sheet) => {
                let kept = match place {
                    SheetPlace::Draft { .. } => store.write_draft(&sheet),
                    SheetPlace::Run(run) => run.write_answers(&sheet),
                };
                match kept {
                    Ok(()) => return,
                    Err(error) => AppEvent::AnswersLost(error.to_string()),
                }
            }
        };
        let _ = self.events.send(event);
    }

    /// Looks through a file for the form.
    pub fn survey(&self, request: Box<SurveyRequest>) {
        self.report("workbench-survey", move || {
            let surveyed = reader::survey(&request);
            AppEvent::Surveyed(request, surveyed)
        });
    }

    /// Looks what a path can become.
    pub fn complete(&self, typed: String) {
        self.report("workbench-path", move || {
            let found = candidates(&typed);
            AppEvent::PathCompleted(typed, found)
        });
    }

    /// Reads set-ups, keeps one or deletes one.
    pub fn setups(&self, effect: SetupsEffect) {
        let folder = self.maker.host.setups();
        self.report("workbench-setups", move || reader::setups(folder, effect));
    }

    /// Times a lab's unit of work. Of set-ups that follow each other closely only the last is
    /// timed: for the others nobody waits any more.
    pub fn calibrate(&self, request: Box<CalibrationRequest>) {
        let (labs, events) = (Arc::clone(&self.maker.labs), self.events.clone());
        let (turn, number) = (Arc::clone(&self.turn), self.turn.number());
        self.thread("workbench-timing", move || {
            let lab = labs.get(request.lab);
            let time = |is_wanted: &dyn Fn() -> bool| match lab {
                Some(lab) => lab.calibrate(&request.config, is_wanted),
                None => Err(NotTimed::NoUnit),
            };
            if let Some(found) = turn.latest(number, time) {
                let _ = events.send(AppEvent::Calibrated(request, found));
            }
        });
    }

    /// Ends what is being timed, and waits for that no longer than `most`.
    pub fn end_timing(&self, most: Duration) {
        self.turn.end_within(most);
    }

    /// Looks for other processes that measure; nothing is told while there are none and were none.
    pub fn look_around(&mut self) {
        let folder = self.maker.host.measuring();
        let others = folder.map_or_else(Vec::new, |folder| others(&folder));
        if others != self.beside {
            self.beside.clone_from(&others);
            let _ = self.events.send(AppEvent::Beside(others));
        }
    }

    /// Writes a report.
    pub fn export(&self, loaded: Arc<Loaded>, request: ExportRequest) {
        self.report("workbench-export", move || {
            let exported = reader::export(&request, &loaded);
            AppEvent::Exported(loaded.run.clone(), request, exported)
        });
    }

    /// Writes runs side by side; the answer is that of the first.
    pub fn export_comparison(&self, runs: Vec<RunDir>, request: ExportRequest) {
        self.report("workbench-export", move || {
            let exported = reader::export_comparison(&request, &runs);
            let first = runs.into_iter().next();
            match first {
                Some(run) => AppEvent::Exported(run, request, exported),
                None => AppEvent::Redraw,
            }
        });
    }

    /// Writes a hand-in.
    pub fn hand_in(&self, run: RunDir, request: HandInRequest) {
        let (host, store) = (Arc::clone(&self.maker.host), self.maker.store.clone());
        self.report("workbench-hand-in", move || {
            let handed_in = host.hand_in(&store, &run, &request);
            AppEvent::HandedIn(run, request, handed_in)
        });
    }

    /// Does something slow on a thread of its own and tells what came of it.
    fn report(&self, thread: &str, body: impl FnOnce() -> AppEvent + Send + 'static) {
        let events = self.events.clone();
        self.thread(thread, move || drop(events.send(body())));
    }

    fn read_history(&self) {
        let (listed, store) = (Arc::clone(&self.listed), self.maker.store.clone());
        self.report("workbench-history", move || {
            let mut listed = listed.lock().unwrap_or_else(PoisonError::into_inner);
            *listed = RunList::default();
            AppEvent::History(listed.refresh(&store).map(|_| listed.rows()))
        });
    }

    /// Whoever reads already will find what has changed.
    fn refresh_history(&self) {
        let (events, store) = (self.events.clone(), self.maker.store.clone());
        let (listed, control) = (Arc::clone(&self.listed), self.maker.control.clone());
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
                let _ = events.send(AppEvent::History(news));
            }
            control.add_screen_cpu_ns(thread_cpu_ns());
        });
    }

    /// Makes a run on a thread of its own.
    fn make(&mut self, job: RunJob) {
        self.maker.control = Control::beside(self.maker.host.measuring());
        let (maker, turn) = (self.maker.clone(), Arc::clone(&self.turn));
        self.report("workbench-run", move || {
            let run = || turn.alone(|| maker.make(&job));
            let ended = catch_unwind(AssertUnwindSafe(run))
                .unwrap_or_else(|_| Err(refused("the run ended in a panic; its record is kept")));
            match ended {
                Ok(ended) => AppEvent::Ended(Ok(Arc::new(loaded(ended)))),
                Err(ExperimentError::Lab(LabError::SetUp { what, gpus })) => {
                    AppEvent::SetupMissing(Box::new(MissingSetup {
                        what,
                        gpus,
                        plan: maker.host.set_up_plan(gpus),
                        job,
                    }))
                }
                Err(error) => AppEvent::Ended(Err(RunError {
                    message: match error.option() {
                        Some(_) => error.reason(),
                        None => error.told(),
                    },
                    option: error.option(),
                })),
            }
        });
    }

    fn follow(&mut self, run: RunDir) {
        let (stop, stopped) = channel::channel::<()>();
        self.following = Some(stop);
        let events = self.events.clone();
        self.thread("workbench-follow", move || {
            let news = |records| {
                events
                    .send(AppEvent::Followed(run.clone(), records))
                    .is_ok()
            };
            let ended = match follow_log(&run, &stopped, news) {
                Ok(true) => reader::open(&run).map(Arc::new),
                Ok(false) => return,
                Err(error) => Err(error.to_string()),
            };
            let _ = events.send(AppEvent::FollowEnded(run, ended));
        });
    }

    /// Adds what the screen has cost while a run was under way, in nanoseconds of CPU time.
    pub fn add_cost(&self, ns: u64) {
        self.maker.control.add_screen_cpu_ns(ns);
    }

    /// Brings a line that would have been printed over the screen into the record of the run under
    /// way.
    pub fn output(&self, source: &str, text: &str) {
        self.maker.control.output(source, text);
    }

    /// A thread that cannot be started is told like any other failure of a run.
    fn thread(&self, name: &str, body: impl FnOnce() + Send + 'static) {
        let started = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body);
        if let Err(error) = started {
            let text = format!(
                "cannot start a thread: {}; close other programs",
                with_limit(&error)
            );
            let error = RunError {
                message: text,
                option: None,
            };
            let _ = self.events.send(AppEvent::Ended(Err(error)));
        }
    }
}

impl Maker {
    fn make(&self, job: &RunJob) -> Result<Ended, ExperimentError> {
        match job {
            RunJob::Start(lab, config) => {
                let lab = self.labs.get(*lab);
                let lab = lab.ok_or_else(|| refused("there is no such lab"))?;
                workbench_experiment::run(
                    lab.as_ref(),
                    (**config).clone(),
                    &self.host.build(),
                    &self.store,
                    forward(self.records.clone()),
                    &self.control,
                )
            }
            RunJob::Resume(run) => self.resume(run),
        }
    }

    fn resume(&self, run: &RunDir) -> Result<Ended, ExperimentError> {
        let log = run.read()?;
        let started = Snapshot::of(&log.records).started;
        let (name, folder) = started.map_or_else(Default::default, |started| {
            (started.config.lab, started.lab_facts.folder)
        });
        let read = folder.map(|folder| self.host.lab_in(Path::new(&folder), &self.store));
        let read = read.transpose().map_err(|error| refused(&error))?;
        let mut labs = self.labs.iter();
        let known = labs.find(|known| known.definition().name == name);
        let lab = read.as_ref().or(known);
        let lab = lab
            .ok_or_else(|| refused(&format!("{}: this workbench has no lab `{name}`", run.id())))?;
        // The screen begins where the run was left.
        for record in log.records {
            let _ = self.records.send(record);
        }
        let subscriber = forward(self.records.clone());
        let origin = (&self.host.build(), OtherOrigin::Refuse);
        workbench_experiment::resume(lab.as_ref(), run, origin, subscriber, &self.control)
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

/// Reads what another process writes until it ends; whether it did, and nobody lost interest
/// before.
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
        match stopped.recv_timeout(FOLLOW) {
            Err(channel::RecvTimeoutError::Timeout) => {}
            _ => return Ok(false),
        }
    }
}

fn loaded(ended: Ended) -> Loaded {
    Loaded {
        run: ended.run,
        snapshot: ended.snapshot,
        standing: Standing::of_result(&ended.result),
        result: ended.result,
    }
}
