//! The real binary, as people run it. All of these tests are one program: it is linked once, and
//! tests that wait do so at the same time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may end on the spot"
)]

mod answers;
mod assignments;
mod bad_input;
mod classroom;
mod cli;
mod common;
mod damaged;
mod ddp;
mod forge;
mod forged_answers;
mod forged_logs;
mod forgeries;
mod gpu_driver;
mod interrupted;
#[cfg(target_os = "linux")]
mod kept_helper;
mod kept_setups;
mod kills;
mod monitor;
mod outputs;
mod own_labs;
mod peers;
mod precision;
mod programs;
mod progress_bar;
mod runs_place;
mod scarce;
mod scenarios;
mod search_kills;
mod search_peers;
mod searched_images;
mod searched_programs;
mod setup;
mod setup_gpus;
mod terminal;
mod terminal_runs;
mod told;
