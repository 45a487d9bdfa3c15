//! Cases no suite has: how long the bounded waits of kernels last on a bit that is stuck, and that an unbounded one never
//! returns.

use crate::lab::Lab;
use crate::platform::{P6, Platform, X2APIC_PAGE, XAPIC, XAPIC_IDEAL};
use crate::record::Record;
use crate::seat::{BUSY, FIXED, ICR, ICR_HIGH, Seat};
use sim::bus::FrontSideBus;
use sim::{Closed, Cpu, Duration, Ending, Execution, LocalEvent, Program, Proof, Software, Time, Window};

/// A bounded wait; gives whether the bit was still set at the last look.
type Wait = fn(&Seat<'_>) -> bool;

/// The loop of the mailed patches and of Linux 2.6.22 to 6.5: tests its count after the delay, so 1001 looks.
fn wait_until_6_5(seat: &Seat<'_>) -> bool {
    let mut timeout = 0;
    loop {
        if seat.read(ICR) & BUSY == 0 {
            return false;
        }
        seat.delay_us(100);
        timeout += 1;
        if timeout > 1000 {
            return true;
        }
    }
}

/// The loop of Linux 6.6 and later: 1000 looks.
fn wait_since_6_6(seat: &Seat<'_>) -> bool {
    for _ in 0..1000 {
        if seat.read(ICR) & BUSY == 0 {
            return false;
        }
        seat.delay_us(100);
    }
    true
}

const WAITS: [(Wait, u64); 2] = [(wait_until_6_5, 1001), (wait_since_6_6, 1000)];

/// CPU0 sends to `target` at 10 µs and waits.
fn bounded(lab: Lab, target: u32, wait: Wait) -> Record {
    let lab = lab.cpu(move |seat| {
        seat.sleep_until(Time::from_us(10));
        seat.post(target, FIXED | 0x41);
        seat.note("begin", 0_u32);
        let timed_out = wait(seat);
        seat.note("end", timed_out);
    });
    lab.sleeper().run()
}

/// Instant of look `n`, counted from 1, and of the end of the delay after it, when a wait begins at `begin`.
fn look(platform: Platform, begin: Time, n: u64) -> (Time, Time) {
    let clock = platform.generation.core_clock();
    let (read, delay) = (u64::from(platform.generation.costs().register_read), clock.cycles(Duration::from_us(100)));
    let begin = clock.first_at_or_after(begin);
    (clock.instant(begin + (n - 1) * (read + delay) + read), clock.instant(begin + n * (read + delay)))
}

fn begin_and_end(record: &Record) -> (Time, Time, bool) {
    let (end, timed_out) = record.notes(0, "end")[0];
    (record.notes(0, "begin")[0].0, end, timed_out != 0)
}

/// A front-side bus that completes nothing from the start on, until an instant or for good.
fn stalled(until: Option<Time>) -> FrontSideBus {
    let mut bus = FrontSideBus::new();
    bus.stall(Time::ZERO, until);
    bus
}

#[test]
fn own_11_a_bounded_wait_on_a_stuck_bit_lasts_exactly_its_count() {
    // Stuck by an absent target, by a bus that completes nothing, by the fault on the bit itself
    for (wait, count) in WAITS {
        let absent = bounded(Lab::new(P6), 9, wait);
        let stalled = bounded(Lab::new(XAPIC).bus(|| stalled(None)), 1, wait);
        let jam = |platform| {
            let lab = Lab::new(platform).sleeper();
            let lab = lab.cpu(move |seat| {
                seat.sleep_until(Time::from_us(10));
                seat.note("begin", 0_u32);
                seat.note("end", wait(seat));
            });
            lab.event(Time::from_us(5), LocalEvent::JamDeliveryStatus).run()
        };
        for (platform, record) in [(P6, &absent), (XAPIC, &stalled)] {
            let (begin, end, timed_out) = begin_and_end(record);
            assert_eq!((end, timed_out), (look(platform, begin, count).1, true), "{platform}: {count} looks");
        }
        for platform in [P6, XAPIC, XAPIC_IDEAL, X2APIC_PAGE] {
            let record = jam(platform);
            let (begin, (end, timed_out)) = (record.notes(1, "begin")[0].0, record.notes(1, "end")[0]);
            assert_eq!((end, timed_out), (look(platform, begin, count).1, 1), "{platform}: {count} looks");
        }
    }
}

#[test]
fn own_11_a_bit_that_clears_at_the_last_moment_is_seen() {
    // The bus completes a little before look n: the wait returns there, unless it has given up before
    let begin = begin_and_end(&bounded(Lab::new(XAPIC).bus(|| stalled(None)), 1, wait_since_6_6)).0;
    for (wait, count) in WAITS {
        for n in [2, 3, 500, 1000, 1001, 1002] {
            let at = look(XAPIC, begin, n).0;
            let until = Time::from_ps(at.as_ps() - 20_000); // two bus cycles
            let record = bounded(Lab::new(XAPIC).bus(move || stalled(Some(until))), 1, wait);
            let expected = if n <= count { (at, false) } else { (look(XAPIC, begin, count).1, true) };
            let (_, end, timed_out) = begin_and_end(&record);
            assert_eq!((end, timed_out), expected, "{count} looks, idle just before look {n}");
        }
    }
}

/// Sends to one APIC id, and waits without a bound.
#[derive(Clone, Copy)]
struct Waits {
    target: u32,
}

impl Software for Waits {
    fn run(&self, cpu: Cpu<'_>) {
        cpu.delay_us(10);
        cpu.write_register(ICR_HIGH, self.target << 24);
        cpu.write_register(ICR, FIXED | 0x41);
        while cpu.read_register(ICR) & BUSY != 0 {
            cpu.pause();
        }
        cpu.reached(1);
    }
}

impl Closed for Waits {}

const TO_ABSENT: fn() -> Program = || Program::closed(Waits { target: 9 });
const TO_CPU1: fn() -> Program = || Program::closed(Waits { target: 1 });

/// Ways for the bit to be stuck: an absent target, a full one, a bus that stands still, the bit itself.
fn stuck_machines() -> [(&'static str, Lab); 4] {
    let fills = |seat: &Seat<'_>| {
        for vector in [0x45, 0x49] {
            seat.send(1, FIXED | vector);
            seat.wait_until_idle();
        }
    };
    [
        ("absent", Lab::new(P6).closed(TO_ABSENT).sleeper()),
        ("full", Lab::new(P6).closed(TO_CPU1).sleeper().masked().cpu(fills)),
        ("stalled", Lab::new(XAPIC).bus(|| stalled(None)).closed(TO_CPU1).sleeper()),
        (
            "jammed",
            Lab::new(XAPIC_IDEAL).closed(TO_CPU1).event(Time::from_us(5), LocalEvent::JamDeliveryStatus).sleeper(),
        ),
    ]
}

#[test]
fn own_12_an_unbounded_wait_never_returns() {
    // Proven, not given up on: a closed program whose loop recurs, on a bus that is settled
    for (how, lab) in stuck_machines() {
        let record = lab.run();
        assert_eq!(record.outcome.ending, Ending::Proven(Proof::Recurrence), "{how}");
        assert_eq!(record.outcome.milestones, [], "{how}");
        assert!(record.outcome.cpus[0].period.is_some(), "{how}");
        let refusers: Vec<_> = record.outcome.undispatched.iter().flat_map(|held| held.refusers.clone()).collect();
        assert_eq!(refusers, if how == "full" { vec![1] } else { vec![] }, "{how}");
    }
}

#[test]
fn own_12_what_is_not_stuck_returns() {
    // The same program where the bit clears
    for platform in [P6, XAPIC, XAPIC_IDEAL] {
        let record = Lab::new(platform).closed(TO_CPU1).sleeper().run();
        assert_eq!(record.outcome.milestones.len(), 1, "{platform}");
        assert_eq!(record.vectors(1), [0x41]);
    }
}

#[test]
fn own_12_an_open_program_is_not_proven_to_hang() {
    // Its state may be anywhere in the host: the run reports its time limit, and the period that it seems to have
    let lab = Lab::new(P6).closed(|| Program::open(Waits { target: 9 })).sleeper();
    let lab = lab.machine(|settings| settings.limit = Time::from_us(2_000));
    let outcome = lab.run_on(Execution::Windowed { workers: 1, window: Window::Full }).outcome;
    assert_eq!(outcome.ending, Ending::Deadline);
    assert!(outcome.cpus[0].suspected_period.is_some() && outcome.cpus[0].period.is_none());
}
