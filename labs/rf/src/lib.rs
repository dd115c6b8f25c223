//! The rf lab.
