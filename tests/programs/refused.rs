//! Wrong programs: one clear error, at the line and column of the file, that says what would be right.

use super::{handler, program, text};
use apicsim::scenario::{Request, load_text};

/// What is wrong, where (the words at which the marks stand), and a part of the message or its help.
fn refused(text: &str, at: &str, says: &[&str]) {
    let error = load_text(text, &Request::new("p.toml")).expect_err(text);
    let shown = error.render(false);
    let place = error.place().unwrap_or_else(|| panic!("no place: {shown}"));
    assert_eq!(&place.source().text()[place.span()], at, "{shown}");
    for part in says {
        assert!(shown.contains(part), "`{part}` is missing in {shown}");
    }
}

#[test]
fn a_wrong_step_says_what_would_be_right() {
    let table: [(&str, &str, &[&str]); 46] = [
        ("lok l", "lok", &["unknown step `lok`", "did you mean `lock`?"]),
        ("lock m", "m", &["no lock `m`", "locks = [\"m\"]"]),
        ("lock w", "w", &["no lock `w`"]),
        ("set v 1", "v", &["no word `v`", "words = { v = 0 }"]),
        ("set w", "", &["N is missing"]),
        ("set w 1 2", "2", &["one token too many"]),
        ("set w 0x1ffffffff", "0x1ffffffff", &["32 bits"]),
        ("set kernel:call_lok 1", "kernel:call_lok", &["did you mean `kernel:call_lock`?"]),
        ("lock kernel:call_data", "kernel:call_data", &["is no lock"]),
        ("delay 10", "10", &["no unit", "10us"]),
        ("delay 10 us", "10", &["no unit"]),
        ("delay 10uss", "10uss", &["`uss` is not a unit", "did you mean `us`?"]),
        ("delay -1us", "-1us", &["not a time"]),
        ("delay 0.5ps", "0.5ps", &["whole number of picoseconds"]),
        ("delay 20000s", "20000s", &["too long"]),
        ("delay uniform(5us,1us)", "uniform(5us,1us)", &["lesser comes first"]),
        ("delay uniform(5us)", "uniform(5us)", &["takes other times"]),
        ("delay exp(10)", "10", &["no unit"]),
        ("delay normal(10us)", "normal(10us)", &["draws nothing"]),
        ("delay exp(10us", "exp(10us", &["closing parenthesis"]),
        ("await w = 1", "=", &["compares nothing"]),
        ("await w == 1 until 5us", "until", &["`for` can stand here"]),
        ("repeat 0 {\npause\n}", "0", &["out of range"]),
        ("forever {\n}", "forever", &["no time passes"]),
        ("forever {\n say \"x\"\n}", "forever", &["no time passes", "`pause`"]),
        ("every 0us {\npause\n}", "0us", &["no time apart"]),
        ("forever", "forever", &["block of `forever` is missing"]),
        ("pause {\n}", "{", &["has no block"]),
        ("}", "}", &["closes nothing"]),
        ("irqs-off {\npause", "{", &["is not closed"]),
        ("else {\npause\n}", "else", &["belongs to no `if` or `try`"]),
        ("say hello", "hello", &["in quotes"]),
        ("reach 1st", "1st", &["not a name"]),
        ("call smp_call_funktion", "smp_call_funktion", &["did you mean `smp_call_function`?"]),
        ("call smp_send_reschedule", "call smp_send_reschedule", &["needs to="]),
        ("call smp_send_reschedule to=7", "7", &["no CPU 7"]),
        ("call send_IPI_mask to=1 vector=8", "8", &["0x10 to 0xFE"]),
        ("call x2apic_send_IPI to=1 vector=0x31", "x2apic_send_IPI", &["of i386/default has no"]),
        ("vec IRR", "vec", &["its answer is for scripts"]),
        ("nmi", "", &["C is missing", "nmi C"]),
        ("nmi 7", "7", &["no CPU 7", "CPUs 0 to 1"]),
        ("nmi 1 5us", "5us", &["a pulse has no length"]),
        ("init one", "one", &["no number"]),
        ("smi 1 0us", "0us", &["of no time", "leave it out"]),
        ("smi 1 5us 6us", "6us", &["one token too many"]),
        ("timer deadline 5us vector=0x40", "deadline", &["no TSC-deadline mode"]),
    ];
    for (steps, at, says) in table {
        let text = text("words = { w = 0 }\nlocks = [\"l\"]\ngoal = \"all-programs-end\"", &program(0, steps));
        refused(&text, at, says);
    }
}

