//! What the program does besides running labs, one file per command.

pub mod answer;
pub mod compare;
pub mod config;
pub mod doctor;
pub mod ensure;
pub mod grade;
pub mod labs;
pub mod monitor;
pub mod report;
pub mod runs;
mod runs_remove;
pub mod say;
pub mod setup;
pub mod setup_peers;
pub mod setups;
pub mod shell;
pub mod show;
pub mod submit;
pub mod verify;
