//! A run needs no more memory the longer it is: what reaches a CPU that sleeps, has ended or is skipped is not kept.

use crate::child::in_child;
use crate::code::{Body, Code, fabric, send, settings};
use crate::guards::execution;
use crate::running::attempt;
use sim::{Generation, Machine, Program, Time};

/// What seven CPUs do beside the one that is busy.
const SLEEPERS: [(&str, Body); 5] = [
    ("halted", |cpu, _| {
        cpu.irq_save();
        cpu.halt();
    }),
    ("finished", |_, _| {}),
    ("parked", |cpu, _| {
        loop {
            cpu.load(3);
            cpu.pause();
        }
    }),
    ("delaying", |cpu, _| cpu.delay_us(10_000_000)),
    ("stopped", |cpu, _| cpu.shut_down()),
];

/// What the busy one does, so many times.
const WORK: [(&str, Body); 4] = [
    ("stores", |cpu, times| {
        for number in 0..times {
            cpu.store(1, number);
        }
    }),
    ("additions", |cpu, times| {
        for _ in 0..times {
            cpu.fetch_add(1, 1);
        }
    }),
    ("equal-stores", |cpu, times| {
        for _ in 0..times {
            cpu.store(1, 1);
        }
    }),
    ("messages", |cpu, times| {
        for _ in 0..times / 10 {
            send(cpu, 99, 0xF0); // nobody has this id
            cpu.delay_us(1);
        }
    }),
];

fn find<T: Copy>(list: &[(&str, T)], name: &str) -> T {
    list.iter().find(|(known, _)| *known == name).map(|&(_, found)| found).expect("it is listed")
}

/// What the busy one does, how often, what the others do, workers. Gives the peak in KiB.
pub(crate) fn case(words: &[&str]) -> String {
    let times = words[1].parse().expect("a number");
    let busy = Code { run: find(&WORK, words[0]), operand: times, ..Code::default() };
    let asleep = Code { run: find(&SLEEPERS, words[2]), ..Code::default() };
    let programs = std::iter::once(busy).chain([asleep; 7]).map(Program::closed);
    let mut settings = settings(Generation::X2Apic, fabric(8), programs);
    settings.limit = Time::from_us(10_000_000);
    attempt(Machine::new(settings).expect("the machine is possible"), execution(words[3])).expect("nothing fails");
    peak_of_this_process().to_string()
}

/// The most memory that this process ever had, in KiB, as the host says.
fn peak_of_this_process() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the host tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("it has a peak");
    line.trim().trim_end_matches(" kB").parse().expect("in KiB")
}

fn peak(work: &str, times: u32, sleepers: &str, workers: &str) -> u64 {
    let case = format!("memory {work} {times} {sleepers} {workers}");
    in_child(&case).expect(&case).parse().expect("a number of KiB")
}

/// Ten times the work needs no more than this many KiB more.
const ROOM: u64 = 1024;

/// Beside `sleepers`, ten times `short` of the work need no more memory than that.
fn check(work: &str, short: u32, sleepers: &str, workers: &str) {
    let (few, many) = (peak(work, short, sleepers, workers), peak(work, 10 * short, sleepers, workers));
    assert!(many <= few + ROOM, "{work} beside {sleepers}, {workers} workers: {few} KiB, then {many} KiB");
}

// Old: 35902 KiB, then 286782 KiB.
#[test]
fn a_million_stores_beside_sleepers_need_no_memory() {
    check("stores", 100_000, "halted", "1");
}

// Old: 9022 KiB, then 71742 KiB beside halted ones.
#[test]
fn stores_beside_sleepers_of_each_kind_need_no_memory() {
    for (sleepers, _) in SLEEPERS {
        check("stores", 20_000, sleepers, "1");
    }
    check("stores", 20_000, "halted", "0");
    check("stores", 20_000, "parked", "2");
}

// Old: 9000 KiB, then 71720 KiB for additions beside halted ones.
#[test]
fn other_work_beside_sleepers_needs_no_memory() {
    for work in ["additions", "equal-stores", "messages"] {
        check(work, 20_000, "halted", "1");
        check(work, 20_000, "parked", "1");
    }
}