#[test]
fn wrong_declarations_handlers_and_goals_are_refused() {
    let all = "goal = \"all-programs-end\"";
    let idle = program(0, "pause");
    refused(&text("goal = \"reach:ende\"", &program(0, "reach end")), "\"reach:ende\"", &["did you mean `reach:end`?"]);
    refused(&text(&format!("locks = [\"a\", \"a\"]\n{all}"), &idle), "\"a\"", &["declared twice"]);
    refused(&text(&format!("locks = [\"1\"]\n{all}"), &idle), "\"1\"", &["not a name"]);
    refused(&text(&format!("words = [\"a\"]\n{all}"), &idle), "[\"a\"]", &["a table"]);
    refused(&text(all, &program(0, "# nothing")), "'''\n# nothing\n'''", &["without a step"]);
    let twice = handler(1, "0x50", "pause") + &handler(1, "0x50", "pause");
    refused(&text(all, &(idle.clone() + &twice)), "0x50", &["two handlers"]);
    refused(&text(all, &(idle.clone() + &handler(1, "\"nmj\"", "pause"))), "\"nmj\"", &["did you mean `nmi`?"]);
    refused(&text(all, &(idle.clone() + &handler(5, "0x50", "pause"))), "5", &["no CPU 5"]);
    let eoi = handler(1, "\"nmi\"", "pause") + "eoi = false\n";
    refused(&text(all, &(idle + &eoi)), "false", &["only an interrupt with a vector"]);
}

/// A program of a million steps, and blocks within blocks a thousand deep.
#[test]
fn a_program_has_a_greatest_size() {
    let long = program(0, &"pause\n".repeat(1_000_000));
    let error = load_text(&text("goal = \"all-programs-end\"", &long), &Request::new("p.toml")).expect_err("too long");
    assert!(error.message().contains("too long") && error.place().is_some(), "{error}");
    let deep = format!("{}pause\n{}", "irqs-off {\n".repeat(1_000), "}\n".repeat(1_000));
    let error = load_text(&text("goal = \"all-programs-end\"", &program(0, &deep)), &Request::new("p.toml"));
    assert!(error.expect_err("too deep").message().contains("too deep"));
}

/// Text with escapes stands in no line of the file as it is: errors show the text itself.
#[test]
fn a_program_with_escapes_is_shown_as_it_is_read() {
    let text = text("goal = \"all-programs-end\"", "[[event]]\nat_us = 1\ncpu = 0\nsteps = \"pause\\npaus\"\n");
    let error = load_text(&text, &Request::new("p.toml")).expect_err("unknown step");
    assert_eq!(error.place().unwrap().to_string(), "p.toml (event.0.steps):2:1");
}

/// A handler that lets its own interrupt in again, and sends it: the real program, the error and where it is.
#[test]
fn handlers_that_nest_without_an_end_are_bad_input() {
    let again = "write EOI 0\nsti\nipi 0 SELF|0x50\ndelay 5us";
    let text = text(
        "goal = \"reach:end\"",
        &(program(0, "ipi 0 SELF|0x50\ndelay 10ms\nreach end") + &handler(0, "0x50", again)),
    );
    let path = std::env::temp_dir().join(format!("apicsim-nest-{}.toml", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let output = crate::support::apicsim(&["run", path.to_str().unwrap()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    for part in ["nest more than 64 deep", "delay 5us", "a handler that lets its own interrupt in again"] {
        let said = crate::support::words(&message); // wherever its lines are broken
        assert!(said.contains(part), "`{part}` is missing in {message}");
    }
}
