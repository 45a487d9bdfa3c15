//! `--strict`: what is legal on the part that runs and wrong on another is found, and what is right is not.

use crate::support::{apicsim, function, json, words};
use serde_json::Value;
use std::collections::BTreeSet;

/// A file of its own.
fn file(name: &str, text: &str) -> String {
    let path = std::env::temp_dir().join(format!("apicsim-strict-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The ways to run: none of them changes a finding.
const WAYS: [&[&str]; 4] =
    [&[], &["--executor", "reference"], &["--threads", "3", "--window", "half"], &["--elision", "off"]];

/// The findings of a command, the same in every way to run it: rule, line, count.
fn findings(command: &[&str]) -> Vec<(String, usize, u64)> {
    let run = |way: &[&str]| json(&[command, &["--strict", "--json"], way].concat());
    let document = run(WAYS[0]);
    let strict = &document["strict"];
    for way in WAYS {
        assert_eq!(run(way)["strict"], *strict, "{command:?} {way:?}");
    }
    let all = strict.as_array().unwrap_or_else(|| panic!("{command:?}: {document}"));
    let total: u64 = all.iter().map(|finding| finding["count"].as_u64().unwrap()).sum();
    assert_eq!(document["strict_total"], total, "{command:?}");
    let told = |finding: &Value| {
        let at = finding["at"].as_str().unwrap();
        let line = at.rsplit(':').next().unwrap().trim_end_matches(')');
        let line = line.parse().unwrap_or_else(|_| panic!("{at} has a line"));
        (finding["rule"].as_str().unwrap().to_owned(), line, finding["count"].as_u64().unwrap())
    };
    all.iter().map(told).collect()
}

/// A script on this generation, whose lines that break `rule` end in `# wrong`; one after the other, each once.
fn check_script(name: &str, generation: &str, rule: &str, text: &str) {
    let path = file(&format!("{name}.apic"), text);
    let marked = text.lines().zip(1..).filter(|(line, _)| line.ends_with("# wrong"));
    let expected: Vec<(String, usize, u64)> = marked.map(|(_, line)| (rule.to_owned(), line, 1)).collect();
    assert_eq!(findings(&["script", &path, "--generation", generation]), expected, "{name} on {generation}");
}

/// SDM vol. 3 §10.6.1: the flag is 0 in the INIT level de-assert, and 1 in all other delivery modes.
#[test]
fn the_level_bit_is_asked_of_every_command_but_the_deassert() {
    let modes = "cpus 3\ncpu 0 ipi 1 0x31 # wrong\ncpu 0 ipi 1 0x4031\ncpu 0 ipi 1 0x131 # wrong\ncpu 0 ipi 1 0x4131\n\
                 cpu 0 ipi 1 0x200 # wrong\ncpu 0 ipi 1 0x4200\ncpu 0 ipi 1 0x400 # wrong\ncpu 0 ipi 1 0x4400\n\
                 cpu 0 ipi 2 0x500 # wrong\ncpu 0 ipi 2 0xC500\ncpu 0 ipi 2 0x8500\ncpu 0 ipi 2 0x608 # wrong\n\
                 cpu 0 ipi 2 0x4608\ncpu 0 write ICRL 0x40031 # wrong\ncpu 0 write ICRL 0x44031\n\
                 cpu 0 mw32 0xFEE00300 0x40032 # wrong\ncpu 0 mw32 0xFEE00300 0x44032\n";
    for generation in ["pentium", "p6", "xapic", "x2apic"] {
        check_script("level", generation, "level-bit", modes);
    }
    let model_specific = "cpus 2\ncpu 0 wrmsr APIC_BASE 0xfee00d00\ncpu 0 wrmsr X2:ICRL 0x100000031 # wrong\n\
                          cpu 0 wrmsr X2:ICRL 0x100004031\ncpu 0 wrmsr X2:SELF 0x31\n";
    check_script("level-msr", "x2apic", "level-bit", model_specific);
}

/// SDM vol. 3 §10.6.1: the write of the low half sends.
#[test]
fn a_command_goes_where_icr_high_says_when_it_is_written() {
    let rule = "icr-low-before-high";
    let never = "cpus 2\ncpu 1 write ICRL 0x4031 # wrong\ncpu 1 write ICRH 0\ncpu 1 write ICRL 0x4031\n";
    check_script("never", "xapic", rule, never);
    // each command before its own half
    let late = "cpus 2\ncpu 1 write ICRH 0\ncpu 1 write ICRL 0x4031\ncpu 1 write ICRL 0x4032 # wrong\n\
                cpu 1 write ICRH 0x1000000\ncpu 1 write ICRL 0x4033 # wrong\ncpu 1 write ICRH 0\n";
    check_script("late", "p6", rule, late);
    // twice to the same place; shorthands and the de-assert need none; nor does the wide register
    let right = "cpus 2\ncpu 1 write ICRL 0x84031\ncpu 1 write ICRL 0x8500\ncpu 1 write ICRH 0\ncpu 1 write ICRL 0x4031\n\
                 cpu 1 write ICRL 0x4031\ncpu 1 write ICRH 0x1000000\ncpu 1 write ICRL 0x4031\n";
    check_script("right", "p6", rule, right);
    let wide = "cpus 2\ncpu 1 wrmsr APIC_BASE 0xfee00c00\ncpu 1 wrmsr X2:ICRL 0x4031\n";
    check_script("wide", "x2apic", rule, wide);
    // the reset clears the register (§10.4.7.3)
    let reset = "cpus 2\ncpu 1 write ICRH 0\ncpu 1 write ICRL 0x4031\ncpu 0 ipi 1 0xC500\ncpu 0 ipi 1 0x8500\n\
                 cpu 0 ipi 1 0x4608\nwait 1000\ncpu 1 write ICRL 0x4031 # wrong\n";
    check_script("reset", "p6", rule, reset);
}

/// SDM vol. 3 §10.5.3, Pentium erratum 3AP.
#[test]
fn the_error_status_is_written_before_it_is_read() {
    let rule = "esr-read-without-write";
    let page = "cpus 2\ncpu 0 write ESR 0\ncpu 0 read ESR\ncpu 0 read ESR # wrong\ncpu 0 write ESR 0\n\
                cpu 0 ipi 1 0x4031\ncpu 0 read ESR # wrong\ncpu 0 write ESR 0\ncpu 0 read ESR\n\
                cpu 0 mr32 0xFEE00280 # wrong\n";
    for generation in ["pentium", "p6", "xapic", "x2apic"] {
        check_script("esr", generation, rule, page);
    }
    // who has asked which part it is, may know that errors are readable at once on this one
    let knows = "cpus 2\ncpu 0 read VER\ncpu 0 write ESR 0\ncpu 0 read ESR\ncpu 0 read ESR\n";
    check_script("esr-knows", "pentium", rule, knows);
    check_script("esr-other", "p6", rule, &knows.replace("ESR\ncpu 0 read ESR\n", "ESR\ncpu 0 read ESR # wrong\n"));
    let model_specific = "cpus 2\ncpu 0 wrmsr APIC_BASE 0xfee00d00\ncpu 0 wrmsr X2:ESR 0\ncpu 0 rdmsr X2:ESR\n\
                          cpu 0 rdmsr X2:ESR # wrong\n";
    check_script("esr-msr", "x2apic", rule, model_specific);
    // a poll of it: the first has its write
    let path = file("esr-poll.apic", "cpus 2\ncpu 0 write ESR 0\ncpu 0 poll ESR 0xff 10\n");
    assert_eq!(findings(&["script", &path]), [(rule.to_owned(), 3, 9)]);
}

/// SDM vol. 3 §6.2 and §10.5.2: 0 to 15 are no vectors of interrupts, 16 to 31 are kept for exceptions.
#[test]
fn vectors_below_32_are_the_cpus_own() {
    let page = "cpus 2\ncpu 0 ipi 1 0x401F # wrong\ncpu 0 ipi 1 0x4020\ncpu 0 ipi 1 0x4105 # wrong\ncpu 0 ipi 1 0x4400\n\
                cpu 0 ipi 1 0x4202\ncpu 0 write LVTT 0x1F # wrong\ncpu 0 write LVTT 0x20\ncpu 0 write LVTT 0x10005\n\
                cpu 0 write LVT0 0x10 # wrong\ncpu 0 write LVT0 0x700\ncpu 0 write LVT1 0x400\n\
                cpu 0 write LVTERR 0x00F # wrong\ncpu 0 write LVTERR 0x100FE\ncpu 0 write TPR 0x10\n";
    for generation in ["p6", "x2apic"] {
        check_script("vector", generation, "vector-below-32", page);
    }
    let model_specific = "cpus 2\ncpu 0 wrmsr APIC_BASE 0xfee00d00\ncpu 0 wrmsr X2:ICRL 0x10000401F # wrong\n\
                          cpu 0 wrmsr X2:SELF 0x1E # wrong\ncpu 0 wrmsr X2:SELF 0x20\n\
                          cpu 0 wrmsr X2:LVTT 0x1F # wrong\ncpu 0 wrmsr X2:LVTT 0x20\n";
    check_script("vector-msr", "x2apic", "vector-below-32", model_specific);
}

/// SDM vol. 3 §10.8.5.
#[test]
fn an_end_of_interrupt_ends_one() {
    let page = "cpus 2\ncpu 1 write EOI 0 # wrong\ncpu 1 autoeoi off\ncpu 1 sti\ncpu 0 ipi 1 0x4031\nwait\n\
                cpu 1 write EOI 0\ncpu 1 mw32 0xFEE000B0 0 # wrong\ncpu 0 ipi 1 0x4031\nwait\n\
                cpu 1 mw32 0xFEE000B0 0\ncpu 1 write EOI 0 # wrong\n";
    for generation in ["82489dx", "p6", "x2apic"] {
        check_script("eoi", generation, "eoi-without-interrupt", page);
    }
    let model_specific = "cpus 2\ncpu 1 wrmsr APIC_BASE 0xfee00c00\ncpu 1 autoeoi off\ncpu 1 sti\n\
                          cpu 1 wrmsr X2:SELF 0x31\nwait\ncpu 1 wrmsr X2:EOI 0\ncpu 1 wrmsr X2:EOI 0 # wrong\n";
    check_script("eoi-msr", "x2apic", "eoi-without-interrupt", model_specific);
}

/// CPU 0 sends by hand; the handler of CPU 1 sends in the wrong order, and ends its interrupt twice.
const PROGRAM: &str = "format = 1
name = \"strict\"
story = \"Wrong elsewhere.\"
goal = \"all-programs-end\"
[machine]
cpus = 3
[[event]]
at_us = 0
cpu = 1
steps = 'write ICRH 0x04000000'
[[event]]
at_us = 1
cpu = 0
steps = '''
repeat 3 {
  ipi 0x02 LOGICAL|ASSERT|0x50
  delay 20us
}
ipi 0x02 LOGICAL|0x50
delay 20us
'''
[[handler]]
cpus = [1]
on = 0x50
steps = '''
write ICRL LOGICAL|ASSERT|0x60
write ICRH 0x04000000
write EOI 0
'''
[[handler]]
cpus = [2]
on = 0x60
steps = 'delay 1us'
";

#[test]
fn programs_are_told_of_their_lines() {
    let path = file("program.toml", PROGRAM);
    let found = findings(&["run", &path]);
    let mut kinds: Vec<(&str, u64)> = found.iter().map(|(rule, _, count)| (rule.as_str(), *count)).collect();
    kinds.sort_unstable();
    // the handler runs four times; its second EOI is the one of `eoi = true`, which stands where the handler is named
    assert_eq!(kinds, [("eoi-without-interrupt", 4), ("icr-low-before-high", 4), ("level-bit", 1)], "{found:?}");
    let line = |words: &str| PROGRAM.lines().position(|line| line == words).unwrap() + 1;
    let at = |rule: &str| found.iter().find(|(found, ..)| found == rule).map(|(_, line, _)| *line);
    assert_eq!(at("icr-low-before-high"), Some(line("write ICRL LOGICAL|ASSERT|0x60")));
    assert_eq!(at("level-bit"), Some(line("ipi 0x02 LOGICAL|0x50")));
    assert_eq!(at("eoi-without-interrupt"), Some(line("on = 0x50")));
}

#[test]
fn the_text_names_all_of_it_and_the_exit_status_stays() {
    let path = file("text.toml", PROGRAM);
    let (strict, plain) = (apicsim(&["run", &path, "--strict"]), apicsim(&["run", &path]));
    assert_eq!(strict.status.code(), plain.status.code());
    let text = String::from_utf8(strict.stdout).unwrap();
    let fits = |line: &str| line.chars().count() <= 80 || line.starts_with('\'');
    assert!(text.lines().all(fits), "only a token may be longer: {text}");
    let said = "FIXED command 00000850 with its level bit (14) clear; wrong on parts before the Pentium 4 (SDM vol. 3 \
                §10.6.1): ipi 0x02 LOGICAL|0x50";
    assert!(words(&text).contains(said), "{text}");
    assert!(!String::from_utf8(plain.stdout).unwrap().contains("  strict   "));
    assert_eq!(json(&["run", &path, "--json"])["strict"], Value::Null);
    let right = file("text.apic", "cpus 2\ncpu 0 ipi 1 ASSERT|0x31\n");
    let output = apicsim(&["script", &right, "--strict"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("#   strict: nothing that is wrong on another part\n# end "), "{text}");
    let refused = apicsim(&["explain", "nmi-stall", "--strict"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("apicsim run SCENARIO --strict"));
}

#[test]
fn all_are_counted_and_the_first_hundred_lines_kept() {
    let path = file("many.apic", &format!("cpus 2\n{}", "cpu 0 ipi 1 0x31\n".repeat(130)));
    let document = json(&["script", &path, "--strict", "--json"]);
    assert_eq!((document["strict"].as_array().unwrap().len(), &document["strict_total"]), (100, &130.into()));
    let text = String::from_utf8(apicsim(&["script", &path, "--strict"]).stdout).unwrap();
    assert!(text.contains("strict: and 30 more accesses, at other lines"), "{text}");
}

/// What the kernels do, by their sources: `kernel.md` 3.2 and 6.1 to 6.6 have each of these commands, none with bit 14, and of x86_64
/// that it writes the ESR before the second read of `setup_local_APIC` only.
const KERNELS: [(&str, &str); 11] = [
    ("level-bit", "__send_IPI_dest_field"),
    ("level-bit", "__send_IPI_shortcut"),
    ("level-bit", "__default_send_IPI_dest_field"),
    ("level-bit", "__default_send_IPI_shortcut"),
    ("level-bit", "__x2apic_send_IPI_dest"),
    ("level-bit", "__x2apic_send_IPI_shorthand"),
    ("level-bit", "up_send_IPI_self"),
    ("level-bit", "wakeup_secondary_via_INIT"),
    ("level-bit", "wakeup_secondary_via_NMI"),
    ("level-bit", "wakeup_secondary_cpu_via_init"),
    ("esr-read-without-write", "report_errors"),
];

#[test]
fn of_the_kernels_it_finds_what_their_sources_say() {
    let names = json(&["list", "scenarios", "--json"]);
    let names = names["scenarios"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
    let (mut found, mut runs) = (BTreeSet::new(), 0);
    for name in names {
        for arch in ["i386/default", "i386/numaq", "x86_64/flat", "modern/xapic-flat", "modern/x2apic-cluster"] {
            let output = apicsim(&["run", name, "--arch", arch, "--strict", "--json"]);
            if output.status.code() == Some(2) {
                continue; // it does not fit
            }
            let document: Value = serde_json::from_slice(&output.stdout).unwrap();
            for one in document["strict"].as_array().unwrap() {
                let (rule, at) = (one["rule"].as_str().unwrap(), one["at"].as_str().unwrap());
                let right = KERNELS.iter().find(|known| **known == (rule, function(at)));
                found.insert(right.unwrap_or_else(|| panic!("{name} on {arch}: {one}")));
            }
            runs += 1;
        }
    }
    assert_eq!(found.len(), KERNELS.len(), "{found:?}");
    assert!(runs > 100, "{runs}");
}

/// The crate `x86` clears the ESR before it sends, and polls it afterwards without a write, as does who copied it.
#[test]
fn a_poll_of_the_error_status_after_a_command_cannot_see_its_errors() {
    for arch in ["other/x86-crate", "other/asterinas"] {
        let found = json(&["run", "stuck-icr", "--arch", arch, "--strict", "--json"]);
        let rules: Vec<&str> =
            found["strict"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
        assert!(rules.contains(&"esr-read-without-write"), "{arch}: {rules:?}");
    }
}
