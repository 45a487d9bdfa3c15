//! What a run says of a wait that nobody ends: where the message went, who did not take it, and why. The cases are those of
//! public reports (VirtualBox issue 861, edk2 PR 13164 and others), each as small as it can be; what is right stands in the
//! manual, and the instants are those at which the scenario injects its fault.

use crate::support::apicsim;
use apicsim::scenario::{self, LINUX_ARCHES, Request, Scenario};
use apicsim::{RunReport, Settings, StartUpOutcome, Verdict, run};
use sim::Time;

fn scenario(text: &str, arch: &str) -> Scenario {
    let name = format!("apicsim-why-{}-{:?}.toml", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(name.replace(['(', ')'], "-"));
    let text = format!("format = 1\nname = \"case\"\nstory = \"A case from the field.\"\n{text}");
    std::fs::write(&path, text).unwrap();
    let mut request = Request::new(path.to_str().unwrap());
    request.arch = Some(arch.to_owned());
    let scenario = scenario::load(&request).unwrap_or_else(|error| panic!("{}", error.render(false)));
    std::fs::remove_file(path).unwrap();
    scenario
}

fn report(text: &str, arch: &str) -> RunReport {
    run(&scenario(text, arch), &Settings::seeded(0)).unwrap().0
}

/// Why a run hangs, on one line.
fn why(text: &str, arch: &str) -> String {
    let report = report(text, arch);
    assert_eq!(report.verdict, Verdict::Hung, "{arch}");
    report.hang.unwrap().why.join(" | ")
}

/// Linux, with an APIC.
fn kernels() -> impl Iterator<Item = &'static str> {
    LINUX_ARCHES.into_iter().filter(|arch| *arch != "modern/noop")
}

fn assert_says(arch: &str, said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{arch}: `{word}` is missing in: {said}");
    }
}

/// SDM vol. 3 §10.6.1: once a message is dispatched its sender does not hear of it again. So the chain must say itself that
/// it was sent, for whom, and that this one's APIC has been dead since 5 µs.
#[test]
fn a_message_to_a_dead_apic_is_followed_to_its_end() {
    let text = "goal = \"callers-return\"\n[machine]\ncpus = 4\n\
        [[event]]\nat_us = 10\ncpu = 0\nrole = \"call-function\"\nwait = true\n\
        [[fault]]\nkind = \"apic-dead\"\nat_us = 5\ncpu = 1\n";
    for arch in kernels() {
        let said = why(text, arch);
        let dispatched = said.contains("the bus was done with it");
        let dead =
            if dispatched { "CPU1 did not take it: its APIC is dead since 5 us" } else { "the APIC of CPU1 is dead" };
        assert_says(arch, &said, &[dead, "(injected fault)", "FIXED F", "__"]);
        assert!(said.contains("CPU0 sent") || said.contains("CPU0's ICR is busy since 1"), "{arch}: {said}");
    }
}

/// The target has never been started: its APIC is as after a reset (SDM vol. 3 §10.4.7.1), software-disabled and without a
/// logical id.
#[test]
fn a_message_to_a_cpu_that_was_never_started_names_it_and_its_state() {
    let text = "goal = \"callers-return\"\n[machine]\ncpus = 2\noffline = [1]\n\
        [[event]]\nat_us = 10\ncpu = 0\nrole = \"munmap\"\ntargets = [1]\n";
    for arch in kernels() {
        let said = why(text, arch);
        assert_says(arch, &said, &["for CPU1", "CPU0 sent FIXED", " us: "]);
        let state = ["waits for a start-up message", "software-disabled", "firmware"];
        assert!(state.iter().any(|state| said.contains(state)), "{arch}: {said}");
    }
}

