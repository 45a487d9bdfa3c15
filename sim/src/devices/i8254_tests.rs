//! The 8254 against its data sheet: "Mode definitions", "Read operations", "Read-back command".

use super::{I8254, I8254Error};
use crate::time::{ClockDomain, Duration, Time};

/// One clock cycle in these tests.
const CYCLE: u64 = 1_000;

/// A timer with cycles of a nanosecond, and the cycle in which software acts.
struct Bench {
    timer: I8254,
    cycle: u64,
}

impl Bench {
    fn new() -> Self {
        Self { timer: I8254::new(ClockDomain::new(CYCLE, 1)), cycle: 10 }
    }

    /// In the middle of the cycle.
    fn now(&self) -> Time {
        Time::from_ps(self.cycle * CYCLE + CYCLE / 2)
    }

    fn control(&mut self, value: u8) {
        let now = self.now();
        self.timer.write_port(0x43, value, now).expect("a control word for channel 0");
    }

    fn count(&mut self, bytes: &[u8]) {
        let now = self.now();
        bytes.iter().for_each(|&byte| self.timer.write_port(0x40, byte, now).expect("a legal count"));
    }

    fn read(&mut self) -> u8 {
        let now = self.now();
        self.timer.read_port(0x40, now).expect("channel 0")
    }

    fn read_word(&mut self) -> u16 {
        u16::from_le_bytes([self.read(), self.read()])
    }

    /// The output in the next `cycles` cycles, `-` high and `_` low; it must agree with `next_change`.
    fn wave(&self, cycles: u64) -> String {
        let level = |cycle| self.timer.output(Time::from_ps(cycle * CYCLE));
        for cycle in self.cycle..self.cycle + cycles {
            let change = (cycle + 1..cycle + 200).find(|&later| level(later) != level(cycle));
            let at = self.timer.next_change(Time::from_ps(cycle * CYCLE + CYCLE - 1));
            assert_eq!(at, change.map(|change| Time::from_ps(change * CYCLE)), "after cycle {cycle}");
        }
        (self.cycle + 1..=self.cycle + cycles).map(|cycle| if level(cycle) { '-' } else { '_' }).collect()
    }
}

#[test]
fn mode_0_rises_after_the_count_and_one_cycle() {
    // "OUT does not go high until N + 1 CLK pulses after the initial count is written"
    let mut bench = Bench::new();
    bench.control(0x10);
    assert_eq!((bench.wave(8).as_str(), bench.timer.output(bench.now())), ("________", false));
    bench.count(&[4]);
    assert_eq!(bench.wave(9), "____-----");
    bench.cycle += 7;
    bench.count(&[2]);
    assert!(!bench.timer.output(bench.now()), "a new count: low at once");
    assert_eq!(bench.wave(5), "__---");
    bench.cycle += 4;
    bench.control(0x10);
    assert!(!bench.timer.output(bench.now()), "a new control word: low at once");
    assert_eq!(bench.wave(5), "_____");
}

#[test]
fn the_first_byte_of_two_stops_mode_0() {
    let mut bench = Bench::new();
    bench.control(0x30);
    bench.count(&[4, 0]);
    bench.cycle += 2;
    bench.count(&[3]);
    let value = bench.read_word();
    bench.cycle += 20;
    assert!(!bench.timer.output(bench.now()));
    assert_eq!((value, bench.read_word()), (3, 3));
    bench.count(&[0]);
    assert_eq!(bench.wave(6), "___---");
}

#[test]
fn mode_2_is_low_in_the_last_cycle_of_each_period() {
    let mut bench = Bench::new();
    bench.control(0x14);
    assert!(bench.timer.output(bench.now()), "high after the control word");
    assert_eq!(bench.timer.next_change(bench.now()), None);
    bench.count(&[3]);
    // loaded in the first cycle; "OUT goes low N CLK pulses after the initial count is written"
    assert_eq!(bench.wave(9), "--_--_--_");
    bench.cycle += 1;
    bench.count(&[5]);
    assert_eq!(bench.wave(12), "-_----_----_", "after the period that is running");
    bench.count(&[2]);
    assert_eq!(bench.wave(8), "-_-_-_-_", "the later of two takes effect");
}

