//! The helper process: loads the driver's library and says what it says.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use nvml_wrapper::Nvml;
use nvml_wrapper::error::NvmlError;
use rustix::process::{Signal, getpid, kill_process};
use workbench_clock::process_cpu_ns;

use super::answer::{Answer, Ask};
use super::details::Details;
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
        let Ok(line) = line else {
            break;
        };
        if let Ok(what) = serde_json::from_str(&line)
            && ask.send(what).is_err()
        {
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

fn answer(mut out: File, asked: &Receiver<Ask>) -> io::Result<()> {
    let Ok(nvml) = load() else {
        return say(&mut out, &Answer::Absent);
    };
    let gpus = nvml.device_count().unwrap_or(0);
    let version = nvml.sys_driver_version().ok();
    say(&mut out, &Answer::Driver { version, gpus })?;
    for index in 0..gpus {
        say(&mut out, &Answer::Gpu(describe(&nvml, index)))?;
    }
    let mut looks = Gpus::open(&nvml, gpus);
    let mut details = None;
    for what in asked {
        match what {
            Ask::Look => {
                let gpus = looks.look();
                let cpu_ns = process_cpu_ns();
                say(&mut out, &Answer::Look { gpus, cpu_ns })?;
                // After the answer, because the driver takes its time for this.
                looks.look_at_pcie();
            }
            Ask::Details => {
                let details = details.get_or_insert_with(|| Details::open(&nvml, gpus));
                let (gpus, age) = details.look();
                let told = Answer::Details {
                    gpus,
                    age_ns: age.as_nanos() as u64,
                    cpu_ns: process_cpu_ns(),
                };
                say(&mut out, &told)?;
                details.look_at_pcie();
            }
        }
    }
    Ok(())
}

/// NVIDIA's library, or the one that the second argument names.
fn load() -> Result<Nvml, NvmlError> {
    match std::env::args_os().nth(2) {
        Some(library) => Nvml::builder().lib_path(&library).init(),
        None => Nvml::init(),
    }
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