/// It came up later: what was sent before is lost all the same.
#[test]
fn a_message_that_came_before_its_target_is_told_as_lost_then() {
    let text = "goal = \"callers-return\"\n[machine]\ncpus = 3\noffline = [1]\n\
        [[event]]\nat_us = 10\ncpu = 2\nrole = \"munmap\"\ntargets = [1]\n\
        [[event]]\nat_us = 1000\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n";
    let said = why(text, "x86_64/flat");
    assert_says(
        "x86_64/flat",
        &said,
        &["CPU2 sent FIXED", "for CPU1", "CPU1 did not take it: it waited for a start-up message"],
    );
    assert!(!said.contains("CPU1 waits for a start-up message"), "it runs by now: {said}");
}

/// INIT clears the IRR (SDM vol. 3 §10.4.7.3): a request that came before it is gone.
#[test]
fn an_init_that_swallows_a_request_is_named() {
    let text = |at: &str| {
        format!(
            "goal = \"callers-return\"\n[machine]\ncpus = 2\n[[event]]\nat_us = 100\ncpu = 0\nrole = \"munmap\"\n\
             targets = [1]\n[[fault]]\nkind = \"init\"\nat_us = {at}\ncpu = 1\n"
        )
    };
    let before = why(&text("50"), "x86_64/flat");
    assert_says("before", &before, &["CPU1 did not take it", "its pin INIT put it there", "since 50 us"]);
    let after = why(&text("100.6"), "x86_64/flat");
    assert_says("after", &after, &["CPU1 got it at 100.54 us", "CPU1 was initialised", "its pin INIT put it there"]);
}

/// A CPU in shutdown stops executing until INIT, NMI, SMI or a reset (SDM vol. 3 table 2-1 and §6.15, double fault).
#[test]
fn shutdown_is_named_with_its_instant_and_its_fault() {
    let text = "goal = \"callers-return\"\n[machine]\ncpus = 2\n\
        [[event]]\nat_us = 100\ncpu = 0\nrole = \"call-function\"\nwait = true\n\
        [[fault]]\nat_us = 50\ncpu = 1\nkind = \"shutdown\"\n";
    for arch in kernels() {
        let said = why(text, arch);
        assert_says(
            arch,
            &said,
            &["CPU0 sent FIXED", "for CPU1", "CPU1 is in shutdown since 50 us, by a triple fault at 50 us"],
        );
        assert!(!said.contains("cpu_idle") && !said.contains("interrupts off"), "{arch}: it executes nothing: {said}");
    }
}

/// The same of a CPU that is being booted: it does not wait to be called out.
#[test]
fn a_booting_cpu_in_shutdown_waits_for_nothing() {
    let text = "goal = \"cpus-started\"\n[machine]\ncpus = 2\noffline = [1]\n\
        [[event]]\nat_us = 100\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
        [[fault]]\nkind = \"shutdown\"\nat_us = 10800\ncpu = 1\n";
    let report = report(text, "i386/default");
    let hang = report.hang.unwrap();
    assert_eq!((hang.cpu, hang.at.as_str(), hang.since.to_string().as_str()), (1, "shutdown", "10800"));
    let said = hang.why.join(" | ");
    assert!(said.contains("CPU1 is in shutdown since 10800 us") && !said.contains("called out"), "{said}");
    assert_eq!(report.start_ups[0].outcome, StartUpOutcome::Stuck);
    let start = report.start_ups[0].why.join(" | ");
    assert_says("start", &start, &["it started CPU1", "it was in shutdown"]);
    // it waited for a start-up message already when the INIT came: that changes nothing, and is not latched
    assert!(!start.contains("latched"), "{start}");
}

fn started_twice(fault: &str) -> RunReport {
    let text = format!(
        "goal = \"callers-return\"\n[machine]\ncpus = 2\noffline = [1]\n\
         [[event]]\nat_us = 100\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
         [[event]]\nat_us = 50000\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
         [[event]]\nat_us = 200000\ncpu = 1\nrole = \"munmap\"\ntargets = [0]\n{fault}"
    );
    report(&text, "modern/xapic-flat")
}

