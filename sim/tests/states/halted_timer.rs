//! The APIC timer of a CPU in HLT (knob `halted_timer`): SDM vol. 3 §10.5.4 and CPUID leaf 6 (ARAT); AMD family 10h revision
//! guide, erratum 400.

use crate::machine::{Code, DROPPED, IDLE, INTERRUPT, NMI, SEND_NMI, Setup, reached, send};
use sim::{Activity, Cpu, CpuSettings, Ending, Generation, HaltedTimer, Knobs, LocalEvent, Named, Outcome};

const TIMER: u32 = INTERRUPT + 0x41;
const RULES: [HaltedTimer; 3] = [HaltedTimer::Runs, HaltedTimer::Stops, HaltedTimer::DoesNotWake];

/// 5000 counts at 100 MHz, divided by 1: 50 µs.
fn start_timer(cpu: Cpu<'_>, mode: u32) {
    cpu.write_register(0x3E0, 0xB);
    cpu.write_register(0x320, mode | 0x41);
    cpu.write_register(0x380, 5_000);
}

const ONE_SHOT: fn(Cpu<'_>) = |cpu| {
    start_timer(cpu, 0);
    cpu.halt();
    cpu.reached(DROPPED);
    cpu.delay_us(400);
};

/// What wakes CPU 1 in any case, after 200 µs.
const WAKER: fn(Cpu<'_>) = |cpu| {
    cpu.delay_us(200);
    send(cpu, SEND_NMI);
};

fn outcome(rule: HaltedTimer, run: fn(Cpu<'_>), sender: fn(Cpu<'_>)) -> Outcome {
    let knobs = Knobs::default().with(|knobs| knobs.halted_timer = rule);
    let code = Code { run, ..IDLE };
    Setup { generation: Generation::X2Apic, knobs, code, sender, ..Setup::default() }.run()
}

/// Milestones of CPU 1 with their instants, in microseconds and rounded down.
fn timed(outcome: &Outcome) -> Vec<(u32, u64)> {
    let of_target = outcome.milestones.iter().filter(|milestone| milestone.cpu == 1);
    of_target.map(|milestone| (milestone.code, milestone.at.as_ps() / 1_000_000)).collect()
}

#[test]
fn a_timer_that_runs_wakes_its_cpu() {
    // SDM vol. 3 §10.5.4: at the same rate in deep C-states
    let found = timed(&outcome(HaltedTimer::Runs, ONE_SHOT, WAKER));
    assert!(matches!(found[..], [(TIMER, 50..=51), (DROPPED, 50..=52), (NMI, 200..=202)]), "{found:?}");
}

#[test]
fn a_timer_that_stops_goes_on_from_there() {
    // SDM vol. 3 §10.5.4: it "may temporarily stop": nothing of the 50 µs passes in the sleep
    let found = timed(&outcome(HaltedTimer::Stops, ONE_SHOT, WAKER));
    assert!(matches!(found[..], [(NMI, 200..=202), (DROPPED, 200..=203), (TIMER, 250..=253)]), "{found:?}");
}

#[test]
fn a_timer_that_does_not_wake_is_pending_at_the_next_wake() {
    // Erratum 400: interrupts may be delayed; the functions of the timer are otherwise unaffected
    let found = timed(&outcome(HaltedTimer::DoesNotWake, ONE_SHOT, WAKER));
    assert!(matches!(found[..], [(NMI, 200..=202), (TIMER, 200..=203), (DROPPED, 200..=204)]), "{found:?}");
}

#[test]
fn it_rolls_over_in_silence_with_one_interrupt_presented() {
    // Erratum 400: in periodic mode it may roll over several times, with one interrupt after the processor resumes
    let run: fn(Cpu<'_>) = |cpu| {
        start_timer(cpu, 0x2_0000);
        cpu.halt();
        cpu.reached(DROPPED);
        cpu.delay_us(80);
    };
    let found = timed(&outcome(HaltedTimer::DoesNotWake, run, WAKER));
    let expected = [NMI, TIMER, DROPPED, TIMER];
    assert_eq!(found.iter().map(|&(code, _)| code).collect::<Vec<_>>(), expected, "{found:?}");
    assert!(matches!(found[3].1, 250..=252), "the grid of its periods is the old one: {found:?}");
}

