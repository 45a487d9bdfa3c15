//! The examples of the fact sheet on programs, and what each kind of step does: by the manual, or by hand.

use super::{handler, line_of, load, program, report, text};
use crate::determinism::{assert_equal, every_execution};
use apicsim::Verdict::{Completed, Deadline, Hung};
use sim::{Proof, Time};

/// A lock that is held across a call, against a CPU that spins on it with interrupts off: nobody can go on.
#[test]
fn a_lock_against_an_ipi_is_proven_to_hang() {
    let text = text(
        "locks = [\"l\"]\ngoal = \"reach:back\"",
        &(program(0, "lock l\ndelay 5us\ncall smp_call_function\nunlock l\nreach back")
            + &program(1, "delay 1us\nirqs-off {\n  lock l # spins\n  unlock l\n}")),
    );
    let report = report(&text);
    let hang = report.hang.as_ref().unwrap();
    assert_eq!((report.verdict, report.proof, hang.cpu), (Hung, Some(Proof::Recurrence), 0));
    let why = hang.why.join("\n");
    for words in ["call smp_call_function", "lock l # spins", "lock l\n"] {
        let line = format!("(p.toml:{})", line_of(&(text.clone() + "\n"), words.trim_end()));
        assert!(why.contains(&line), "{line} is missing in\n{why}");
    }
    assert!(why.contains("they wait for each other"), "{why}");
    assert_equal(&load(&text), &every_execution(), &[true, false]);
}

/// Only `w == 0` is looked at, and before the loop: that it changes later saves nobody, and the loop is where it hangs.
#[test]
fn a_loop_behind_a_look_is_proven_to_hang() {
    let late = "[[event]]\nat_us = 3\ncpu = 1\nsteps = 'set w 1'\n";
    let steps = "if w == 0 {\n  forever {\n    pause\n    delay 1us # for ever\n  }\n}";
    let text = text("words = { w = 0 }\ngoal = \"all-programs-end\"", &(program(0, steps) + late));
    let report = report(&text);
    assert_eq!((report.verdict, report.proof), (Hung, Some(Proof::Recurrence)));
    let line = format!("(p.toml:{})", line_of(&text, "for ever"));
    assert!(report.hang.as_ref().is_some_and(|hang| hang.why.join("\n").contains(&line)), "{:?}", report.hang);
    assert_equal(&load(&text), &every_execution(), &[true, false]);
}

fn wake(set: &str, when: &str) -> String {
    text(
        "words = { work = 0, seen = 0 }\ngoal = \"reach:woken\"",
        &(program(0, &format!("set work {set}\nipi 0x02 LOGICAL|0x50\nawait seen == 1\nreach woken"))
            + &handler(1, "0x50", &format!("if work {when} {{\n  set seen 1\n}} else {{\n  add seen 4\n}}"))),
    )
}

#[test]
fn a_handler_answers_and_what_it_does_not_answer_is_explained_to_its_fate() {
    assert_eq!(report(&wake("1", "== 1")).verdict, Completed);
    assert_eq!(report(&wake("6", "& 4")).verdict, Completed);
    assert_eq!(report(&wake("6", "!= 6")).verdict, Hung);
    let hung = wake("1", "== 2");
    let report = super::report(&hung);
    let why = report.hang.unwrap().why.join("\n");
    assert_eq!((report.verdict, report.proof), (Hung, Some(Proof::Recurrence)));
    for part in ["awaits `seen`", "is 0x4", "handler of 50", "ipi 0x02", "has taken it, and has done with it"] {
        assert!(why.contains(part), "{part} is missing in\n{why}");
    }
    assert_equal(&load(&hung), &every_execution(), &[true, false]);
}

#[test]
fn a_lost_message_is_where_the_wait_ends() {
    let lost = wake("1", "== 1") + "[[fault]]\nat_us = 0\nkind = \"message\"\neffect = \"lose\"\nvector = 0x50\n";
    let report = report(&lost);
    let why = report.hang.unwrap().why.join("\n");
    assert!(report.verdict == Hung && why.contains("a fault lost it on its way to CPU1"), "{why}");
}

/// The instants that spans of time add up to, from 1 µs on.
#[test]
fn time_passes_as_the_steps_say() {
    let table = [
        ("delay 10us", 11_000_000),
        ("delay 1.5ms", 1_501_000_000),
        ("repeat 7 {\n  delay 2us\n}", 15_000_000),
        ("sleep-until 50us", 50_000_000),
        ("sleep-until 0us", 1_000_000),                         // in the past
        ("every 10us for 45us {\n  delay 1us\n}", 42_000_000),  // arrivals at 11, 21, 31 and 41
        ("every 10us for 30us {\n  delay 25us\n}", 86_000_000), // none waits for service: three of 25 µs from 11 on
        ("irqs-off {\n  delay 3us\n}", 4_000_000),
    ];
    for (steps, ps) in table {
        let report = report(&text("goal = \"reach:end\"", &program(0, &format!("{steps}\nreach end"))));
        let took = report.sim_time.as_ps();
        // Flags, and waking up: a few cycles each time.
        assert!(report.verdict == Completed && (ps..ps + 100_000).contains(&took), "{steps}: {took}");
    }
}