/// INIT is latched in system-management mode until RSM, and a STARTUP acts in wait-for-SIPI only: so the CPU takes the INIT
/// at 105 ms and waits for ever (SDM vol. 3 §8.4.2, 10.6.1, 34.3.1). Each CPU's last attempt counts.
#[test]
fn a_second_start_of_a_cpu_in_smm_is_judged_by_itself() {
    let report = started_twice("[[fault]]\nkind = \"smm\"\nat_us = 45000\ncpu = 1\nlength_us = 60000\n");
    let outcomes: Vec<StartUpOutcome> = report.start_ups.iter().map(|start| start.outcome).collect();
    assert_eq!(outcomes, [StartUpOutcome::Booted, StartUpOutcome::NotResponding]);
    assert_eq!((report.start_ups[1].called_in, report.started), (None, 0));
    let start = report.start_ups[1].why.join(" | ");
    assert_says("start", &start, &["INIT is latched at CPU1", "CPU1 is in system-management mode since 45000 us"]);
    assert_eq!(start.matches("STARTUP").count(), 2, "{start}");
    assert_eq!(report.verdict, Verdict::Hung);
    let said = report.hang.unwrap().why.join(" | ");
    assert_says(
        "hang",
        &said,
        &["CPU1 waits for a start-up message since 105000", "INIT to physical 01 from CPU0", "put it there"],
    );
    assert_eq!(said.matches("it was in system-management mode, and its INIT was latched").count(), 2, "{said}");
}

/// The call-in of the third start is none of the second.
#[test]
fn a_start_is_not_taken_for_the_one_before() {
    let text = "goal = \"all-programs-end\"\n[machine]\ncpus = 2\noffline = [1]\n\
        [[event]]\nat_us = 100\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
        [[event]]\nat_us = 50000\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
        [[event]]\nat_us = 200000\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
        [[fault]]\nkind = \"smm\"\nat_us = 45000\ncpu = 1\nlength_us = 60000\n";
    let report = report(text, "modern/xapic-flat");
    let outcomes: Vec<_> = report.start_ups.iter().map(|start| (start.outcome, start.called_in.is_some())).collect();
    use StartUpOutcome::{Booted, NotResponding};
    assert_eq!(outcomes, [(Booted, true), (NotResponding, false), (Booted, true)]);
    assert_eq!(report.started, 1);
}

/// A CPU that the crash NMI has stopped has answered, though it never leaves its handler.
#[test]
fn stopped_cpus_are_not_blamed_for_a_shootdown_that_times_out() {
    let report = crate::support::report("kdump", "i386/default", "merged", &["stall=slots"]);
    let [given_up] = &report.given_up[..] else { panic!("{:?}", report.given_up) };
    let said = given_up.why.join(" | ");
    assert_says("kdump", &said, &["CPU2 does not answer: an NMI is latched", "CPU2 spins since"]);
    assert!(!said.contains("CPU1 is") && !said.contains("CPU3 is"), "{said}");
}

/// A crash counts all that run. Where the NMI "to all but itself" stays in its sender's quad, those of the other one were never asked.
#[test]
fn a_crash_whose_nmi_stays_in_its_quad_says_for_whom_none_was() {
    let report = crate::support::report("dead-link", "modern/xapic-flat", "modern", &["machine.bus=cluster"]);
    let [given_up] = &report.given_up[..] else { panic!("{:?}", report.given_up) };
    let said = given_up.why.join(" | ");
    assert_says(
        "dead-link",
        &said,
        &["NMI to all but itself, for CPU1, CPU2 and CPU3", "no message was for CPU4, CPU5, CPU6 and CPU7"],
    );
}

/// MP specification B-3: who gives a message up sends it again. Both are one question, whose answer is the fate of the last: here a
/// newer message takes its place, for CPU1 and CPU2; CPU3 was stopped.
#[test]
fn a_message_that_is_sent_again_is_followed_once() {
    let report = crate::support::report("back-pressure", "i386/es7000", "mps-retry", &[]);
    let said = report.given_up.last().expect("it waits in vain").why.join(" | ");
    assert_says("back-pressure", &said, &["for CPU1, at 111.60", "for CPU2, at 155.23", "took its place"]);
    assert!(!said.contains("89.81") && !said.contains("for CPU3"), "{said}");
}

