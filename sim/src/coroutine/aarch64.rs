//! The boundary on AArch64, procedure call standard AAPCS64.
//!
//! Not saved or compared: FPCR and FPSR (the contract of software), flags, the platform register x18, the thread pointer.
//!
//! The frame of [`boundary`] on the software's stack is a frame record, x29 and x30: so the return address is in the live
//! stack that is compared, and the address of the record is the stack pointer of software that waits. CFI over x29
//! describes it, so that unwinding and backtraces go from what is above it into software, and end at [`begin`].
//!
//! What was tested, and how: this file was compiled for Linux by the compiler itself, with stand-ins for the core and the
//! standard library, linked with a simulator and software in C++ and run in an emulator, without and with SVE. That
//! covered operations, suspension, handlers in handlers, the fast path and each reason to leave it, saved registers,
//! scrubbing, exceptions from [`act`] to [`live`], and backtraces. Some fifteen spoilt texts were seen to fail: each
//! comparison of the fast path left out, some registers not scrubbed, saved or restored, wrong CFI. For Darwin it was
//! assembled only. The crate as a whole has not been compiled for AArch64, and has not run on such a host.

use super::hot::{Hot, at};
use super::seat::{Seat, act, live};
use super::site::Site;
use super::turn::{HANDLE, SUSPEND, UNWIND};
use std::arch::naked_asm;
use std::mem::offset_of;

/// What the simulator left in caller-saved registers, but for x0 to x2, x18 and x30. Of v8 to v15 software owns the lower
/// halves. With SVE a vector register is longer: a write to its lower 128 bits clears the rest.
macro_rules! scrub {
    () => {
        concat!(
            "mov x3, xzr\n mov x4, xzr\n mov x5, xzr\n mov x6, xzr\n mov x7, xzr\n mov x8, xzr\n mov x9, xzr\n",
            "mov x10, xzr\n mov x11, xzr\n mov x12, xzr\n mov x13, xzr\n mov x14, xzr\n mov x15, xzr\n",
            "mov x16, xzr\n mov x17, xzr\n",
            "movi v0.2d, #0\n movi v1.2d, #0\n movi v2.2d, #0\n movi v3.2d, #0\n",
            "movi v4.2d, #0\n movi v5.2d, #0\n movi v6.2d, #0\n movi v7.2d, #0\n",
            "mov v8.d[1], xzr\n mov v9.d[1], xzr\n mov v10.d[1], xzr\n mov v11.d[1], xzr\n",
            "mov v12.d[1], xzr\n mov v13.d[1], xzr\n mov v14.d[1], xzr\n mov v15.d[1], xzr\n",
            "movi v16.2d, #0\n movi v17.2d, #0\n movi v18.2d, #0\n movi v19.2d, #0\n",
            "movi v20.2d, #0\n movi v21.2d, #0\n movi v22.2d, #0\n movi v23.2d, #0\n",
            "movi v24.2d, #0\n movi v25.2d, #0\n movi v26.2d, #0\n movi v27.2d, #0\n",
            "movi v28.2d, #0\n movi v29.2d, #0\n movi v30.2d, #0\n movi v31.2d, #0\n",
            scrub_predicates!()
        )
    };
}

/// Functions without scalable arguments preserve none of them. The first-fault register stays as it is: code sets it
/// before it looks at it.
#[cfg(target_feature = "sve")]
macro_rules! scrub_predicates {
    () => {
        concat!(
            "pfalse p0.b\n pfalse p1.b\n pfalse p2.b\n pfalse p3.b\n pfalse p4.b\n pfalse p5.b\n pfalse p6.b\n",
            "pfalse p7.b\n pfalse p8.b\n pfalse p9.b\n pfalse p10.b\n pfalse p11.b\n pfalse p12.b\n pfalse p13.b\n",
            "pfalse p14.b\n pfalse p15.b\n",
        )
    };
}

#[cfg(not(target_feature = "sve"))]
macro_rules! scrub_predicates {
    () => {
        ""
    };
}

/// The same instruction with each of these operands.
macro_rules! each {
    ($instruction:literal, $($operands:literal),+ $(,)?) => { concat!($($instruction, " ", $operands, "\n"),+) };
}

/// Saves what is software's, but for the stack pointer, in the core at x0 (`"stp"`), or loads it (`"ldp"`).
macro_rules! software_registers {
    ($pair:literal) => {
        each!(
            $pair,
            "x19, x20, [x0, {registers} + 8]",
            "x21, x22, [x0, {registers} + 24]",
            "x23, x24, [x0, {registers} + 40]",
            "x25, x26, [x0, {registers} + 56]",
            "x27, x28, [x0, {registers} + 72]",
            "d8, d9, [x0, {registers} + 88]",
            "d10, d11, [x0, {registers} + 104]",
            "d12, d13, [x0, {registers} + 120]",
            "d14, d15, [x0, {registers} + 136]",
        )
    };
}