#[test]
fn a_bounded_wait_for_a_word_ends_by_its_bound_or_by_the_word() {
    let wait = "await w == 1 for 20us\nif w == 1 {\n  reach in-time\n}\nreach end";
    let sets = |after: &str| program(0, wait) + &program(1, &format!("delay {after}\nset w 1"));
    let goal =
        |goal: &str, after: &str| report(&text(&format!("words = {{ w = 0 }}\ngoal = \"reach:{goal}\""), &sets(after)));
    assert_eq!(goal("in-time", "10us").verdict, Completed);
    let late = goal("end", "30us");
    assert_eq!(late.verdict, Completed);
    let took = late.sim_time.since(Time::from_us(1)).as_ps();
    assert!((20_000_000..21_000_000).contains(&took), "twenty rounds of 1 µs: {took}");
    assert_ne!(goal("in-time", "30us").verdict, Completed);
}

#[test]
fn a_try_takes_one_way() {
    let tries = "try l {\n  reach ours\n  unlock l\n} else {\n  reach theirs\n}";
    let goal = |goal: &str, before: &str| {
        let declared = format!("locks = [\"l\"]\ngoal = \"reach:{goal}\"");
        report(&text(&declared, &program(0, &format!("{before}\n{tries}")))).verdict
    };
    assert_eq!((goal("ours", "pause"), goal("theirs", "lock l")), (Completed, Completed));
    assert_ne!(goal("ours", "lock l"), Completed);
}

/// SDM vol. 3 §10.5.4: one interrupt, or one each period, at the timer's frequency.
#[test]
fn timers_fire_as_often_as_they_are_set() {
    for arch in ["i386/default", "x86_64/flat", "modern/x2apic-phys"] {
        let deadline = if arch.starts_with("modern") { "deadline" } else { "oneshot" };
        for (timer, ticks) in [("periodic 10us", 9), ("oneshot 10us", 1), (&*format!("{deadline} 30us"), 1)] {
            let steps = format!(
                "timer {timer} vector=0x40\ndelay 95us\ntimer off\ndelay 50us\nif n == {ticks} {{\n  reach end\n}}"
            );
            let text =
                text("words = { n = 0 }\ngoal = \"reach:end\"", &(program(0, &steps) + &handler(0, "0x40", "add n 1")));
            let scenario = super::load_on(&text, arch, "before").unwrap();
            let report = apicsim::run(&scenario, &apicsim::Settings::seeded(0)).unwrap().0;
            assert_eq!(report.verdict, Completed, "{arch} {timer}");
        }
    }
}

#[test]
fn handlers_of_nmis_and_smis_take_the_kernels_place() {
    for (on, command) in [("\"nmi\"", "NMI"), ("\"smi\"", "SMI")] {
        let text = text(
            "words = { w = 0 }\ngoal = \"reach:end\"",
            &(program(0, &format!("ipi 0x02 LOGICAL|{command}\nawait w == 1\nreach end")) + &handler(1, on, "set w 1")),
        );
        assert_eq!(report(&text).verdict, Completed, "{on}");
    }
}

/// What cannot repeat itself is not proven, whatever it does; and no run of it is called hung.
#[test]
fn a_loop_that_draws_ends_at_the_limit() {
    for steps in ["forever {\n  delay exp(10us)\n}", "every 10us {\n  pause\n}"] {
        let report =
            report(&text("goal = \"reach:end\"\nlimit_us = 1000", &program(0, &format!("{steps}\nreach end"))));
        assert_eq!((report.verdict, report.proof), (Deadline, None), "{steps}");
    }
}

/// What is drawn comes from the seed, in every execution.
#[test]
fn draws_are_those_of_the_seed() {
    let scenario =
        load(&text("goal = \"reach:end\"", &program(0, "repeat 20 {\n  delay uniform(1us,9us)\n}\nreach end")));
    assert_equal(&scenario, &every_execution(), &[true, false]);
    let ends = |seed| apicsim::run(&scenario, &apicsim::Settings::seeded(seed)).unwrap().0.sim_time;
    assert_ne!(ends(1), ends(2));
    let mean: u64 = (0..50).map(|seed| ends(seed).as_ps() / 50).sum();
    assert!((95_000_000..107_000_000).contains(&mean), "twenty times 5 µs from 1 µs on: {mean}");
}

#[test]
fn what_programs_say_is_reported_and_a_lock_of_anothers_is_noticed() {
    let text = text(
        "locks = [\"l\"]\ngoal = \"reach:end\"",
        &(program(0, "lock l\nsay \"I have it\"\ndelay 10us\nreach end") + &program(1, "delay 5us\nunlock l")),
    );
    let report = report(&text);
    let said: Vec<_> = report.said.iter().map(|note| (note.cpu, &*note.text, &*note.step)).collect();
    let steps = [("say \"I have it\"", 0), ("unlock l", 1)];
    let places = steps.map(|(step, _)| format!("{step} (p.toml:{})", line_of(&text, step)));
    assert_eq!(said, [(0, "I have it", &*places[0]), (1, "gives back a lock that is not its own", &*places[1])]);
    let many = super::report(&super::text(
        "goal = \"reach:end\"",
        &program(0, "repeat 3000 {\nsay \"x\"\npause\n}\nreach end"),
    ));
    assert_eq!((many.said.len(), many.said_total), (100, 3_000));
}