/// Its APIC died in between: nothing reaches it, and it runs on.
#[test]
fn a_second_start_of_a_cpu_whose_apic_died_is_judged_by_itself() {
    let report = started_twice("[[fault]]\nkind = \"apic-dead\"\nat_us = 45000\ncpu = 1\n");
    assert_eq!((report.start_ups[1].outcome, report.started), (StartUpOutcome::NotResponding, 0));
    assert_says("start", &report.start_ups[1].why.join(" | "), &["its APIC is dead since 45000 us"]);
    // its own messages do not get out either
    assert_says("hang", &report.hang.unwrap().why.join(" | "), &["the APIC of CPU1 itself is dead since 45000 us"]);
}

/// An INIT brings a CPU out of shutdown, out of wait-for-SIPI and out of whatever it does: then it comes up again, and says
/// so after the second start began.
#[test]
fn a_second_start_that_works_is_reported_with_its_own_instant() {
    for fault in ["shutdown", "init", ""] {
        let injected = format!("[[fault]]\nkind = \"{fault}\"\nat_us = 45000\ncpu = 1\n");
        let report = started_twice(if fault.is_empty() { "" } else { &injected });
        let second = &report.start_ups[1];
        assert_eq!((second.outcome, report.started), (StartUpOutcome::Booted, 1), "{fault}");
        assert!(second.called_in.unwrap() > second.start && second.why.is_empty(), "{fault}: {second}");
    }
}

/// The goal, too, is that the CPU has come up since it was started last, and not that it did so once.
#[test]
fn the_goal_of_a_second_start_is_its_own() {
    let text = |fault: &str| {
        format!(
            "goal = \"cpus-started\"\n[machine]\ncpus = 2\noffline = [1]\n\
             [[event]]\nat_us = 100\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n\
             [[event]]\nat_us = 50000\ncpu = 0\nrole = \"boot-cpus\"\ntargets = [1]\n{fault}"
        )
    };
    let well = report(&text(""), "modern/xapic-flat");
    assert_eq!((well.verdict, well.started), (Verdict::Completed, 1));
    assert!(well.sim_time > Time::from_us(60_000), "{}", well.sim_time);
    let lost =
        report(&text("[[fault]]\nkind = \"smm\"\nat_us = 45000\ncpu = 1\nlength_us = 60000\n"), "modern/xapic-flat");
    assert_eq!((lost.verdict, lost.started, lost.hang.map(|hang| hang.cpu)), (Verdict::Hung, 0, Some(1)));
}

/// Two sequences on one CPU: the sender is back when the second one is.
#[test]
fn a_second_sequence_counts() {
    let text = "goal = \"senders-return\"\n[machine]\ncpus = 2\n\
        [[event]]\nat_us = 10\ncpu = 0\nrole = \"send-sequence\"\nvector = \"reschedule\"\ntargets = [1]\nrepeat = 1\n\
        [[event]]\nat_us = 500\ncpu = 0\nrole = \"send-sequence\"\nvector = \"reschedule\"\ntargets = [1]\nrepeat = 1\n";
    let report = report(text, "x86_64/flat");
    assert_eq!(report.verdict, Verdict::Completed);
    assert!(report.sim_time > Time::from_us(500), "{}", report.sim_time);
}

/// A CPU that nobody ever starts.
#[test]
fn a_cpu_that_was_never_started_says_so() {
    let text = "goal = \"callers-return\"\n[machine]\ncpus = 2\noffline = [1]\n\
        [[event]]\nat_us = 100\ncpu = 1\nrole = \"munmap\"\ntargets = [0]\n";
    let said = why(text, "x86_64/flat");
    assert_says("never", &said, &["CPU1 waits for a start-up message since 0 us", "has not run since", "no STARTUP"]);
}

const BACKTRACE: &str = "goal = \"callers-return\"\nlimit_us = 20000000\n[machine]\ncpus = 3\n\
    [[event]]\nat_us = 5\ncpu = 2\nrole = \"spin-irqs-off\"\n\
    [[event]]\nat_us = 10\ncpu = 0\nrole = \"backtrace\"\n";

