//! What valgrind's memcheck is told, so that it can judge software on stacks of its own: where those stacks are, and when
//! their bytes are fresh. Outside valgrind a request is a few instructions without an effect.
//!
//! A request is a sequence of instructions that no compiler writes, documented in `valgrind.h`: four rotations of a
//! register by 128 bits in all, and an exchange of a register with itself. Its words are in memory at rax; the answer is
//! in rdx, where the answer for "nobody is there" stands before.
//!
//! Not done: other architectures than x86-64, other tools than memcheck.

/// `VG_USERREQ__STACK_REGISTER`.
const STACK_REGISTER: u64 = 0x1501;
/// `VG_USERREQ__STACK_DEREGISTER`.
const STACK_DEREGISTER: u64 = 0x1502;
/// `VG_USERREQ__MAKE_MEM_DEFINED` of memcheck, whose requests begin with its two letters. Its answer is not 0.
const MAKE_DEFINED: u64 = 0x4D43_0002;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn request(number: u64, first: u64, second: u64) -> u64 {
    let words = [number, first, second, 0, 0, 0];
    let mut answer = 0;
    // SAFETY: every register has its value again, and nothing is written but what valgrind knows about our memory.
    unsafe {
        std::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
const fn request(_number: u64, _first: u64, _second: u64) -> u64 {
    0
}

/// Does memcheck look on? No other tool knows this request, which says nothing: what they measure is what happens without
/// them.
pub(super) fn is_there() -> bool {
    request(MAKE_DEFINED, 0, 0) != 0
}

/// The bytes from `low` are a stack: a stack pointer that comes from elsewhere has not pushed or popped what is between.
/// Gives the number by which it is forgotten.
pub(super) fn register_stack(low: usize, bytes: usize) -> u64 {
    request(STACK_REGISTER, low as u64, (low + bytes - 1) as u64)
}

/// They are no stack any more.
pub(super) fn forget_stack(number: u64) {
    request(STACK_DEREGISTER, number, 0);
}

/// These bytes have values, whatever memcheck thinks: they are a copy, or the host has made them zeros.
pub(super) fn make_defined(low: usize, bytes: usize) {
    request(MAKE_DEFINED, low as u64, bytes as u64);
}
