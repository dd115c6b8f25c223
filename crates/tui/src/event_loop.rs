//! The loop: waits for events, lets the state take them in, draws what changed, at most as often as
//! is configured.

use std::io;
use std::time::Duration;

use rustix::process::Signal;
use rustix::termios::{QueueSelector, tcflush};
use tokio::signal::unix::{Signal as SignalStream, SignalKind, signal};
use tokio::time::{Instant, sleep_until, timeout};
use workbench_clock::thread_cpu_ns;
use workbench_experiment::StopRequests;

use super::app::App;
use super::capture::collected;
use super::event::{AppEvent, Effect, Exit, MissingSetup, TerminalEffect};
use super::ground;
use super::session::{News, Session};
use super::terminal::{self, Guard, Tui, copy, mute, restore};

/// How often the records of a run are taken in: as often as the machine is sampled.
const FOLD: Duration = Duration::from_millis(200);

/// How often the listed runs are checked for changes.
const POLL: Duration = Duration::from_secs(2);

/// How long a signal may take from the system to the loop.
const SETTLE: Duration = Duration::from_millis(50);

/// How long ending waits for what is being timed to end.
const LEAVE: Duration = Duration::from_millis(500);

/// The signals that the interface answers.
struct Signals {
    interrupt: SignalStream,
    terminate: SignalStream,
    hangup: SignalStream,
    suspend: SignalStream,
    resumed: SignalStream,
}

impl Signals {
    fn watch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            suspend: signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
            resumed: signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
        })
    }
}

struct Loop<'a> {
    app: &'a mut App,
    session: Session,
    guard: Guard,
    terminal: Tui,
    /// The shortest time between two drawings.
    frame: Duration,
    dirty: bool,
    /// The terminal is gone, so nothing is drawn any more.
    terminal_lost: bool,
    /// What is to be installed before the loop goes on.
    missing: Option<Box<MissingSetup>>,
    exit: Option<Exit>,
    /// What signals ask for.
    requests: StopRequests,
}

/// Runs the interface until it is left; gives the exit code.
///
/// # Errors
/// When the terminal cannot be taken over or drawn on.
pub async fn run(
    app: &mut App,
    session: Session,
    news: News,
    (mouse, frames_per_second): (bool, u32),
) -> io::Result<Exit> {
    // Before the terminal is taken: from then on a signal has to give it back.
    let signals = Signals::watch()?;
    let (guard, terminal) = Guard::enter(mouse)?;
    let mut this = Loop {
        app,
        session,
        guard,
        terminal,
        frame: Duration::from_secs(1) / frames_per_second.max(1),
        dirty: true,
        terminal_lost: false,
        missing: None,
        exit: None,
        requests: StopRequests::default(),
    };
    this.turn(news, signals).await
}

