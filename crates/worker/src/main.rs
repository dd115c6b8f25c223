//! The program `workbench-worker`.

fn main() -> std::process::ExitCode {
    workbench_worker::cli::main()
}