#[test]
fn mode_3_is_a_square_wave() {
    for (count, wave) in [(4, "--__--__--__"), (5, "---__---__---__"), (2, "-_-_-_"), (3, "--_--_--_")] {
        let mut bench = Bench::new();
        bench.control(0x16);
        bench.count(&[count]);
        assert_eq!(bench.wave(wave.len() as u64), wave, "count {count}");
    }
}

#[test]
fn a_new_count_of_mode_3_waits_for_the_end_of_the_half() {
    let mut bench = Bench::new();
    bench.control(0x1E); // mode 3 with bit 3 set
    bench.count(&[4]);
    bench.cycle += 1;
    bench.count(&[7]);
    assert_eq!(bench.wave(15), "-___----___----", "4 high, then 7 begins with its low half");
    bench.cycle += 2;
    bench.count(&[2]);
    assert_eq!(bench.wave(6), "__-_-_", "7 low, then 2 begins with its high half");
}

#[test]
fn mode_4_strobes_once() {
    let mut bench = Bench::new();
    bench.control(0x18);
    bench.count(&[3]);
    assert_eq!(bench.wave(8), "---_----");
    bench.cycle += 1;
    bench.count(&[4]);
    assert_eq!(bench.wave(8), "----_---", "retriggered");
}

#[test]
fn modes_1_and_5_wait_for_a_gate_that_never_rises() {
    for control in [0x12, 0x1A] {
        let mut bench = Bench::new();
        bench.control(control);
        bench.count(&[3]);
        assert_eq!(bench.wave(8), "--------");
    }
}

#[test]
fn a_change_of_mode_sets_the_output_at_once() {
    let mut bench = Bench::new();
    bench.control(0x16);
    bench.count(&[4]);
    bench.cycle += 3;
    assert!(!bench.timer.output(bench.now()));
    bench.control(0x14);
    assert!(bench.timer.output(bench.now()));
    bench.control(0x10);
    assert!(!bench.timer.output(bench.now()));
}

#[test]
fn a_count_of_zero_is_the_greatest() {
    for (control, cycles) in [(0x30, 0x1_0000), (0x31, 10_000)] {
        let mut bench = Bench::new();
        bench.control(control);
        bench.count(&[0, 0]);
        let rise = Time::from_ps((bench.cycle + 1 + cycles) * CYCLE);
        assert_eq!(bench.timer.next_change(bench.now()), Some(rise), "control {control:02X}");
    }
}

#[test]
fn counters_read_what_is_left() {
    // control word, count, cycles after the write, and what reads back
    let table: [(u8, u16, u64, u16); 11] = [
        (0x30, 0x1000, 1, 0x1000),
        (0x30, 0x1000, 4, 0x0FFD),
        (0x30, 0x0002, 3, 0x0000),
        (0x30, 0x0002, 4, 0xFFFF), // wraps
        (0x31, 0x1000, 2, 0x0999), // decimal
        (0x31, 0x0002, 4, 0x9999),
        (0x34, 0x0003, 3, 0x0001),
        (0x34, 0x0003, 4, 0x0003),
        (0x36, 0x0008, 3, 0x0004), // by two
        (0x36, 0x0007, 1, 0x0006), // an odd count minus one
        (0x36, 0x0007, 6, 0x0004), // in the low half
    ];
    for (control, count, cycles, expected) in table {
        let mut bench = Bench::new();
        bench.control(control);
        bench.count(&count.to_le_bytes());
        bench.cycle += cycles;
        assert_eq!(bench.read_word(), expected, "control {control:02X} count {count:04X} after {cycles}");
    }
}

