//! `cpu K why` and `cpu K why icr` in scripts: the chain of causes at an instant. What is right is the manual's, quoted by
//! section (SDM volume 3) at each case.

mod vectors;

use crate::support::{apicsim, json};

/// The bus of the P6, on which the delivery status shows what becomes of a message; the emulators' machine else.
const P6: &[&str] = &["--generation", "p6", "--bus", "serial"];

/// A name, the options, the operations, the root, and what the chain says, in this order.
type Case = (&'static str, &'static [&'static str], &'static str, &'static str, &'static [&'static str]);

/// What is printed for a script.
fn printed(name: &str, text: &str, options: &[&str]) -> String {
    let path = std::env::temp_dir().join(format!("apicsim-why-{}-{name}.apic", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let output = apicsim(&[&["script", path.to_str().unwrap()], options].concat());
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{name}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The answer of the last operation, and the chain below it, unwrapped.
fn asked(name: &str, text: &str, options: &[&str]) -> (String, Vec<String>) {
    let printed = printed(name, text, options);
    let lines: Vec<&str> = printed.lines().collect();
    let operation = lines.iter().rposition(|line| !line.starts_with('#')).unwrap();
    let (_, answer) = lines[operation].split_once(" => ").unwrap();
    let mut chain: Vec<String> = Vec::new();
    for line in &lines[operation + 1..lines.len() - 1] {
        match line.strip_prefix("#     ") {
            Some(more) => *chain.last_mut().unwrap() += &format!(" {more}"),
            None => chain.push(line.strip_prefix("#   ").unwrap().to_owned()),
        }
    }
    (answer.to_owned(), chain)
}

#[test]
fn why_names_what_keeps_a_cpu_from_answering() {
    let table: [Case; 13] = [
        // nothing has been done yet: a CPU starts with its interrupts off
        ("first", &[], "cpu 1 why", "it runs, and has taken all that came", &["CPU1 has interrupts off since 0 µs"]),
        // 6.8.1: with IF clear maskable interrupts are held off
        (
            "cli",
            &[],
            "cpu 0 ipi 1 0x31\nwait\ncpu 1 why",
            "it does not take 31: its interrupts are off",
            &["CPU1 does not take 31, which came at ", " from CPU0: its interrupts are off"],
        ),
        // 10.8.3.1: a vector whose class is not above the processor priority is held in the IRR
        (
            "priority",
            &[],
            "cpu 1 sti\ncpu 1 write TPR 0x30\ncpu 0 ipi 1 0x35\nwait\ncpu 1 why",
            "it does not take 35: its processor priority is 30",
            &["CPU1 does not take 35"],
        ),
        // 6.7.1: until IRET further NMIs are blocked, one is held
        (
            "nmi",
            &[],
            "cpu 1 nmi_block\ncpu 0 ipi 1 NMI\nwait\ncpu 0 ipi 1 NMI\nwait\ncpu 1 why",
            "it does not take an NMI: it is in its NMI handler",
            &["CPU1 is in its NMI handler since ", "CPU1 does not take an NMI, which came at "],
        ),
        // 34.3.1: in SMM INIT is held until RSM
        (
            "smm",
            &[],
            "cpu 1 smm_block\ncpu 0 ipi 1 SMI\nwait\ncpu 0 ipi 1 INIT|ASSERT\nwait\ncpu 1 why",
            "it does not take an INIT: it is in system-management mode",
            &["CPU1 is in system-management mode since ", "does not take an INIT"],
        ),
        // 6.15, interrupt 8: in shutdown only NMI, SMI, INIT and reset act
        (
            "shutdown",
            &[],
            "cpu 1 sti\ncpu 1 shutdown\ncpu 0 ipi 1 0x41\nwait\ncpu 1 why",
            "CPU1 is in shutdown",
            &["CPU1 is in shutdown since ", "as its software asked", "does not take 41", "it is in shutdown"],
        ),
        // 8.4.2, 10.4.7.3: after INIT a CPU waits for a start-up message
        (
            "init",
            &[],
            "cpu 0 ipi 1 INIT|ASSERT\nwait\ncpu 1 why",
            "no start-up message reaches it",
            &["CPU1 waits for a start-up message since ", "INIT to physical 01 from CPU0", "no STARTUP has been sent"],
        ),
        // HLT ends by an interrupt, and none came
        (
            "hlt",
            &[],
            "cpu 1 hlt\nwait\ncpu 1 why",
            "it is in HLT, and nothing has come since",
            &["CPU1 is in HLT since "],
        ),
        // there is code at 08h, 09h and 0Ah only
        (
            "nowhere",
            &[],
            "cpu 0 ipi 1 INIT\nwait\ncpu 0 ipi 1 SIPI|0x33\nwait\ncpu 1 why",
            "its program has ended",
            &["CPU1 was started where there is no code"],
        ),
        // 10.4.7.2: a software-disabled APIC holds what is in its IRR; with interrupts on nothing is left there
        (
            "disabled",
            &[],
            "cpu 1 write SVR 0xff\ncpu 1 why",
            "its APIC is software-disabled",
            &["the APIC of CPU1 is software-disabled"],
        ),
        // 10.4.3
        (
            "off",
            &[],
            "cpu 1 wrmsr APIC_BASE 0xfee00000\ncpu 1 why",
            "its APIC is globally disabled",
            &["the APIC of CPU1 is globally disabled"],
        ),
        // 10.8.4: two interrupts a priority class on P6; a third is rejected, the sender retries
        (
            "class",
            P6,
            "cpu 0 ipi 1 0xfb\nwait\ncpu 0 ipi 1 0xfc\nwait\ncpu 0 ipi 1 0xfd\nwait\ncpu 0 why",
            "CPU1's class F stays full: it takes no interrupt",
            &["CPU0's ICR is busy since ", "FIXED FD to physical 01", "Retry every 1.26 µs", "FB in IRR from CPU0"],
        ),
        // the store that waits for the message before it, by the knob
        (
            "stall",
            &["--generation", "p6", "--bus", "serial", "--set", "knobs.icr_write_while_busy=stall"],
            "cpu 2 ipi 1 0xfb\nwait\ncpu 2 ipi 1 0xfc\nwait\ncpu 2 ipi 1 0xfd\ncpu 2 ipi 1 0xfe\ncpu 2 why",
            "CPU1's class F stays full: it takes no interrupt",
            &["CPU2's store to its ICR has not completed since ", "FIXED FD to physical 01", "class F is full"],
        ),
    ];
    for (name, options, script, root, says) in table {
        let (answer, chain) = asked(name, &format!("cpus 3\n{script}\n"), options);
        assert_eq!(answer, root, "{name}: {chain:#?}");
        let chain = chain.join("\n");
        let mut rest = chain.as_str();
        for part in says {
            rest = rest.split_once(part).unwrap_or_else(|| panic!("{name}: `{part}` is missing in\n{chain}")).1;
        }
        assert!(!chain.contains(".rs:"), "{name}: a line of the guest means nothing to anybody\n{chain}");
    }
}

/// The same for the message that the ICR holds, or held.
#[test]
fn why_icr_says_where_the_last_message_went() {
    let table: [Case; 15] = [
        ("none", &[], "cpu 1 why icr", "it has sent no message", &[]),
        // the start-up of the other CPUs is CPU 0's, too
        ("start", &[], "cpu 0 why icr", "its message has arrived", &["STARTUP to physical 02", "it started CPU2 at "]),
        (
            "taken",
            &[],
            "cpu 1 sti\ncpu 0 ipi 1 0x31\nwait\ncpu 0 why icr",
            "its message has arrived",
            &["FIXED 31 to physical 01, for CPU1", "CPU1 got it at ", "and has taken it"],
        ),
        ("way", &[], "cpu 0 ipi 1 0x31\ncpu 0 why icr", "its message is on its way", &["it is on its way to CPU1"]),
        (
            "held",
            &[],
            "cpu 0 ipi 1 0x31\nwait\ncpu 0 why icr",
            "CPU1 does not take it: its interrupts are off",
            &["CPU1 got it at ", "does not take 31"],
        ),
        // the second of a vector that is pending merges (10.8.4)
        (
            "merged",
            &[],
            "cpu 0 ipi 1 0x31\nwait\ncpu 0 ipi 1 0x31\nwait\ncpu 0 why icr",
            "CPU1 does not take it: its interrupts are off",
            &["two became one"],
        ),
        ("nobody", &[], "cpu 0 ipi 9 0x31\nwait\ncpu 0 why icr", "its message is for no CPU", &["for no CPU"]),
        // 10.6.1: on the 3-wire bus nobody answers, an accept error, and it is resent
        (
            "nobody-p6",
            P6,
            "cpu 0 ipi 9 0x31\nwait\ncpu 0 why icr",
            "no APIC answers to the destination",
            &["FIXED 31 to physical 09", "an accept error, resent every 1.26 µs"],
        ),
        // table 10-3: NMI is invalid with the shorthand "self"
        (
            "invalid",
            &[],
            "cpu 0 write ICRL SELF|NMI\ncpu 0 why icr",
            "no message was sent: this APIC takes no such command",
            &["CPU0 wrote 00040400 to its ICR at "],
        ),
        // 8.4.2: a start-up message acts only on a CPU that waits for one
        (
            "sipi",
            &[],
            "cpu 0 ipi 1 SIPI|8\nwait\ncpu 0 why icr",
            "CPU1 did not wait for a start-up message",
            &["lost at ", "it ran"],
        ),
        // 8.4.2: NMIs are blocked until the start-up message
        (
            "blocked",
            &[],
            "cpu 0 ipi 1 INIT\nwait\ncpu 0 ipi 1 NMI\nwait\ncpu 0 why icr",
            "CPU1 waited for a start-up message",
            &["CPU1 lost it at "],
        ),
        // the message went away by an INIT of its target (10.4.7.3: IRR is cleared)
        (
            "gone",
            &[],
            "cpu 0 ipi 1 0x31\nwait\ncpu 2 ipi 1 INIT\nwait\ncpu 0 why icr",
            "CPU1 was initialised",
            &["CPU1 got it at ", "and was initialised at "],
        ),
        // and by a newer one of its sender, where a busy ICR is written
        (
            "replaced",
            P6,
            "cpu 0 ipi 9 0x31\nwait\ncpu 0 ipi 1 0x44\nwait\ncpu 0 why icr",
            "CPU1 does not take it: its interrupts are off",
            &["it took the place of FIXED 31 to physical 09", "that is lost", "CPU1 got it at "],
        ),
        // the self IPI register: the vector is requested when the write is done (10.12.11)
        (
            "self",
            &[],
            "cpu 1 wrmsr APIC_BASE 0xfee00000|EN|EXTD\ncpu 1 wrmsr X2:SELF 0x31\nwait\ncpu 1 why icr",
            "CPU1 does not take it: its interrupts are off",
            &["FIXED 31 to itself, for CPU1", "CPU1 got it at "],
        ),
        // in x2APIC mode, through its register (10.12.9)
        (
            "x2apic",
            &[],
            "cpu 0 wrmsr APIC_BASE 0xfee00000|EN|EXTD\ncpu 0 wrmsr X2:ICRL 0x100000031\nwait\ncpu 0 why icr",
            "CPU1 does not take it: its interrupts are off",
            &["FIXED 31 to physical 01, for CPU1"],
        ),
    ];
    for (name, options, script, root, says) in table {
        let (answer, chain) = asked(&format!("icr-{name}"), &format!("cpus 3\n{script}\n"), options);
        assert_eq!(answer, root, "{name}: {chain:#?}");
        let chain = chain.join("\n");
        let mut rest = chain.as_str();
        for part in says {
            rest = rest.split_once(part).unwrap_or_else(|| panic!("{name}: `{part}` is missing in\n{chain}")).1;
        }
    }
}

/// It is asked outside of simulated time: no answer and no instant of the others changes.
#[test]
fn asking_changes_nothing() {
    let plain = "cpus 2\ncpu 0 ipi 1 0x31\nwait\ncpu 1 vec IRR\n";
    let asking =
        "cpus 2\ncpu 0 why\ncpu 0 ipi 1 0x31\ncpu 0 why icr\nwait\ncpu 1 why\ncpu 1 why vector 31\ncpu 1 vec IRR\n";
    let of = |name: &str, text: &str| {
        let path = std::env::temp_dir().join(format!("apicsim-why-{}-{name}.apic", std::process::id()));
        std::fs::write(&path, text).unwrap();
        json(&["script", path.to_str().unwrap(), "--json"])
    };
    let (plain, asking) = (of("plain", plain), of("asking", asking));
    let lines = |document: &serde_json::Value| -> Vec<_> {
        let lines = document["lines"].as_array().unwrap().iter().filter(|line| line.get("why").is_none());
        lines.map(|line| (line["operation"].clone(), line["result"].clone(), line["at_us"].clone())).collect()
    };
    assert_eq!(lines(&plain), lines(&asking));
    let asked = &asking["lines"][4];
    assert_eq!(asked["result"], "it does not take 31: its interrupts are off");
    assert_eq!(asked["why"][0], "CPU1 has interrupts off since 0 us");
}

/// Piped, what is said of causes fits 80 columns.
#[test]
fn chains_are_wrapped() {
    let script = "cpus 2\ncpu 0 ipi 1 0xfb\nwait\ncpu 0 ipi 1 0xfc\nwait\ncpu 0 ipi 1 0xfd\nwait\ncpu 0 why icr\n";
    let printed = printed("wrapped", script, P6);
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    assert!(printed.lines().any(|line| line.starts_with("#     ")), "{printed}");
}