/// Saves what is the engine's in its frame of 176 bytes, above the core's address, or loads it.
macro_rules! engine_registers {
    ($pair:literal) => {
        each!(
            $pair,
            "x29, x30, [sp, #16]",
            "x19, x20, [sp, #32]",
            "x21, x22, [sp, #48]",
            "x23, x24, [sp, #64]",
            "x25, x26, [sp, #80]",
            "x27, x28, [sp, #96]",
            "d8, d9, [sp, #112]",
            "d10, d11, [sp, #128]",
            "d12, d13, [sp, #144]",
            "d14, d15, [sp, #160]",
        )
    };
}

/// One operation of software. First the fast path: an access that repeats the one that is expected, with its effect
/// before anything could change its value. It needs no other stack, and leaves no time in a register. Else the software's
/// stack is left before anything else happens.
///
/// # Safety
/// `hot` belongs to the core whose software calls.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn boundary(hot: *mut Hot, operation: u64, value: u64, site: Site) -> u64 {
    naked_asm!(
        ".cfi_startproc",
        "ldr x9, [x0, {next}]",
        "ldr x10, [x9, {operation}]",
        "cmp x10, x1",
        "b.ne 2f",
        "ldr x10, [x9, {site}]",
        "cmp x10, x3",
        "b.ne 2f",
        "ldr x10, [x9, {argument}]",
        "cmp x10, x2",
        "b.ne 2f",
        "ldr x10, [x0, {limit}]",
        "cmp sp, x10",
        "b.lo 2f",
        "ldr x10, [x9, {cost}]",
        "ldr x11, [x0, {clock}]",
        "add x10, x10, x11",
        "ldr x11, [x0, {slow_at}]",
        "cmp x10, x11",
        "b.hs 2f",
        "ldr x11, [x0, {left}]",
        "subs x11, x11, #1",
        "b.eq 2f", // the search for a recurrence wants to see this one, and counts it
        "str x11, [x0, {left}]",
        "str x10, [x0, {clock}]",
        "str x10, [x9, {last}]",
        "ldr x11, [x9, {count}]",
        "add x11, x11, #1",
        "str x11, [x9, {count}]",
        "ldr x11, [x9, {follower}]",
        "str x11, [x0, {next}]",
        "ldr x0, [x9, {value}]",
        "mov x9, xzr",
        "mov x10, xzr", // no time stays here
        "mov x11, xzr",
        "ret",
        "2:",
        "stp x29, x30, [sp, #-16]!",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset x29, -16",
        ".cfi_offset x30, -8",
        "mov x29, sp",
        ".cfi_def_cfa_register x29", // from here on sp may be anything
        "ldr x9, [x0, {seat}]",
        "ldr x10, [x0, {limit}]",
        "cmp sp, x10",
        "b.lo 5f",
        "ldr x10, [x0, {engine_stack}]",
        "mov sp, x10",
        "ldr x9, [x9, {begin}]",
        "blr x9",
        "b {land}",
        "5:", // registers are wanted, or the stack is used up, or this is a twin
        "ldr x10, [x0, {twin}]",
        "cbnz x10, 6f",
        "str x29, [x0, {registers}]",
        software_registers!("stp"),
        "ldr x10, [x0, {engine_stack}]",
        "mov sp, x10",
        "ldr x9, [x9, {watched}]",
        "blr x9",
        "b {land}",
        "6:",
        "ldp x29, x30, [sp], #16",
        ".cfi_def_cfa sp, 0",
        ".cfi_restore x29",
        ".cfi_restore x30",
        "b {twin_operates}",
        ".cfi_endproc",
        next = const at::NEXT,
        operation = const at::OPERATION,
        site = const at::SITE,
        argument = const at::ARGUMENT,
        limit = const at::LIMIT,
        cost = const at::COST,
        clock = const at::CLOCK,
        slow_at = const at::SLOW_AT,
        left = const at::LEFT,
        last = const at::LAST,
        count = const at::COUNT,
        follower = const at::FOLLOWER,
        value = const at::VALUE,
        engine_stack = const at::ENGINE_STACK,
        twin = const at::TWIN,
        registers = const at::REGISTERS,
        seat = const at::SEAT,
        begin = const offset_of!(Seat, begin),
        watched = const offset_of!(Seat, begin_watched),
        land = sym land,
        twin_operates = sym super::threads::operate,
    )
}

