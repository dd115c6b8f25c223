//! The screen in a real terminal: the whole story with the real binary, and the
//! terminal afterwards.

use portable_pty::CommandBuilder;
use ratatui::crossterm::event;
use rustix::process::{Signal, WaitOptions, waitpid};
use workbench_tui::terminal::{Guard, install_panic_hook};

use crate::common::screen::Screen;
use crate::common::{Bench, read_json};

#[test]
fn from_start_to_result_and_out_again() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &["--theme", "mono"]);
    screen.set_up("3", "600");
    screen.press("s");
    screen.wait_for("export");
    screen.press("e");
    screen.wait_for("Write a report");
    screen.press("\u{15}out.md\r");
    screen.wait_for("Written to");
    screen.press("\u{1b}");
    screen.wait("the end of the dialog", |s| {
        !s.contents().contains("Written to")
    });
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("Record "), "{shown}");
    let report = std::fs::read_to_string(bench.path("out.md")).unwrap();
    assert!(report.contains("sequential"), "{report}");
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["status"], "completed");
    assert_eq!(result["preset"], "quick");
    assert_eq!(result["parameters"]["models"], 3);
}

/// Starts a run that takes long, and waits until its first repeat goes on.
fn long_run(bench: &Bench) -> Screen {
    let mut screen = Screen::open(bench, &[]);
    screen.start_long_run(bench);
    screen
}

#[test]
fn a_signal_during_a_run_closes_the_record_and_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let bench = Bench::new();
        let screen = long_run(&bench);
        screen.signal(signal);
        let (code, shown) = screen.end();
        assert_eq!(code, 130, "{signal:?}: {shown}");
        let result = read_json(&bench.only_run().join("result.json"));
        assert_eq!(result["status"], "interrupted", "{signal:?}");
    }
}

#[test]
fn closing_the_window_closes_the_record() {
    let bench = Bench::new();
    let Screen {
        mut child,
        keyboard,
        output,
        master,
        ..
    } = long_run(&bench);
    // The thread that reads ends with its next piece of output; then nobody holds the
    // terminal any more.
    drop((output, keyboard, master));
    assert_eq!(child.wait().unwrap().exit_code(), 130);
    let result = read_json(&bench.only_run().join("result.json"));
    assert_eq!(result["status"], "interrupted");
}

/// Under a shell that ignores SIGHUP nobody tells the program that its window is gone; reading from
/// the terminal then returns nothing, at once and without end.
#[test]
fn a_terminal_that_goes_away_without_a_signal_ends_the_program() {
    for running in [false, true] {
        let bench = Bench::new();
        let mut command = CommandBuilder::new("sh");
        // The shell is the first process of the session, and passes the exit code on.
        let binary = env!("CARGO_BIN_EXE_workbench");
        command.args(["-c", &format!("trap '' HUP; {binary}; exit $?")]);
        command.env("WORKBENCH_RUN_DIR", bench.runs());
        let mut screen = Screen::spawn(&bench, command);
        if running {
            screen.start_long_run(&bench);
        } else {
            screen.wait_for("Recent runs");
        }
        let Screen {
            mut child,
            keyboard,
            output,
            master,
            ..
        } = screen;
        drop((output, keyboard, master));
        assert_eq!(child.wait().unwrap().exit_code(), 130, "{running}");
        if running {
            let result = read_json(&bench.only_run().join("result.json"));
            assert_eq!(result["status"], "interrupted");
        }
    }
}

#[test]
fn a_signal_at_home_gives_the_terminal_back() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &["--no-mouse", "--ascii"]);
    screen.wait_for("Labs");
    assert!(screen.parser.screen().alternate_screen());
    screen.signal(Signal::TERM);
    assert_eq!(screen.end().0, 130);
}

#[test]
fn the_window_may_change_its_size() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Labs");
    screen.resize(10, 30);
    screen.wait_for("needs 60×16");
    screen.resize(24, 80);
    screen.wait_for("Recent runs");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn the_shell_gets_its_terminal_while_the_program_is_suspended() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Recent runs");
    screen.signal(Signal::TSTP);
    screen.wait("the normal screen", |s| {
        !s.alternate_screen() && !s.hide_cursor()
    });
    // The screen is given back a moment before the process stands still.
    let stopped = waitpid(Some(screen.pid()), WaitOptions::UNTRACED);
    assert!(stopped.unwrap().unwrap().1.stopped());
    screen.signal(Signal::CONT);
    screen.wait("the alternate screen", vt100::Screen::alternate_screen);
    screen.wait_for("Recent runs");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

/// Not a test of its own: what [`a_panic_gives_the_terminal_back`] starts in a terminal.
#[test]
#[ignore = "takes the terminal over and panics"]
fn takes_the_terminal_and_panics() {
    install_panic_hook();
    let (guard, mut terminal) = Guard::enter(true).unwrap();
    if std::env::var_os("PANIC_IN_A_TASK").is_some() {
        let task = std::thread::Builder::new().name("a-task".to_owned());
        assert!(
            task.spawn(|| panic!("out of trees"))
                .unwrap()
                .join()
                .is_err()
        );
        // The picture is still there, and so is the terminal's owner.
        terminal
            .draw(|frame| frame.render_widget("still here", frame.area()))
            .unwrap();
        event::read().unwrap();
        drop(guard);
        return;
    }
    let _ = terminal.draw(|_| panic!("a view that cannot draw"));
}