/// The bound of the wait is 10 s in both kernels (`nmi_trigger_cpumask_backtrace`, v6.13; `__trigger_all_cpu_backtrace`).
#[test]
fn a_bounded_wait_that_times_out_is_reported_with_the_silent_cpu() {
    let silent = format!("{BACKTRACE}[[fault]]\nkind = \"apic-dead\"\nat_us = 7\ncpu = 1\n");
    for (arch, words) in [
        ("modern/xapic-flat", ["CPU0 sent NMI", "CPU1 did not take it: its APIC is dead since 7 us"]),
        ("i386/default", ["CPU1 has not answered", "CPU1 is in HLT"]),
    ] {
        let report = report(&silent, arch);
        let [given_up] = &report.given_up[..] else { panic!("{arch}: {:?}", report.given_up) };
        assert_eq!((given_up.cpu, given_up.what), (0, "waits for backtraces"), "{arch}");
        assert!(given_up.took.as_ps() >= 10_000_000_000_000, "{arch}: {}", given_up.took);
        assert_says(arch, &given_up.why.join(" | "), &words);
    }
}

/// One who answers is not blamed.
#[test]
fn a_bounded_wait_does_not_name_those_who_have_answered() {
    let report =
        report(&format!("{BACKTRACE}[[fault]]\nkind = \"apic-dead\"\nat_us = 7\ncpu = 1\n"), "modern/xapic-flat");
    let said = report.given_up[0].why.join(" | ");
    assert!(!said.contains("CPU2 is ") && !said.contains("CPU2 does not"), "{said}");
}

/// A run that ends at its limit says who waits, and for whom; but not that it is for ever.
#[test]
fn a_deadline_says_who_waits_for_whom() {
    let text = BACKTRACE.replace("20000000", "1000000") + "[[fault]]\nkind = \"apic-dead\"\nat_us = 7\ncpu = 1\n";
    let report = report(&text, "modern/xapic-flat");
    assert_eq!((report.verdict, report.hang.is_none()), (Verdict::Deadline, true));
    let waiting: Vec<u16> = report.waiting.iter().map(|waiting| waiting.cpu).collect();
    assert_eq!(waiting, [0, 2]);
    assert_says(
        "CPU0",
        &report.waiting[0].why.join(" | "),
        &["waits for backtraces", "CPU1 did not take it", "since 7 us"],
    );
    assert!(!report.waiting[1].why.join(" | ").contains("for ever"), "{:?}", report.waiting[1]);
}

/// A CPU in system-management mode takes no interrupt, NMI or INIT until RSM (SDM vol. 3 §34.3.1): as long as it lasts it is
/// what everybody waits for.
#[test]
fn system_management_mode_is_named_while_it_lasts() {
    let text = "goal = \"callers-return\"\nlimit_us = 30000\n[machine]\ncpus = 2\n\
        [[event]]\nat_us = 100\ncpu = 0\nrole = \"munmap\"\ntargets = [1]\n\
        [[fault]]\nkind = \"smm\"\nat_us = 50\ncpu = 1\nlength_us = 60000\n";
    for arch in kernels() {
        let report = report(text, arch);
        let said = report.waiting[0].why.join(" | ");
        assert_eq!(report.waiting[0].cpu, 0, "{arch}: {said}");
        assert_says(
            arch,
            &said,
            &["CPU0 sent FIXED", "CPU1 does not answer", "CPU1 is in system-management mode since 50 us"],
        );
    }
}

/// All of it is in the text and in the document, too.
#[test]
fn text_and_document_tell_it() {
    let output = apicsim(&["run", "backtrace", "--limit-us", "1000000"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("  waiting  CPU0 waits for backtraces since") && text.contains("CPU3 has not answered"),
        "{text}"
    );
    let document = crate::support::json(&["run", "backtrace", "--json"]);
    assert_eq!(document["given_up"][0]["cpu"], 0);
    assert_eq!(document["given_up"][0]["what"], "waits for backtraces");
    assert_eq!(document["waiting"].as_array().map(Vec::len), Some(0));
}
