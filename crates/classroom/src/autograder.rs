//! The folder that Gradescope takes as an autograder.

/// One file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutograderFile {
    /// Its name.
    pub name: &'static str,
    /// What is in it.
    pub content: Vec<u8>,
    /// Whether it is a program.
    pub program: bool,
}

const SETUP: &str = "\
#!/usr/bin/env bash
# Gradescope runs this once when it makes the image. The program needs nothing but itself.
set -e
chmod +x /autograder/source/workbench
";

/// The script that grades, with the option for the assignment.
fn run(option: &str) -> String {
    format!(
        "\
#!/usr/bin/env bash
# Gradescope runs this for every submission, whose files lie unpacked in /autograder/submission.
set -u
mkdir -p /autograder/results
cd /autograder/source
export XDG_DATA_HOME=/tmp/workbench-data XDG_CONFIG_HOME=/tmp/workbench-config
./workbench grade /autograder/submission {option}--reexecute 3 \\
    --results /autograder/results/results.json
if [ ! -s /autograder/results/results.json ]; then
    echo '{{\"score\": 0, \"output\": \"The submission could not be graded.\"}}' \\
        > /autograder/results/results.json
fi
"
    )
}

/// The files of an autograder: this program, and the assignment where there is one.
pub fn autograder(program: Vec<u8>, assignment: Option<Vec<u8>>) -> Vec<AutograderFile> {
    let option = if assignment.is_some() {
        "--assignment assignment.toml "
    } else {
        ""
    };
    let script = |name, text: String| AutograderFile {
        name,
        content: text.into_bytes(),
        program: true,
    };
    let mut files = vec![
        script("setup.sh", SETUP.to_owned()),
        script("run_autograder", run(option)),
        AutograderFile {
            name: "workbench",
            content: program,
            program: true,
        },
    ];
    files.extend(assignment.map(|content| AutograderFile {
        name: "assignment.toml",
        content,
        program: false,
    }));
    files
}
