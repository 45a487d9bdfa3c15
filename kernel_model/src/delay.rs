//! What a kernel makes of a busy delay: its fixed-point arithmetic does not give exactly the microseconds asked for.
//!
//! Not modelled: the decrement loop before the time-stamp counter is calibrated, and a counter that is not constant.

use crate::arch::Arch;

/// 2^32 / 10^6, rounded up: what a microsecond is multiplied by.
const XLOOPS_PER_US: u64 = 0x10C7;

/// Time-stamp-counter ticks that `udelay(us)` spins, in a kernel of `hz` timer ticks a second whose counter runs at
/// `tsc_hz` (`arch/i386/lib/delay.c` and `arch/x86_64/lib/delay.c`, 2.6.20).
///
/// i386 multiplies by `HZ / 4`, cut to a whole number: at 250 its delays are 0.8 % short. So does v6
/// (`arch/x86/lib/delay.c`, v6.13).
///
/// # Panics
/// If `hz` is 0.
pub const fn delay_loops(arch: Arch, us: u32, hz: u32, tsc_hz: u64) -> u64 {
    let xloops = us as u64 * XLOOPS_PER_US;
    let loops_per_jiffy = tsc_hz / hz as u64;
    let scaled = if arch.is_i386() || arch.is_modern() {
        (4 * xloops) as u128 * (loops_per_jiffy * (hz as u64 / 4)) as u128
    } else {
        xloops as u128 * (hz as u64 * loops_per_jiffy) as u128
    };
    (scaled >> 32) as u64 + 1
}
