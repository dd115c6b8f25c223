//! Which source wins, what is refused and how, and that what is printed reads back as the same
//! configuration.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proptest::prelude::*;
use workbench_experiment::lab::Lab;

use super::file::parse;
use super::setting::SettingKind;
use super::*;
use crate::registry;

const FILE: &str = "/home/ada/.config/workbench/config.toml";

/// All tests share them: their files are read once.
fn labs() -> &'static [Box<dyn Lab>] {
    static LABS: LazyLock<Vec<Box<dyn Lab>>> =
        LazyLock::new(|| registry::make(registry::LABS).unwrap());
    &LABS
}

fn resolved(text: &str, variables: &[(&str, &str)], flags: Flags) -> Result<Config, ConfigError> {
    let values = parse(text, Path::new(FILE), labs())?;
    Config::resolve(labs(), flags, values, |name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn values(config: &Config) -> Vec<Option<Value>> {
    config.chosen.iter().map(|c| c.value.clone()).collect()
}

#[test]
fn the_table_is_in_order_and_its_defaults_can_be_read() {
    for (index, setting) in SETTINGS.iter().enumerate() {
        assert_eq!(setting.key as usize, index, "{}", setting.name);
        assert!(Setting::named(setting.name).unwrap().key == setting.key);
        assert_eq!(setting.default.is_none(), !setting.unset.is_empty());
        assert!(setting.help.ends_with('.'), "{}", setting.name);
        if let Some(default) = setting.default {
            setting.read(default, labs()).unwrap();
        }
    }
    let config = resolved("", &[], Vec::new()).unwrap();
    assert!(config.run_dir().is_none());
    let screen = config.screen();
    assert_eq!(screen.theme, None);
    assert!(screen.mouse && !screen.ascii && screen.lab.is_none());
    assert_eq!(screen.frames_per_second, 10);
    assert_eq!(screen.prefer.export_format, Format::Html);
    assert_eq!(screen.prefer, Preferences::default());
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let file = "run_dir = \"/in/file\"\nframes_per_second = 4\n\nrepeats = 0x07\n";
    let variables = [
        ("WORKBENCH_RUN_DIR", "/in/variable"),
        ("WORKBENCH_REPEATS", "9"),
    ];
    let flag = vec![(Key::RunDir, Value::Place("/in/flag".into()))];
    let config = resolved(file, &variables, flag).unwrap();
    assert_eq!(config.run_dir(), Some(Path::new("/in/flag")));
    assert_eq!(config.of(Key::RunDir).source, SettingSource::Flag);
    assert_eq!(config.screen().prefer.repeats, Some(9));
    let variable = SettingSource::Environment("WORKBENCH_REPEATS".to_owned());
    assert_eq!(config.of(Key::Repeats).source, variable);
    assert_eq!(config.screen().frames_per_second, 4);
    assert_eq!(
        config.of(Key::FramesPerSecond).source,
        SettingSource::File(2)
    );
    assert_eq!(config.of(Key::Theme).source, SettingSource::Default);
    // An empty variable says nothing.
    let config = resolved(file, &[("WORKBENCH_REPEATS", "")], Vec::new()).unwrap();
    assert_eq!(config.screen().prefer.repeats, Some(7));
    assert_eq!(config.run_dir(), Some(Path::new("/in/file")));
}

#[test]
fn a_locale_without_all_characters_gets_ascii_unless_the_file_says_otherwise() {
    let ascii = |file: &str, variables: &[(&str, &str)]| {
        resolved(file, variables, Vec::new())
            .unwrap()
            .screen()
            .ascii
    };
    for (variables, expected) in [
        (&[("LANG", "en_GB.UTF-8")][..], false),
        (&[("LANG", "C.utf8")], false),
        (&[("LANG", "ca_ES.UTF-8@valencia")], false),
        (&[], false),
        (&[("LANG", "C")], true),
        (&[("LANG", "de_DE.ISO-8859-1")], true),
        (&[("LC_ALL", ""), ("LANG", "POSIX")], true),
        (&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")], true),
        (&[("LC_CTYPE", "C.UTF-8"), ("LANG", "C")], false),
        (&[("LANG", "C"), ("WORKBENCH_ASCII", "false")], false),
    ] {
        assert_eq!(ascii("", variables), expected, "{variables:?}");
    }
    assert!(!ascii("ascii = false", &[("LANG", "C")]));
}

#[test]
fn no_color_and_dumb_terminals_get_no_colour_unless_a_flag_says_so() {
    let file = "theme = \"light\"";
    let theme = |variables: &[(&str, &str)], flags: Flags| {
        let config = resolved(file, variables, flags).unwrap();
        (config.screen().theme.unwrap(), config.screen().ascii)
    };
    let light = ThemeName::Light;
    let mono = ThemeName::Mono;
    assert_eq!(theme(&[], Vec::new()), (light, false));
    assert_eq!(theme(&[("NO_COLOR", "1")], Vec::new()), (mono, false));
    assert_eq!(theme(&[("NO_COLOR", "")], Vec::new()), (light, false));
    assert_eq!(theme(&[("TERM", "dumb")], Vec::new()), (mono, true));
    assert_eq!(theme(&[("TERM", "vt100")], Vec::new()), (mono, true));
    assert_eq!(theme(&[("TERM", "linux")], Vec::new()), (light, true));
    assert_eq!(theme(&[("TERM", "xterm")], Vec::new()), (light, false));
    let both = [("NO_COLOR", "1"), ("WORKBENCH_THEME", "dark")];
    assert_eq!(theme(&both, Vec::new()), (mono, false));
    let named = vec![(Key::Theme, Value::Word("high-contrast".to_owned()))];
    let set = [("NO_COLOR", "1"), ("TERM", "dumb")];
    assert_eq!(theme(&set, named), (ThemeName::HighContrast, true));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, line, words) in [
        (
            "thme = \"dark\"",
            1,
            &["no setting `thme`", "did you mean `theme`"][..],
        ),
        (
            "\n[keys]\nquit = \"x\"",
            2,
            &["no setting `keys`", "run_dir"],
        ),
        (
            "# colours\ntheme = \"drak\"",
            2,
            &[
                "`theme` takes one of auto, dark, light",
                "not `drak`",
                "did you mean `dark`",
            ],
        ),
        ("theme = true", 1, &["`theme` takes one of", "not `true`"]),
        (
            "mouse = \"yes\"",
            1,
            &["`mouse` takes true or false", "not `yes`"],
        ),
        ("mouse = 1", 1, &["true or false, not `1`"]),
        (
            "frames_per_second = 11",
            1,
            &["a whole number from 1 to 10, not `11`"],
        ),
        ("frames_per_second = 0", 1, &["from 1 to 10"]),
        ("frames_per_second = -1", 1, &["not `-1`"]),
        ("frames_per_second = 2.5", 1, &["not `2.5`"]),
        (
            "frames_per_second = 99999999999999999999",
            1,
            &["`99999999"],
        ),
        (
            "lab = \"fr\"",
            1,
            &["`lab` takes one of rf, ddp, commands, tune, not `fr`"],
        ),
        ("preset = \"quik\"", 1, &["did you mean `quick`"]),
        (
            "export_format = \"pdf\"",
            1,
            &["html, json, csv, md, svg, png"],
        ),
        (
            "run_dir = \"\"",
            1,
            &["`run_dir` takes a directory, not nothing"],
        ),
        ("run_dir = \"a\\u0000b\"", 1, &["takes a directory"]),
        ("ascii = [\n\ntrue]", 1, &["true or false"]),
        ("ascii = true\nascii = true", 2, &["duplicate key"]),
        ("ascii = true\ntheme = dark\n", 2, &[]),
        ("\n\nascii =", 3, &[]),
        ("run_dir = \"\u{1b}[2J\"", 1, &[]),
    ] {
        let error = resolved(text, &[], Vec::new()).unwrap_err().to_string();
        let place = format!("{FILE}, line {line}: ");
        assert!(error.starts_with(&place), "{text:?}: {error}");
        for word in words {
            assert!(error.contains(word), "{text:?}: `{word}` in {error}");
        }
        assert!(!error.contains(char::is_control), "{error:?}");
    }
    let error = resolved("", &[("WORKBENCH_MOUSE", "off")], Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`WORKBENCH_MOUSE` takes true or false, not `off`"
    );
}

#[test]
fn directories_of_the_file_begin_at_home_or_beside_it() {
    let directory = |text: &str| {
        let config = resolved(&format!("run_dir = {text}"), &[], Vec::new()).unwrap();
        config.run_dir().unwrap().to_owned()
    };
    assert_eq!(directory("'/runs'"), Path::new("/runs"));
    let beside = Path::new("/home/ada/.config/workbench");
    assert_eq!(directory("'runs'"), beside.join("runs"));
    assert_eq!(directory("'~ada'"), beside.join("~ada"));
    let home = directories::BaseDirs::new().unwrap().home_dir().to_owned();
    assert_eq!(directory("'~/runs'"), home.join("runs"));
    assert_eq!(directory("'~'"), home);
}

#[test]
fn the_defaults_as_printed_are_the_defaults() {
    let printed = defaults(labs());
    let untouched = resolved("", &[], Vec::new()).unwrap();
    let read = resolved(&printed, &[], Vec::new()).unwrap();
    assert_eq!(values(&read), values(&untouched));
    for setting in &SETTINGS {
        assert!(printed.contains(setting.name), "{printed}");
    }
    // What stands there as an example is allowed, too.
    let uncommented: String = printed
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest)
                if SETTINGS
                    .iter()
                    .any(|s| rest.starts_with(&format!("{} = ", s.name))) =>
            {
                format!("{rest}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let all = resolved(&uncommented, &[], Vec::new()).unwrap();
    assert!(values(&all).iter().all(Option::is_some), "{uncommented}");
}

#[test]
fn a_file_that_is_missing_is_no_mistake_unless_it_was_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    assert_eq!(file::read(&path, false, labs()), Ok(None));
    let named = file::read(&path, true, labs()).unwrap_err().to_string();
    assert!(
        named.contains("config.toml") && named.contains("--default"),
        "{named}"
    );
    let read = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        file::read(&path, true, labs()).map(Option::unwrap)
    };
    assert_eq!(read(b"\xef\xbb\xbfascii = true\r\n").unwrap().len(), 1);
    let error = read(b"ascii = true\n# \xff").unwrap_err().to_string();
    assert!(
        error.contains("line 2") && error.contains("UTF-8"),
        "{error}"
    );
    let error = read(&vec![b'#'; 2 << 20]).unwrap_err().to_string();
    assert!(error.contains("larger than"), "{error}");
    assert!(file::read(dir.path(), true, labs()).is_err());
}

/// Any value that a setting allows.
fn allowed(setting: &'static Setting) -> BoxedStrategy<Value> {
    match setting.kind {
        SettingKind::Switch => any::<bool>().prop_map(Value::Switch).boxed(),
        SettingKind::Whole(min, max) => (min..=max).prop_map(Value::Whole).boxed(),
        SettingKind::Word(words) => prop::sample::select(words(labs()))
            .prop_map(Value::Word)
            .boxed(),
        SettingKind::Directory | SettingKind::File => "/[^\u{0}]{0,30}"
            .prop_map(|text| Value::Place(PathBuf::from(text)))
            .boxed(),
    }
}

fn any_flags() -> impl Strategy<Value = Flags> {
    let each: Vec<_> = SETTINGS
        .iter()
        .map(|setting| {
            let key = setting.key;
            prop::option::of(allowed(setting).prop_map(move |value| (key, value)))
        })
        .collect();
    each.prop_map(|flags| flags.into_iter().flatten().collect())
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(flags in any_flags(), no_color in any::<bool>()) {
        let variables: &[(&str, &str)] = if no_color { &[("NO_COLOR", "1")] } else { &[] };
        let config = resolved("", variables, flags).unwrap();
        let printed = effective(&config, labs());
        let read = resolved(&printed, &[], Vec::new()).unwrap();
        prop_assert_eq!(values(&read), values(&config), "{}", printed);
        // No byte of it does anything to a terminal.
        prop_assert!(!printed.contains(|c: char| c.is_control() && c != '\n'), "{:?}", printed);
    }

    #[test]
    fn whatever_the_file_says_there_is_a_configuration_or_one_line(text in "(?s).{0,200}") {
        if let Err(error) = resolved(&text, &[], Vec::new()) {
            let message = error.to_string();
            prop_assert!(!message.contains(char::is_control), "{:?}", message);
            prop_assert!(message.contains(", line "), "{}", message);
        }
    }

    #[test]
    fn settings_with_anything_for_a_value_are_taken_or_refused_by_name(
        index in 0..SETTINGS.len(),
        value in prop_oneof!["-?[0-9]{1,20}", "\"[^\"\\\\\u{0}-\u{1f}\u{7f}]{0,20}\"", "true|false|1.5|\\[\\]|\\{\\}"],
    ) {
        let name = SETTINGS[index].name;
        let text = format!("\n{name} = {value}\n");
        match resolved(&text, &[], Vec::new()) {
            Ok(config) => prop_assert_eq!(&config.chosen[index].source, &SettingSource::File(2)),
            Err(error) => {
                let message = error.to_string();
                prop_assert!(message.contains("line 2"), "{}", message);
            }
        }
    }
}
