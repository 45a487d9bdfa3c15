//! What is said when software runs into the guard of its stack between two operations: which CPU, and why.
//!
//! At an operation the boundary finds out earlier, and the run ends with an error. A guard is hit by a large local or deep
//! recursion without an operation: nothing can be unwound then, so the process ends, with a message.

use super::mapping::{GUARD_BYTES, STACK_BYTES};
use super::stack_pool::{label, stack_at};
use std::cell::Cell;
use std::sync::OnceLock;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// What handled the signals before.
static BEFORE: OnceLock<[libc::sigaction; 2]> = OnceLock::new();

/// What a host may send for a page without access.
const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

/// Room for a handler.
const ALTERNATE_BYTES: usize = 64 * 1024;

/// From now on this thread says whose stack was used up.
pub(super) fn watch_this_thread() {
    if WATCHED.replace(true) {
        return;
    }
    give_alternate_stack();
    BEFORE.get_or_init(|| SIGNALS.map(handle));
}

/// Handles `signal`; gives what did before.
fn handle(signal: libc::c_int) -> libc::sigaction {
    // SAFETY: a handler that only calls what a signal handler may, on the alternate stack.
    unsafe {
        let mut ours: libc::sigaction = std::mem::zeroed();
        ours.sa_sigaction = on_fault as extern "C" fn(_, _, _) as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        let mut before: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, &raw const ours, &raw mut before);
        before
    }
}

/// The standard library gives its threads one; others get one here, once, for as long as they live.
fn give_alternate_stack() {
    // SAFETY: asks for the current one, and sets one of ours, which is never freed.
    unsafe {
        let mut current: libc::stack_t = std::mem::zeroed();
        libc::sigaltstack(std::ptr::null(), &raw mut current);
        if current.ss_flags & libc::SS_DISABLE != 0 {
            let memory: &'static mut [u8] = Box::leak(vec![0; ALTERNATE_BYTES].into_boxed_slice());
            let ours = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: ALTERNATE_BYTES };
            libc::sigaltstack(&raw const ours, std::ptr::null_mut());
        }
    }
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: the kernel gives the address of the fault.
    let address = unsafe { (*info).si_addr() } as usize;
    if let Some(low) = stack_at(address)
        && address < low + GUARD_BYTES
    {
        // SAFETY: the label of a stack of this thread that is in use: a plain read.
        say(unsafe { (*label(low)).cpu });
        // SAFETY: may be called anywhere.
        unsafe { libc::abort() };
    }
    if let Some(all) = BEFORE.get()
        && let Some((before, _)) = all.iter().zip(SIGNALS).find(|(_, handled)| *handled == signal)
    {
        // SAFETY: what was there before handles it: the faulting instruction is executed again.
        unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
    }
}

/// Without allocating.
fn say(cpu: u64) {
    let mut digits = [0u8; 20];
    let mut place = digits.len();
    let mut rest = cpu;
    loop {
        place -= 1;
        digits[place] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    write(b"error: the software of CPU");
    write(&digits[place..]);
    write(b" has used up its stack of ");
    const { assert!(STACK_BYTES == 256 * 1024, "the message names the size") };
    write(b"256 KiB between two operations: a large local variable, or deep recursion\n");
}

fn write(text: &[u8]) {
    // SAFETY: plain bytes to standard error; what cannot be written is lost.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}