/// Back from the simulator, with an answer in x0 and x1, the engine's sp and the x29 of a frame of [`boundary`]: software
/// goes on, or a handler runs on top of it, or it is unwound; or the engine goes on, and software waits.
#[unsafe(naked)]
unsafe extern "C-unwind" fn land() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_def_cfa x29, 16",
        ".cfi_offset x29, -16",
        ".cfi_offset x30, -8",
        "2:",
        "ldr x2, [sp]", // where `enter` keeps the core
        "and x9, x1, #0xff",
        "cmp x9, #{suspend}",
        "b.eq 3f",
        scrub!(),
        "mov sp, x29",
        "cbnz x1, 4f",
        "mov x2, xzr",
        "ldp x29, x30, [sp], #16",
        ".cfi_remember_state",
        ".cfi_def_cfa sp, 0",
        ".cfi_restore x29",
        ".cfi_restore x30",
        "ret",
        ".cfi_restore_state",
        "3:", // what is software's is saved in the core: nothing is written to its stack
        "mov x0, x2",
        "str x29, [x0, {registers}]",
        software_registers!("stp"),
        "mov x0, xzr",
        engine_registers!("ldp"),
        "add sp, sp, #176",
        "ret",
        "4:", // a handler, or unwinding, on the software's stack
        "stp x2, x2, [sp, #-16]!",
        "mov x0, x2",
        "mov x2, xzr",
        "mov x30, xzr",
        "bl {act}",
        "ldp x0, x9, [sp], #16",
        "ldr x9, [x0, {engine_stack}]",
        "mov sp, x9",
        "ldr x9, [x0, {seat}]",
        "ldr x9, [x9, {handler_returned}]",
        "blr x9",
        "b 2b",
        ".cfi_endproc",
        suspend = const SUSPEND,
        registers = const at::REGISTERS,
        engine_stack = const at::ENGINE_STACK,
        seat = const at::SEAT,
        handler_returned = const offset_of!(Seat, handler_returned),
        act = sym act,
    )
}

const _: () = assert!(HANDLE & 0xFF != SUSPEND && UNWIND & 0xFF != SUSPEND);

/// From the engine to software that stands in the boundary, with an answer for it. Gives 0 when software waits again,
/// else how its life ended ([`live`]).
///
/// # Safety
/// The software of `hot` is suspended on a live stack, on this thread.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn enter(hot: *mut Hot, value: u64, action: u64) -> u64 {
    naked_asm!(
        ".cfi_startproc",
        "sub sp, sp, #176",
        ".cfi_def_cfa_offset 176",
        "str x0, [sp]",
        engine_registers!("stp"),
        "mov x9, sp",
        "str x9, [x0, {engine_stack}]",
        "ldr x29, [x0, {registers}]",
        software_registers!("ldp"),
        "mov x0, x1",
        "mov x1, x2",
        "b {land}",
        ".cfi_endproc",
        engine_stack = const at::ENGINE_STACK,
        registers = const at::REGISTERS,
        land = sym land,
    )
}

/// From the engine to a fresh stack, on which the life `entry` begins. Gives what [`enter`] gives.
///
/// # Safety
/// `base` is the top of a fresh stack, 16-byte aligned, on this thread.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn enter_fresh(hot: *mut Hot, entry: u64, base: u64) -> u64 {
    naked_asm!(
        ".cfi_startproc",
        "sub sp, sp, #176",
        ".cfi_def_cfa_offset 176",
        "str x0, [sp]",
        engine_registers!("stp"),
        "mov x9, sp",
        "str x9, [x0, {engine_stack}]",
        "mov sp, x2",
        "b {begin}",
        ".cfi_endproc",
        engine_stack = const at::ENGINE_STACK,
        begin = sym begin,
    )
}

/// The first frame of a stack of software: nothing is above it. When the life has ended, back out of `enter`.
#[unsafe(naked)]
unsafe extern "C-unwind" fn begin() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_undefined x30",
        "mov x2, xzr",
        scrub!(),
        "movi v8.2d, #0\n movi v9.2d, #0\n movi v10.2d, #0\n movi v11.2d, #0",
        "movi v12.2d, #0\n movi v13.2d, #0\n movi v14.2d, #0\n movi v15.2d, #0",
        "mov x19, x0",
        "mov x20, xzr\n mov x21, xzr\n mov x22, xzr\n mov x23, xzr\n mov x24, xzr",
        "mov x25, xzr\n mov x26, xzr\n mov x27, xzr\n mov x28, xzr\n mov x29, xzr",
        "mov x30, xzr",
        "bl {live}",
        "ldr x9, [x19, {engine_stack}]",
        "mov sp, x9",
        engine_registers!("ldp"),
        "add sp, sp, #176",
        "ret",
        ".cfi_endproc",
        live = sym live,
        engine_stack = const at::ENGINE_STACK,
    )
}
