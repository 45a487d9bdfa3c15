//! `apicsim completions` and `apicsim man`: made from the tables that parse, so nothing can be missing; and what shells and
//! man readers want of them.

use crate::support::apicsim;
use apicsim::scenario::{ALL_ARCHES, VARIANTS, builtin_names};
use std::io::Write;
use std::process::{Command, Stdio};

const COMMANDS: [&str; 11] =
    ["list", "show", "run", "replay", "matrix", "explain", "accesses", "demo", "script", "serve", "completions"];

fn printed(arguments: &[&str]) -> String {
    let output = apicsim(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_shell_completes_commands_and_names() {
    for shell in ["bash", "zsh", "fish"] {
        let text = printed(&["completions", shell]);
        let names = ALL_ARCHES.iter().chain(&VARIANTS).copied();
        for name in COMMANDS.into_iter().chain(names).chain(builtin_names()) {
            assert!(text.contains(name), "{shell} does not know {name}");
        }
    }
    let refused = apicsim(&["completions", "tcsh"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("unknown shell `tcsh`"));
}

/// What takes a file is completed as one, and a scenario by its name or as a file.
#[test]
fn paths_are_completed() {
    let text = printed(&["completions", "zsh"]);
    for wanted in [":FILE:_files'", ":PATH:_files'", "::file -- ", "'files:scenario file:_files'"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    let names = builtin_names().join(" ");
    let scenarios: Vec<&str> = text.lines().filter(|line| line.contains("path to a TOML file")).collect();
    assert!(
        scenarios.len() >= 4 && scenarios.iter().all(|line| line.contains(":_apicsim_scenarios'")),
        "{scenarios:?}"
    );
    assert_eq!(text.matches(&names).count(), 1, "they stand in the function, once");
    let file = text.lines().find(|line| line.contains("::file -- ")).unwrap();
    assert!(file.contains(":_files'"), "{file}");
    // Z shell itself reads it, where there is one.
    let shell = Command::new("zsh").args(["-f", "-n", "/dev/stdin"]).stdin(Stdio::piped()).spawn();
    if let Ok(mut zsh) = shell {
        zsh.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(zsh.wait().unwrap().success());
    }
    // fish: names beside files, which only `-f` would forbid
    let fish = printed(&["completions", "fish"]);
    let moved = fish.lines().find(|line| line.contains("subcommand replay") && line.contains("-l scenario")).unwrap();
    assert!(moved.ends_with("-r -F"), "{moved}");
    for command in ["run", "matrix", "explain", "messages", "show"] {
        let line = format!("complete -c apicsim -n \"__fish_apicsim_using_subcommand {command}\" -a \"{names}\"");
        assert!(fish.lines().any(|one| one == line), "{command}");
    }
}

/// Bash itself is asked, where there is one.
#[test]
fn bash_completes_what_was_begun() {
    let script = printed(&["completions", "bash"]);
    let asked = |words: &str, current: usize| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({words})\nCOMP_CWORD={current}\n_apicsim apicsim \"${{COMP_WORDS[$COMP_CWORD]}}\" \
             \"${{COMP_WORDS[$COMP_CWORD-1]}}\"\necho \"${{COMPREPLY[*]}}\"\n"
        );
        let mut bash = Command::new("bash").arg("-s").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        bash.stdin.take().unwrap().write_all(ask.as_bytes()).unwrap();
        Some(String::from_utf8(bash.wait_with_output().unwrap().stdout).unwrap().trim().to_owned())
    };
    let Some(explain) = asked("apicsim expl", 1) else { return };
    assert_eq!(explain, "explain", "what comes later is not offered");
    assert_eq!(asked("apicsim run nmi-st", 2).unwrap(), "nmi-stall");
    assert_eq!(asked("apicsim run nmi-stall --variant mer", 4).unwrap(), "merged");
    assert_eq!(asked("apicsim run nmi-stall --arch x86_64/ph", 4).unwrap(), "x86_64/physflat");
    assert_eq!(asked("apicsim accesses --call sync_", 3).unwrap(), "sync_Arb_IDs");
}

#[test]
fn every_command_has_a_page() {
    let program = printed(&["man"]);
    assert!(program.contains(".TH apicsim 1"), "{program}");
    for command in COMMANDS {
        assert!(program.contains(&format!("apicsim\\-{command}(1)")), "{command} in\n{program}");
        let page = printed(&["man", command]);
        assert!(page.contains(&format!(".TH apicsim-{command} 1")) && page.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(printed(&["man", "run"]).contains("\\-\\-limit\\-us"), "its options");
    for unknown in ["rnu", "explore"] {
        let refused = apicsim(&["man", unknown]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8(refused.stderr).unwrap().contains(&format!("there is no command `{unknown}`")));
    }
}