fn panics(bench: &Bench) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    let name = "terminal::takes_the_terminal_and_panics";
    command.args([
        "--exact",
        name,
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    command.env("WORKBENCH_RUN_DIR", bench.runs());
    command
}

#[test]
fn a_panic_gives_the_terminal_back() {
    let bench = Bench::new();
    let screen = Screen::spawn(&bench, panics(&bench));
    let (code, shown) = screen.end();
    assert_eq!(code, 101, "{shown}");
    // Told where a person can read it: on the normal screen.
    assert!(shown.contains("a view that cannot draw"), "{shown}");
}

#[test]
fn a_panic_in_a_task_leaves_the_picture_alone() {
    let bench = Bench::new();
    let mut command = panics(&bench);
    command.env("PANIC_IN_A_TASK", "1");
    let mut screen = Screen::spawn(&bench, command);
    screen.wait_for("still here");
    assert!(
        !screen.shown().contains("out of trees"),
        "{}",
        screen.shown()
    );
    screen.press("x");
    assert_eq!(screen.end().0, 0);
}

/// Whatever the program lacks when it starts, it either comes up or says so and leaves the terminal
/// as it was.
#[test]
fn a_start_that_fails_leaves_the_terminal_as_it_was() {
    let mut failed = 0;
    for files in 3..24 {
        let bench = Bench::new();
        let mut command = CommandBuilder::new("sh");
        let binary = env!("CARGO_BIN_EXE_workbench");
        command.args(["-c", &format!("ulimit -n {files} && exec {binary}")]);
        command.env("WORKBENCH_RUN_DIR", bench.runs());
        let mut screen = Screen::spawn(&bench, command);
        let up = screen.comes_up("Recent runs");
        if up {
            screen.signal(Signal::TERM);
        }
        let (code, shown) = screen.end();
        failed += u32::from(!up);
        let expected = if up { [130].as_slice() } else { &[3, 127] };
        assert!(expected.contains(&code), "{files} files: {code}: {shown}");
    }
    assert!(failed > 3, "the limit was never too low");
}

#[test]
fn the_configuration_file_and_the_palette_change_how_it_looks() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("config/workbench")).unwrap();
    let file = "config/workbench/config.toml";
    let coloured = |screen: &vt100::Screen| {
        let (rows, cols) = screen.size();
        let cells = (0..rows.get()).flat_map(|y| (0..cols.get()).map(move |x| (y, x)));
        let mut cells = cells.filter_map(|(y, x)| screen.cell(y, x));
        cells.any(|cell| cell.fgcolor() != vt100::Color::Default)
    };
    bench.write(file, "theme = \"mono\"\nascii = true\nmouse = false\n");
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Recent runs");
    assert!(screen.shown().is_ascii(), "{}", screen.shown());
    assert!(!coloured(screen.parser.screen()));
    let mouse = screen.parser.screen().mouse_protocol_mode();
    assert_eq!(mouse, vt100::MouseProtocolMode::None);
    // The palette draws it anew in colour.
    screen.press(":");
    screen.wait_for("type what to do");
    screen.press("theme light");
    screen.wait_for("> theme light");
    screen.press("\r");
    screen.wait("colours", coloured);
    screen.press("q");
    assert_eq!(screen.end().0, 0);

    // A flag beats the file.
    let mut screen = Screen::open(&bench, &["--theme", "dark"]);
    screen.wait_for("Recent runs");
    assert!(coloured(screen.parser.screen()));
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

#[test]
fn the_command_of_the_form_goes_to_the_clipboard() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Recent runs");
    screen.press("\r");
    screen.wait_for("The same without a screen");
    screen.press("Y");
    screen.wait_for("Copied: workbench --lab rf --preset quick");
    // `workbench --lab rf`, as the terminal is told it.
    let told = b"\x1b]52;c;d29ya2JlbmNoIC0tbGFiIHJm";
    assert!(screen.raw.windows(told.len()).any(|bytes| bytes == told));
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

/// What nobody ran here yet is timed while the form is open.
#[test]
fn a_search_is_estimated_before_it_starts() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("config/workbench")).unwrap();
    bench.write("config/workbench/config.toml", "lab = \"tune\"\n");
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("Search hyperparameters");
    screen.press("\r");
    screen.wait_for("--lab tune --preset quick");
    screen.wait_for("one epoch takes");
    screen.press("q");
    assert_eq!(screen.end().0, 0);
}

/// The ground of the first cell.
fn ground(screen: &vt100::Screen) -> Option<vt100::Color> {
    screen.cell(0, 0).map(vt100::Cell::bgcolor)
}

#[test]
fn a_terminal_that_says_it_is_light_gets_dark_text() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("usable");
    // Nothing is known yet: the theme brings a ground on which it can be read.
    let own = ground(screen.parser.screen());
    assert_ne!(own, Some(vt100::Color::Default));
    screen.press("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\");
    screen.wait("the light theme", |s| {
        ground(s) == Some(vt100::Color::Default)
    });
    let question = screen.raw.windows(6).any(|bytes| bytes == b"\x1b]11;?");
    assert!(question, "the terminal was asked");
    // No part of the answer was taken for a key.
    screen.wait_for("usable");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn a_theme_chosen_on_the_screen_is_kept() {
    let bench = Bench::new();
    let mut screen = Screen::open(&bench, &[]);
    screen.wait_for("usable");
    let dark = ground(screen.parser.screen());
    screen.press(":");
    screen.wait_for("commands");
    screen.press("theme light\r");
    screen.wait("the light theme", |s| ground(s) != dark);
    // A terminal that answers late changes nothing of what was chosen.
    screen.press("\u{1b}]11;rgb:0/0/0\u{7}");
    screen.press("q");
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
    let shown = String::from_utf8(bench.run(["config"]).stdout).unwrap();
    assert!(shown.contains("# Now: chosen on the screen."), "{shown}");
    assert!(shown.contains("theme = \"light\""), "{shown}");
    let mut again = Screen::open(&bench, &[]);
    again.wait_for("usable");
    assert_ne!(ground(again.parser.screen()), dark);
    again.press("q");
    again.end();
}
