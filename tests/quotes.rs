//! Every command that the pages quote with its output (after `$ apicsim`) prints what they show. `...` stands for what
//! was left out. Not looked at: commands in running text and in tables.

use crate::support::apicsim_in;
use std::path::{Path, PathBuf};

/// The words of a command line, single quotes removed, up to a pipe.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in command.split(" | ").next().unwrap().chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

/// A folder with the files that a block shows (`$ cat NAME`); the repository's own if it shows none. A campaign, and what has
/// `--out`, writes into the folder that it runs in, so it gets one of its own, with the example.
fn files(block: &str) -> PathBuf {
    if block.contains("$ apicsim campaign ") || block.contains(" --out ") {
        let name = format!("apicsim-quotes-{}-campaign-{}", std::process::id(), block.len());
        let folder = std::env::temp_dir().join(name);
        let examples = "examples/campaign";
        std::fs::create_dir_all(folder.join(examples)).unwrap();
        for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(examples)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(examples).join(entry.file_name())).unwrap();
        }
        return folder;
    }
    let shown = block.split("$ ").filter_map(|quoted| quoted.strip_prefix("cat ")?.split_once('\n'));
    let mut folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for (name, text) in shown {
        folder = std::env::temp_dir().join(format!("apicsim-quotes-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// Is the quoted line this one? `...` inside it stands for anything.
fn same(quoted: &str, printed: &str) -> bool {
    let mut parts = quoted.trim_end().split("...");
    let Some(mut rest) = printed.trim_end().strip_prefix(parts.next().unwrap()) else { return false };
    let mut exact = true;
    for part in parts {
        exact = part.is_empty();
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        exact |= rest.is_empty();
    }
    if quoted.contains("...") { exact } else { rest.is_empty() }
}

/// The commands, or parts of one, that a paragraph names.
fn named(paragraph: &str) -> Vec<&str> {
    let code = paragraph.split('`').skip(1).step_by(2);
    code.filter(|code| code.starts_with("apicsim ") || code.starts_with("--")).collect()
}

/// A paragraph that asks (`**Why ...?**`) names in code a part of the command whose output follows, and nothing that is of
/// another. Gives the questions that have somebody else's answer.
fn misplaced_answers(page: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut before = "";
    for (number, part) in page.split("```").enumerate() {
        let (false, Some(block)) = (number % 2 == 0, part.strip_prefix("console\n")) else {
            before = part;
            continue;
        };
        let paragraph = before.trim_end().rsplit("\n\n").next().unwrap_or_default();
        let asks = paragraph.trim_start().strip_prefix("**").and_then(|rest| rest.split_once("**"));
        let Some((question, _)) = asks.filter(|(question, _)| question.ends_with('?')) else { continue };
        let command = block.lines().find_map(|line| line.strip_prefix("$ ")).unwrap_or_default();
        let named = named(paragraph);
        if named.is_empty() || !named.iter().all(|part| command.contains(part)) {
            wrong.push(format!("`{question}` names {named:?}, and the answer below it is that of `{command}`"));
        }
    }
    wrong
}

#[test]
fn an_answer_beside_another_question_is_noticed() {
    let page = |first: &str, second: &str| {
        format!(
            "**Why?** `apicsim explain a` says it:\n\n```console\n$ {first}\nx\n```\n\n\
             **Does it help?** With `--variant b`:\n\n```console\n$ {second}\ny\n```\n"
        )
    };
    let (explain, run) = ("apicsim explain a", "apicsim run a --variant b");
    assert_eq!(misplaced_answers(&page(explain, run)), Vec::<String>::new());
    assert_eq!(misplaced_answers(&page(run, explain)).len(), 2);
    assert_eq!(misplaced_answers("**Why?** So:\n\n```console\n$ apicsim list\n```\n").len(), 1, "it names nothing");
}

#[test]
fn quoted_lines_with_gaps() {
    assert!(same("at f (...) on x", "at f (a.rs:1) on x"));
    assert!(!same("at f (...) on x", "at f (a.rs:1) on xy"));
    assert!(!same("at f", "at fg"));
    assert!(same("why ...", "why CPU0 waits"));
}

#[test]
fn the_pages_quote_what_the_program_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = pages.filter(|page| page.extension().is_some_and(|extension| extension == "md"));
    let mut pages: Vec<_> = pages.chain([root.join("README.md")]).collect();
    pages.sort();
    let mut commands = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        assert_eq!(misplaced_answers(&text), Vec::<String>::new(), "{}", page.display());
        for block in text.split("```console\n").skip(1) {
            let block = block.split("```").next().unwrap();
            let folder = files(block);
            for quoted in block.split("$ ").skip(1) {
                let (command, expected) = quoted.split_once('\n').unwrap_or((quoted, ""));
                let Some(arguments) = command.strip_prefix("apicsim ") else { continue };
                let arguments = words(arguments);
                let output = apicsim_in(&folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
                let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
                let mut lines = printed.lines();
                for line in expected.lines().filter(|line| !["", "..."].contains(&line.trim())) {
                    assert!(
                        lines.any(|printed| same(line, printed)),
                        "{}: `{command}` does not print: {line}\n{printed}",
                        page.display()
                    );
                }
                commands += 1;
            }
        }
    }
    assert!(commands > 25, "only {commands} quoted commands were found");
}