impl Loop<'_> {
    async fn turn(&mut self, mut news: News, mut signals: Signals) -> io::Result<Exit> {
        // It was there a moment ago.
        if self.begin().is_err() {
            self.lose_terminal();
        }
        self.session.begin();
        let mut drawn = Instant::now();
        let mut folded = Instant::now();
        let mut ticked = Instant::now();
        let mut polled = Instant::now();
        loop {
            if let Some(exit) = self.exit {
                // Processes that are timed are ended by this one.
                self.session.end_timing(LEAVE);
                return Ok(exit);
            }
            if let Some(missing) = self.missing.take() {
                self.install(*missing, &mut news, &mut signals).await;
            }
            let running = self.app.is_running();
            let playing = self.app.is_playing();
            let listing = self.app.looks_around() && !self.terminal_lost;
            tokio::select! {
                Some(event) = news.events.recv() => self.hear(event, &mut news),
                Some(()) = signals.interrupt.recv() => self.terminate(),
                Some(()) = signals.terminate.recv() => self.terminate(),
                Some(()) = signals.hangup.recv() => self.lose_terminal(),
                Some(()) = signals.suspend.recv() => self.suspend(),
                Some(()) = signals.resumed.recv() => self.reclaim(),
                () = sleep_until(folded + FOLD), if running => {
                    folded = Instant::now();
                    self.fold(&mut news);
                }
                () = sleep_until(ticked + self.frame), if playing => {
                    let passed = ticked.elapsed();
                    ticked = Instant::now();
                    self.take(AppEvent::Tick(passed));
                }
                () = sleep_until(polled + POLL), if listing => {
                    polled = Instant::now();
                    self.poll();
                }
                () = sleep_until(drawn + self.frame), if self.dirty && !self.terminal_lost => {
                    if self.draw().is_err() {
                        self.lose_terminal();
                    }
                    drawn = Instant::now();
                }
            }
            if playing != self.app.is_playing() {
                ticked = Instant::now();
            }
            if running != self.app.is_running() {
                folded = Instant::now();
            }
        }
    }

    /// The first picture, which does not wait for anything, and then a question.
    fn begin(&mut self) -> io::Result<()> {
        self.draw()?;
        if self.app.theme_follows {
            ground::ask()?;
        }
        Ok(())
    }

    /// Takes in what a thread of the session tells.
    fn hear(&mut self, event: AppEvent, news: &mut News) {
        match event {
            AppEvent::TerminalLost => return self.lose_terminal(),
            AppEvent::Ended(_) => self.fold(news),
            _ => {}
        }
        self.take(event);
    }

    fn take(&mut self, event: AppEvent) {
        self.dirty = true;
        self.update(event);
    }

    fn update(&mut self, event: AppEvent) {
        for effect in self.app.update(event) {
            match effect {
                Effect::Run(effect) => self.session.run(effect),
                Effect::Watch(effect) => self.session.watch(effect),
                Effect::Monitor(effect) => self.session.monitor(effect),
                Effect::History(effect) => self.session.history(effect),
                Effect::Answers(effect) => self.session.answers(effect),
                Effect::Survey(request) => self.session.survey(request),
                Effect::CompletePath(typed) => self.session.complete(typed),
                Effect::Setups(effect) => self.session.setups(effect),
                Effect::Calibrate(request) => self.session.calibrate(request),
                Effect::EndTiming => self.session.end_timing(Duration::ZERO),
                Effect::LookAround => self.session.look_around(),
                Effect::Export(loaded, request) => self.session.export(loaded, request),
                Effect::ExportComparison(runs, request) => {
                    self.session.export_comparison(runs, request);
                }
                Effect::HandIn(run, request) => self.session.hand_in(run, request),
                Effect::Terminal(effect) => self.on_terminal(effect),
            }
        }
    }

    fn on_terminal(&mut self, effect: TerminalEffect) {
        match effect {
            TerminalEffect::Quit(exit) => self.exit = Some(exit),
            TerminalEffect::Repaint => self.repaint(),
            TerminalEffect::KeepTheme(theme) => {
                if let Err(error) = self.session.host().keep_theme(theme) {
                    let why = format!("The theme holds until you leave: {error}.");
                    self.app.notice = Some(why);
                }
            }
            TerminalEffect::KeepLayout(layout) => {
                if let Err(error) = self.session.host().keep_layout(&layout) {
                    let why = format!("Panels are hidden until you leave: {error}.");
                    self.app.notice = Some(why);
                }
            }
            TerminalEffect::Copy(text) => {
                if copy(&text).is_err() {
                    self.lose_terminal();
                }
            }
            TerminalEffect::Tell(tell, text) => {
                if terminal::tell(tell, &text).is_err() {
                    self.lose_terminal();
                }
            }
            TerminalEffect::Suspend => self.suspend(),
            TerminalEffect::Install(missing) => self.missing = Some(missing),
        }
    }

    /// Nothing is drawn anew unless something has changed.
    fn poll(&mut self) {
        self.update(AppEvent::Poll);
    }

    /// A signal asks the program to end.
    fn terminate(&mut self) {
        if self.requests.is_new(Instant::now().into_std()) {
            self.take(AppEvent::Terminate);
        }
    }

    /// The terminal is gone. Without it the program can still close the record of a run.
    fn lose_terminal(&mut self) {
        // Whoever closes a window often sends more than one signal.
        self.requests.is_new(Instant::now().into_std());
        self.terminal_lost = true;
        mute();
        self.take(AppEvent::TerminalLost);
    }

    /// Takes in the records that have come since the last time.
    fn fold(&mut self, news: &mut News) {
        let before = thread_cpu_ns();
        let mut records = Vec::new();
        while let Ok(record) = news.records.try_recv() {
            records.push(record);
        }
        if !records.is_empty() {
            self.dirty = true;
            self.update(AppEvent::Records(records));
        }
        self.session.add_cost(thread_cpu_ns() - before);
        // Only while a run is under way is there a record for them; the others are told when the
        // terminal is given back.
        if self.app.is_running() {
            for line in collected() {
                self.session.output(&line.source, &line.text);
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        let before = thread_cpu_ns();
        self.dirty = false;
        self.terminal.draw(|frame| self.app.render(frame))?;
        if self.app.is_running() {
            self.session.add_cost(thread_cpu_ns() - before);
        }
        Ok(())
    }

    /// Gives the terminal back and stops the process until the shell's `fg`.
    fn suspend(&mut self) {
        restore();
        self.session.host().suspend();
        self.reclaim();
    }

    /// Leaves the screen for the set-up, which shows its progress on the plain terminal, and comes
    /// back.
    async fn install(&mut self, missing: MissingSetup, news: &mut News, signals: &mut Signals) {
        restore();
        let done = self.session.host().set_up(&missing.what, missing.gpus);
        // What was typed meanwhile was not meant for the screen, and Ctrl-C was meant for the
        // set-up.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
        let _ = timeout(SETTLE, signals.interrupt.recv()).await;
        self.reclaim();
        let mut others = Vec::new();
        while let Ok(event) = news.events.try_recv() {
            if !matches!(
                event,
                AppEvent::Key(_) | AppEvent::Mouse(_) | AppEvent::Paste(_)
            ) {
                others.push(event);
            }
        }
        for event in others {
            self.take(event);
        }
        self.take(AppEvent::SetupDone(done.map(|()| missing.job)));
    }

    /// Takes the terminal again; it may show anything by now, or, when the window was closed, be
    /// gone.
    fn reclaim(&mut self) {
        if self.guard.take().is_err() {
            return self.lose_terminal();
        }
        self.repaint();
    }

    /// Clears the terminal and forgets what it showed. `Terminal::clear` would ask the terminal for
    /// its cursor, and the answer would go to the thread that reads the keys.
    fn repaint(&mut self) {
        self.dirty = true;
        let cleared = self
            .terminal
            .size()
            .and_then(|size| self.terminal.resize(size.into()));
        if cleared.is_err() {
            self.lose_terminal();
        }
    }
}
