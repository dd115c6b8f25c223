//! Tests of the whole interface without terminal and threads.