/// What keeps a run open is named with its line, and a run that hangs is not said to be open.
#[test]
fn a_run_that_is_not_decided_says_which_line_kept_it_open() {
    let steps = "say \"on\"\nforever {\n  delay exp(10us)\n}";
    let text = text("goal = \"reach:end\"\nlimit_us = 1000", &program(0, &format!("{steps}\nreach end")));
    let open = report(&text).open_ended;
    let line = line_of(&text, "forever");
    assert!(open.len() == 1 && open[0].contains(&format!("(p.toml:{line})")), "{open:?}");
    for acts in ["add w 1", "irqs-off {\n  pause\n}", "ipi 0x02 LOGICAL|0x50\n delay 5us", "await w == 1 for 2us"] {
        let declared = "words = { w = 0 }\ngoal = \"reach:end\"\nlimit_us = 200";
        let acting = report(&super::text(declared, &program(0, &format!("forever {{\n{acts}\n}}\nreach end"))));
        assert_eq!((acting.verdict, acting.open_ended.len()), (Deadline, 1), "{acts}");
    }
    let hung = super::text("goal = \"reach:end\"", &program(0, "forever {\n  pause\n}\nreach end"));
    assert_eq!((report(&hung).verdict, report(&hung).open_ended.len()), (Hung, 0));
}

/// A loop of 9 µs is not proven within 200 µs, but within 2 ms; the report of the short run says that more time may do.
#[test]
fn a_run_that_had_too_little_time_says_so() {
    let steps = "forever {\n pause\n repeat 3 {\n pause\n delay 1us\n delay 2us\n }\n}";
    let folder = std::env::temp_dir().join(format!("too-little-time-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let first_line = |limit: u32| {
        let text = text(&format!("goal = \"all-programs-end\"\nlimit_us = {limit}"), &program(0, steps));
        std::fs::write(folder.join("p.toml"), &text).unwrap();
        let said = crate::support::apicsim_in(&folder, &["run", "p.toml"]);
        let said = crate::support::words(&String::from_utf8_lossy(&said.stdout));
        (report(&text).verdict, said.contains("effective since 1 µs: a longer `limit_us` may decide it"))
    };
    assert_eq!((first_line(200), first_line(2_000)), ((Deadline, true), (Hung, false)));
    std::fs::remove_dir_all(folder).unwrap();
}

/// A chooser of one's own: always the least, or always the greatest of what can be drawn.
#[test]
fn a_chooser_of_ones_own_decides() {
    #[derive(Debug)]
    struct Always(bool);
    impl sim::Chooser for Always {
        fn choose(&self, _: sim::ChoicePoint, alternatives: u32) -> u32 {
            if self.0 { alternatives - 1 } else { 0 }
        }
    }
    let scenario =
        load(&text("goal = \"reach:end\"", &program(0, "repeat 3 {\n  delay uniform(1us,9us)\n}\nreach end")));
    let ends = |greatest| {
        let always = apicsim::OwnPart::chooser("always", Always(greatest));
        let settings = apicsim::Settings::seeded(7).with_chooser(always);
        apicsim::run(&scenario, &settings).unwrap().0.sim_time
    };
    // From 1 µs on three times 1 or 9 µs, and the 40 ns of waking up.
    assert_eq!([false, true].map(|greatest| ends(greatest).as_ps() / 1_000_000), [4, 28]);
}

/// A vector below 16 is an error of its receiver (SDM vol. 3 §10.5.2, §10.5.3), and where its entry of the local vector table is
/// not masked, an interrupt of its own. If nobody notices the message, nobody notices that either; the checker, which is always
/// on, agrees.
#[test]
fn an_illegal_vector_that_meets_a_fault_is_an_error_of_its_receiver() {
    for effect in ["unnoticed", "delay", "duplicate"] {
        let fault = format!(
            "[[fault]]\nat_us = 0\nkind = \"message\"\neffect = \"{effect}\"\n{}",
            if effect == "unnoticed" { "" } else { "delay_us = 3\n" }
        );
        let happens = program(0, "delay 1us\nipi 0x02 LOGICAL|0x05\ndelay 20us\nif errors != 0 {\n  reach end\n}")
            + &program(1, "write LVTERR 0x60\ndelay 15us\npause")
            + &handler(1, "0x60", "add errors 1")
            + &fault;
        let text = text("words = { errors = 0 }\ngoal = \"reach:end\"", &happens);
        assert_eq!(report(&text).verdict == Completed, effect != "unnoticed", "{effect}");
        assert_equal(&load(&text), &every_execution(), &[true, false]);
    }
}
