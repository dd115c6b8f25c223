//! Tells the linker where libtorch is, so that the program finds it when it starts, and the program
//! which libtorch it was built for.

use std::env;
use std::fs;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if let Ok(lib) = env::var("DEP_TORCH_DDP_LIBTORCH_LIB") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{lib}");
    }
    let version = env::var("DEP_TORCH_DDP_LIBTORCH_INCLUDE")
        .ok()
        .and_then(|include| version(Path::new(&include)))
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=WORKBENCH_LIBTORCH={version}");
}

/// The version in libtorch's headers.
fn version(include: &Path) -> Option<String> {
    let text = fs::read_to_string(include.join("torch/headeronly/version.h")).ok()?;
    let part = |name: &str| {
        let define = format!("#define TORCH_VERSION_{name} ");
        text.lines()
            .find_map(|line| line.strip_prefix(&define))
            .map(|value| value.trim().to_owned())
    };
    Some(format!(
        "{}.{}.{}",
        part("MAJOR")?,
        part("MINOR")?,
        part("PATCH")?
    ))
}