#[test]
fn a_latched_count_stays_until_it_is_read() {
    let mut bench = Bench::new();
    bench.control(0x34);
    bench.count(&[0x34, 0x12]);
    bench.cycle += 1;
    bench.control(0x00);
    bench.cycle += 5;
    bench.control(0x00); // ignored
    assert_eq!(bench.read_word(), 0x1234);
    assert_eq!(bench.read_word(), 0x122F);
}

#[test]
fn single_byte_access_reads_and_writes_that_byte() {
    for (control, expected) in [(0x10, [0x0055, 0x55]), (0x20, [0x5500, 0x55])] {
        let mut bench = Bench::new();
        bench.control(control);
        bench.count(&[0x55]);
        let rise = bench.timer.next_change(bench.now()).expect("it counts");
        assert_eq!(rise.as_ps(), (bench.cycle + 1 + expected[0]) * CYCLE);
        bench.cycle += 1;
        assert_eq!(u64::from(bench.read()), expected[1]);
    }
}

#[test]
fn read_back_gives_status_before_count() {
    let mut bench = Bench::new();
    bench.control(0x36);
    bench.control(0xE2); // status only
    assert_eq!(bench.read(), 0xF6, "output high, no count yet");
    bench.count(&[4, 0]);
    bench.control(0xE2);
    assert_eq!(bench.read(), 0xF6, "the count is not loaded yet");
    bench.cycle += 3;
    bench.control(0xC2); // both
    bench.control(0xE2); // a second one is ignored
    assert_eq!((bench.read(), bench.read_word()), (0x36, 4));
    bench.count(&[6, 0]);
    bench.control(0xE2);
    assert_eq!(bench.read(), 0x76, "a new count waits");
}

#[test]
fn what_it_cannot_do_is_said() {
    let mut timer = I8254::new(I8254::CLOCK);
    let now = Time::from_us(1);
    assert_eq!(timer.read_port(0x41, now), Err(I8254Error::NoSuchChannel { channel: 1 }));
    assert_eq!(timer.write_port(0x42, 0, now), Err(I8254Error::NoSuchChannel { channel: 2 }));
    assert_eq!(timer.write_port(0x43, 0xB6, now), Err(I8254Error::NoSuchChannel { channel: 2 }));
    assert_eq!(timer.write_port(0x43, 0xC4, now), Err(I8254Error::NoSuchChannel { channel: 1 }));
    assert_eq!(timer.read_port(0x61, now), Err(I8254Error::NoSuchPort { port: 0x61 }));
    assert_eq!(timer.read_port(0x43, now), Ok(0xFF));
    for (control, mode) in [(0x14, 2), (0x16, 3)] {
        assert_eq!(timer.write_port(0x43, control, now), Ok(()));
        assert_eq!(timer.write_port(0x40, 1, now), Err(I8254Error::IllegalCount { count: 1, mode }));
        assert_eq!(timer.next_change(now), None);
    }
    assert_eq!(timer.write_port(0x43, 0x11, now), Ok(()));
    assert_eq!(timer.write_port(0x40, 0x1A, now), Err(I8254Error::NotDecimal { digits: 0x1A }));
}

#[test]
fn the_clock_of_a_pc_never_drifts() {
    // 1193182 cycles are a second, exactly; the kernel's HZ=100 count is 11932
    let mut timer = I8254::new(I8254::CLOCK);
    assert_eq!(I8254::CLOCK.instant(1_193_182), Time::from_us(1_000_000));
    for (port, value) in [(0x43, 0x34), (0x40, 0x9C), (0x40, 0x2E)] {
        assert_eq!(timer.write_port(port, value, Time::ZERO), Ok(()));
    }
    let mut at = Time::ZERO;
    for tick in 1..=1000 {
        let low = timer.next_change(at).expect("it counts");
        assert_eq!(low, I8254::CLOCK.instant(11_932 * tick));
        at = timer.next_change(low).expect("it counts");
        assert_eq!(at, I8254::CLOCK.instant(11_932 * tick + 1));
    }
    assert!(at.since(Time::ZERO) > Duration::from_us(10_000_000));
}
