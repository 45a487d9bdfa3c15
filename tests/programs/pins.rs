//! Pins that a program drives, by hand: on `i386/default` a register write takes 40 ns, a pin is seen 100 ns later, waking up
//! takes 40 ns and entering a handler 120 ns.

use super::{handler, line_of, load, program, report, text};
use crate::determinism::{assert_equal, every_execution};
use apicsim::Verdict::{Completed, Hung};

/// A program on CPU 0 and a handler on CPU 1 that reaches the goal: when it does.
fn reached(steps: &str, others: &str) -> u64 {
    let text = text("words = { n = 0 }\ngoal = \"reach:there\"", &(program(0, steps) + others));
    assert_equal(&load(&text), &every_execution(), &[true, false]);
    let report = report(&text);
    assert_eq!(report.verdict, Completed, "{text}");
    report.sim_time.as_ps()
}

/// CPU 0 wakes at 1 µs: 1.04; drives the pin at 1.08; CPU 1 sees it at 1.18, wakes and enters: 1.34.
#[test]
fn an_nmi_pin_is_seen_as_late_as_a_store_and_runs_the_handler() {
    assert_eq!(reached("nmi 1", &handler(1, "\"nmi\"", "reach there")), 1_340_000);
    assert_eq!(reached("smi 1", &handler(1, "\"smi\"", "reach there")), 1_340_000);
    // Its own pin: it is in no HLT, so that only the entry is to come.
    assert_eq!(reached("nmi 0\ndelay 5us", &handler(0, "\"nmi\"", "reach there")), 1_300_000);
}

/// One NMI is latched while another is served, more collapse into it (SDM vol. 3 §6.7.1).
#[test]
fn three_pulses_while_an_nmi_is_served_make_one_more() {
    let steps = "repeat 4 {\n  nmi 1\n  delay 1us\n}\ndelay 30us\nif n == 2 {\n  reach there\n}";
    reached(steps, &handler(1, "\"nmi\"", "add n 1\ndelay 10us"));
}

/// SDM vol. 3 §34.3: system management lets nothing in. Seen at 1.18 µs, entered at 1.34, over at 51.34; then RSM.
#[test]
fn an_smi_with_a_span_keeps_everything_out_for_so_long() {
    let at = reached("smi 1 50us\ndelay 5us\nipi 0x02 LOGICAL|0x50", &handler(1, "0x50", "reach there"));
    assert!((51_340_000..51_900_000).contains(&at), "{at}");
}

/// SDM vol. 3 §8.4.1, §10.4.7.3: an application processor waits for its start-up message, the bootstrap processor begins at
/// its reset vector.
#[test]
fn an_init_pin_resets_its_cpu() {
    let starts = "init 1\ndelay 10us\nipi 0x01 SIPI|0x08\ndelay 5us";
    let at = reached(starts, &handler(1, "\"reset\"", "reach there"));
    assert!((11_080_000..16_000_000).contains(&at), "{at}");
    reached("init 0\nforever {\n  pause\n}", &handler(0, "\"reset\"", "reach there"));
    let stays = text(
        "goal = \"reach:there\"",
        &(program(0, "init 1\nipi 0x02 LOGICAL|0x50") + &handler(1, "0x50", "reach there")),
    );
    assert_ne!(report(&stays).verdict, Completed);
}

/// What nobody drives is not said to come by a message.
#[test]
fn a_wait_for_an_nmi_handler_names_the_step_that_could_drive_the_pin() {
    let text = text(
        "words = { n = 0, w = 0 }\ngoal = \"reach:end\"",
        &(program(0, "await n == 1\nreach end")
            + &program(1, "await w == 1\nnmi 1")
            + &handler(1, "\"nmi\"", "add n 1")),
    );
    let report = report(&text);
    let why = report.hang.as_ref().unwrap().why.join("\n");
    let step = format!("nmi 1 (p.toml:{})", line_of(&text, "nmi 1"));
    assert!(report.verdict == Hung && why.contains(&step), "{why}");
}
