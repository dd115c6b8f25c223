//! The helper process: loads the driver's library and says what it says.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use nvml_wrapper::Nvml;
use rustix::process::{Signal, getpid, kill_process};
use workbench_clock::process_cpu_ns;

use super::answer::Answer;
use super::read::{Gpus, describe};

/// The whole helper process: answers on the standard output what is asked on the standard input,
/// until that ends.
///
/// # Errors
/// When the standard streams cannot be used, or no thread can be started.
pub fn serve() -> io::Result<()> {
    let out = take_stdout()?;
    let (ask, asked) = mpsc::channel();
    thread::Builder::new()
        .name("workbench-nvml".to_owned())
        .spawn(move || {
            // An error means that nobody listens.
            let _ = answer(out, &asked);
            end();
        })?;
    // Read on a thread of its own: a call into the driver may never return, and the end of the
    // input has to end this process all the same.
    for line in io::stdin().lock().lines() {
        if line.is_err() || ask.send(()).is_err() {
            break;
        }
    }
    end();
    Ok(())
}

/// The standard output for the answers alone: what the library prints goes nowhere.
fn take_stdout() -> io::Result<File> {
    let out = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 3)?;
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&nowhere)?;
    Ok(out.into())
}

fn answer(mut out: File, asked: &Receiver<()>) -> io::Result<()> {
    let Ok(nvml) = Nvml::init() else {
        return say(&mut out, &Answer::Absent);
    };
    let gpus = nvml.device_count().unwrap_or(0);
    let version = nvml.sys_driver_version().ok();
    say(&mut out, &Answer::Driver { version, gpus })?;
    for index in 0..gpus {
        say(&mut out, &Answer::Gpu(describe(&nvml, index)))?;
    }
    let mut gpus = Gpus::open(&nvml, gpus);
    for () in asked {
        let look = Answer::Look {
            gpus: gpus.look(),
            cpu_ns: process_cpu_ns(),
        };
        say(&mut out, &look)?;
        // After the answer, because the driver takes its time for this.
        gpus.look_at_pcie();
    }
    Ok(())
}

fn say(out: &mut File, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// Ends this process without a call into the library, which may be stuck or want to tidy up.
fn end() {
    let _ = kill_process(getpid(), Signal::KILL);
}
