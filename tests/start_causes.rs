//! Starts of CPUs that do not come about, by what each sub-architecture starts them with: the report says who was asked,
//! and what became of that. What is right is what the story injects, and the kernel's own order (`kernel.md` §6).

use crate::support::report;

/// In this order, somewhere in the lines.
fn says(lines: &[String], parts: &[&str]) {
    let text = lines.join("\n");
    let mut rest = text.as_str();
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("`{part}` is missing in\n{text}")).1;
    }
}

/// A clustered ES7000 asks firmware by a register, and firmware of a CPU that is in shutdown takes nothing out.
#[test]
fn a_mailbox_that_is_not_emptied_names_its_request() {
    let report = report("boot-stuck-cpu", "i386/es7000-clustered", "before", &["fault.0.at_us=0"]);
    let hang = report.hang.unwrap();
    says(
        &hang.why,
        &[
            "CPU0 waits for the mailbox register since ",
            "the mailbox holds a request for CPU1, written by CPU0 at 5.058 us: es7000_start_cpu",
            "the firmware of CPU1 has not taken it",
            "CPU1 is in shutdown since 0 us, by a triple fault",
        ],
    );
}

/// NUMA-Q starts CPUs by an NMI, and sends no INIT.
#[test]
fn a_start_by_nmi_names_it() {
    let report = report("boot-stuck-cpu", "i386/numaq", "before", &[]);
    let start = report.start_ups.iter().find(|start| start.target == 1).unwrap();
    says(
        &start.why,
        &[
            "NMI to logical 02 from CPU0, sent at 5.126 us, was to start CPU1",
            "it came to CPU1 at ",
            "in shutdown since",
        ],
    );
    assert!(!start.why.iter().any(|line| line.contains("INIT")), "{:?}", start.why);
}

/// The first inquiry of a Pentium's APIC asks for its id, register 020h; here the bus has stopped before.
#[test]
fn a_remote_read_without_an_answer_names_whom_it_asked() {
    let faults = r#"fault=[{at_us=10900,kind="shutdown",cpu=1},{at_us=5000000,kind="lost-clock"}]"#;
    let report = report("boot-stuck-cpu", "i386/default", "before", &["machine.generation=pentium", faults]);
    let wait = report.given_up.iter().find(|wait| wait.what == "waits for a remote read").unwrap();
    says(
        &wait.why,
        &[
            "CPU0 waits for a remote read since ",
            "CPU0 asked physical 01, CPU1, for its register 020 at ",
            "it is not dispatched",
            "the serial bus has no clock since 5000000 us (injected fault)",
        ],
    );
}