#[test]
fn a_deadline_that_passed_in_the_sleep_is_due_at_the_wake() {
    // SDM vol. 3 §10.5.4.1: when the time-stamp counter equals or exceeds the target. 125 000 cycles of 0.4 ns: 50 µs.
    let run: fn(Cpu<'_>) = |cpu| {
        cpu.write_register(0x320, 0x4_0041);
        let now = cpu.read_msr(0x10).expect("there is a time-stamp counter");
        cpu.write_msr(0x6E0, now + 125_000).expect("there is a deadline");
        cpu.halt();
        cpu.reached(DROPPED);
    };
    for (rule, expected) in RULES.into_iter().zip([50, 200, 200]) {
        let found = timed(&outcome(rule, run, WAKER));
        let timer = found.iter().find(|&&(code, _)| code == TIMER).expect("it comes").1;
        assert!((expected..expected + 4).contains(&timer), "{rule}: {found:?}");
    }
}

#[test]
fn nothing_else_wakes_it() {
    // Erratum 400: "system hang may occur" where no other source of interrupts is configured
    for (rule, wakes) in RULES.into_iter().zip([true, false, false]) {
        let outcome = outcome(rule, ONE_SHOT, |_| {});
        assert!(matches!(outcome.ending, Ending::Proven(_)), "{rule}");
        let halted = outcome.cpus[1].activity == Activity::Halted;
        assert_eq!((reached(&outcome), halted), (if wakes { vec![TIMER, DROPPED] } else { vec![] }, !wakes), "{rule}");
    }
}

#[test]
fn an_idle_cpu_that_wakes_by_itself_finds_its_timer_again() {
    // It sleeps until 200 µs, with whatever it has for that.
    let run: fn(Cpu<'_>) = |cpu| {
        start_timer(cpu, 0);
        cpu.sleep_until(sim::Time::from_us(200));
        cpu.reached(DROPPED);
        cpu.delay_us(100);
    };
    for (rule, expected) in RULES.into_iter().zip([50, 250, 200]) {
        let found = timed(&outcome(rule, run, |_| {}));
        let timer = found.iter().find(|&&(code, _)| code == TIMER).expect("it comes").1;
        assert!((expected..expected + 4).contains(&timer), "{rule}: {found:?}");
    }
}

#[test]
fn a_triple_fault_ends_the_sleep_too() {
    // SDM vol. 3 §6.15, interrupt 8: an NMI leads out of shutdown. Code runs then, so that the timer counts, by 2000 in 20 µs.
    let local_events = vec![(sim::Time::from_us(100), LocalEvent::Shutdown)];
    let nmi: fn(Cpu<'_>) = |cpu| {
        let before = cpu.read_register(0x390);
        cpu.delay_us(20);
        cpu.reached(before - cpu.read_register(0x390));
    };
    let run: fn(Cpu<'_>) = |cpu| {
        start_timer(cpu, 0);
        cpu.write_register(0x380, 50_000);
        cpu.halt();
    };
    for rule in RULES {
        let setup = Setup {
            knobs: Knobs::default().with(|knobs| knobs.halted_timer = rule),
            target: CpuSettings::default().with(|cpu| cpu.local_events = local_events.clone()),
            code: Code { run, nmi, ..IDLE },
            sender: WAKER,
            ..Setup::default()
        };
        let counted = setup.reached();
        assert!(matches!(counted[..], [1_999..=2_020]), "{rule}: {counted:?}");
    }
}

#[test]
fn cpuid_says_whether_it_always_runs() {
    // SDM vol. 2, CPUID leaf 06H: EAX bit 2, ARAT; the other bits are of no APIC
    for generation in [Generation::P6, Generation::XApic, Generation::X2Apic] {
        for rule in RULES {
            let run: fn(Cpu<'_>) = |cpu| cpu.identification(6).into_iter().for_each(|register| cpu.reached(register));
            let knobs = Knobs::default().with(|knobs| knobs.halted_timer = rule);
            let setup = Setup { generation, knobs, code: Code { run, ..IDLE }, ..Setup::default() };
            let always = generation == Generation::X2Apic && rule == HaltedTimer::Runs;
            assert_eq!(setup.reached(), [if always { 4 } else { 0 }, 0, 0, 0], "{} {rule}", generation.name());
        }
    }
}
