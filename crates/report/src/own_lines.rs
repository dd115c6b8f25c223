//! Lines of a program that no other program of the run has: what makes it what it is.

use std::collections::BTreeSet;

use workbench_result::ArmSource;

/// For each program, which of its lines only it has. Blank lines and comments are nobody's own, and
/// neither is anything where there is one program.
pub fn own_lines(sources: &[ArmSource]) -> Vec<Vec<bool>> {
    let code: Vec<Vec<&str>> = sources.iter().map(code).collect();
    let of_others = |of: usize| -> BTreeSet<&str> {
        let others = code.iter().enumerate().filter(|(at, _)| *at != of);
        others
            .flat_map(|(_, lines)| lines.iter().copied())
            .collect()
    };
    (0..sources.len())
        .map(|at| {
            let others = of_others(at);
            let is_own =
                |line: &&str| sources.len() > 1 && !line.is_empty() && !others.contains(line);
            code[at].iter().map(is_own).collect()
        })
        .collect()
}

/// The lines of a program without indentation; those that are no code are empty.
fn code(source: &ArmSource) -> Vec<&str> {
    let lines = source.source.text.lines().map(str::trim);
    lines
        .map(|line| if line.starts_with("//") { "" } else { line })
        .collect()
}

#[cfg(test)]
mod tests {
    use workbench_record::Source;

    use super::*;

    fn program(text: &str) -> ArmSource {
        ArmSource {
            arm: text.to_owned(),
            source: Source {
                file: "x.rs".to_owned(),
                text: text.to_owned(),
            },
        }
    }

    #[test]
    fn a_line_that_another_program_has_is_not_its_own() {
        let all = [
            program("// by hand\nlet a = 1;\n    step();\n\nsync();\n"),
            program("let a = 1;\nstep();\n// step\nrun();"),
        ];
        assert_eq!(
            own_lines(&all),
            [
                vec![false, false, false, false, true],
                vec![false, false, false, true]
            ]
        );
        assert_eq!(own_lines(&all[..1]), [vec![false; 5]]);
    }
}
