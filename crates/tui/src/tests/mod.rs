//! The whole interface without terminal, threads and files: what is drawn, what keys do, and that
//! nothing breaks it.

pub mod fixture;
mod form;
mod form_data;
mod gallery;
mod history;
mod items;
mod layout;
mod manage;
mod missing;
mod monitor;
mod palette;
mod properties;
mod questions;
mod screens;
mod search;
mod setups;
mod side_by_side;
mod start;
mod steps;
mod story;
