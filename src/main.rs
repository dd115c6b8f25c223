//! workbench.
fn main() {}
