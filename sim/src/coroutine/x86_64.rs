//! The boundary on x86-64, System V calling convention.
//!
//! Not saved or compared: MXCSR and the x87 control word (the contract of software), flags, segment bases.
//!
//! The frames of [`boundary`] and of what it calls on the software's stack are described by CFI over `rbp`, so that
//! unwinding and backtraces go from them into software, and end at [`begin`].

use super::hot::{Hot, at};
use super::seat::{Seat, act, live};
use super::site::Site;
use super::steps::KINDS;
use super::turn::{DONE, HANDLE, SUSPEND, UNWIND};
use std::arch::naked_asm;
use std::mem::offset_of;

/// What the simulator left in caller-saved registers, but for the result, `rsi`, and `rdi`, which has the core. Where the host
/// has AVX, one instruction clears vector registers whole, whatever this build uses of them; else it is [`scrub_narrow`]'s.
macro_rules! scrub {
    ($narrow:literal, $back:literal) => {
        concat!(
            concat!("cmp qword ptr [rdi + {wide_vectors}], 0\n je ", $narrow, "f\n vzeroall\n", $back, ":\n"),
            scrub_upper!(),
            scrub_general!()
        )
    };
}

macro_rules! scrub_general {
    () => {
        "xor ecx, ecx\n xor edx, edx\n xor r8d, r8d\n xor r9d, r9d\n xor r10d, r10d\n xor r11d, r11d\n"
    };
}

/// What no instruction clears at once, and only software that is built for it has.
#[cfg(target_feature = "avx512f")]
macro_rules! scrub_upper {
    () => {
        concat!(
            "vpxorq zmm16, zmm16, zmm16\n vpxorq zmm17, zmm17, zmm17\n vpxorq zmm18, zmm18, zmm18\n",
            "vpxorq zmm19, zmm19, zmm19\n vpxorq zmm20, zmm20, zmm20\n vpxorq zmm21, zmm21, zmm21\n",
            "vpxorq zmm22, zmm22, zmm22\n vpxorq zmm23, zmm23, zmm23\n vpxorq zmm24, zmm24, zmm24\n",
            "vpxorq zmm25, zmm25, zmm25\n vpxorq zmm26, zmm26, zmm26\n vpxorq zmm27, zmm27, zmm27\n",
            "vpxorq zmm28, zmm28, zmm28\n vpxorq zmm29, zmm29, zmm29\n vpxorq zmm30, zmm30, zmm30\n",
            "vpxorq zmm31, zmm31, zmm31\n kxorw k0, k0, k0\n kxorw k1, k1, k1\n kxorw k2, k2, k2\n",
            "kxorw k3, k3, k3\n kxorw k4, k4, k4\n kxorw k5, k5, k5\n kxorw k6, k6, k6\n kxorw k7, k7, k7\n",
        )
    };
}

#[cfg(not(target_feature = "avx512f"))]
macro_rules! scrub_upper {
    () => {
        ""
    };
}

/// The vector registers of a host without AVX.
macro_rules! scrub_narrow {
    ($narrow:literal, $back:literal) => {
        concat!(
            concat!($narrow, ":\n"),
            "xorps xmm0, xmm0\n xorps xmm1, xmm1\n xorps xmm2, xmm2\n xorps xmm3, xmm3\n",
            "xorps xmm4, xmm4\n xorps xmm5, xmm5\n xorps xmm6, xmm6\n xorps xmm7, xmm7\n",
            "xorps xmm8, xmm8\n xorps xmm9, xmm9\n xorps xmm10, xmm10\n xorps xmm11, xmm11\n",
            "xorps xmm12, xmm12\n xorps xmm13, xmm13\n xorps xmm14, xmm14\n xorps xmm15, xmm15\n",
            concat!("jmp ", $back, "b\n")
        )
    };
}

/// One operation of software. First the fast path: an access that repeats the one that is expected, with its effect
/// before anything could change its value. It needs no other stack, and leaves general registers as the slow way does. Else
/// the software's stack is left before anything else happens.
///
/// Vector registers stay as software left them on the fast path, and are zero after the slow one: nothing of the simulator
/// is in them either way.
///
/// # Safety
/// `hot` belongs to the core whose software calls.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn boundary(hot: *mut Hot, operation: u64, value: u64, site: Site) -> u64 {
    naked_asm!(
        ".cfi_startproc",
        "mov rax, [rdi + {next}]",
        "cmp [rax + {operation}], rsi",
        "jne 2f",
        "cmp [rax + {site}], rcx",
        "jne 2f",
        "cmp [rax + {argument}], rdx",
        "jne 2f",
        "cmp rsp, [rdi + {limit}]",
        "jb 2f",
        "mov r8, [rax + {cost}]",
        "add r8, [rdi + {clock}]",
        "cmp r8, [rdi + {slow_at}]",
        "jae 2f",
        "dec qword ptr [rdi + {left}]",
        "jz 3f",
        "mov [rdi + {clock}], r8",
        "mov [rax + {last}], r8",
        "inc qword ptr [rax + {count}]",
        "mov r8, [rax + {follower}]",
        "mov [rdi + {next}], r8",
        "mov rax, [rax + {value}]",
        scrub_general!(), // as after the slow way
        "xor esi, esi",
        "xor edi, edi",
        "ret",
        "3:", // the search for a recurrence wants to see this one, and counts it
        "inc qword ptr [rdi + {left}]",
        "2:",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp", // from here on rsp may be anything
        "cmp rsp, [rdi + {limit}]",
        "jb 5f",
        "mov rsp, [rdi + {engine_stack}]",
        "mov rax, [rdi + {steps}]",
        "mov r8d, esi",
        "and r8d, {kind}",
        "call [rax + r8 * 8]",
        "jmp {land}",
        "5:", // registers are wanted, or the stack is used up, or this is a twin
        "cmp qword ptr [rdi + {twin}], 0",
        "jne 6f",
        "mov [rdi + {registers}], rbp",
        "mov [rdi + {registers} + 8], rbx",
        "mov [rdi + {registers} + 16], r12",
        "mov [rdi + {registers} + 24], r13",
        "mov [rdi + {registers} + 32], r14",
        "mov [rdi + {registers} + 40], r15",
        "mov rax, [rdi + {seat}]",
        "mov rsp, [rdi + {engine_stack}]",
        "call [rax + {watched}]",
        "jmp {land}",
        "6:",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "jmp {twin_operates}",
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
        steps = const at::STEPS,
        kind = const KINDS - 1,
        watched = const offset_of!(Seat, begin_watched),
        land = sym land,
        twin_operates = sym super::threads::operate,
    )
}

/// Back from the simulator, with an answer in rax and rdx, the engine's rsp and the rbp of a frame of [`boundary`]:
/// software goes on, or a handler runs on top of it, or it is unwound; or the engine goes on, and software waits.
#[unsafe(naked)]
unsafe extern "C-unwind" fn land() {
    naked_asm!(
        ".cfi_startproc",
        ".cfi_def_cfa rbp, 16",
        ".cfi_offset rbp, -16",
        "2:",
        "mov rdi, [rsp]", // where `enter` keeps the core
        "test rdx, rdx",
        "jne 5f",
        scrub!("6", "7"), // the operation is done
        "mov rsp, rbp",
        "xor esi, esi",
        "xor edi, edi",
        "pop rbp",
        ".cfi_remember_state",
        ".cfi_def_cfa rsp, 8",
        ".cfi_restore rbp",
        "ret",
        ".cfi_restore_state",
        "5:",
        "cmp dl, {suspend}",
        "je 3f",
        "mov rsi, rdx",
        scrub!("8", "9"),
        "mov rsp, rbp", // a handler, or unwinding, on the software's stack
        "xor eax, eax",
        "push rdi",
        "push rdi",
        "call {act}",
        "pop rdi",
        "pop rdi",
        "mov rsp, [rdi + {engine_stack}]",
        "mov rax, [rdi + {seat}]",
        "call [rax + {handler_returned}]",
        "jmp 2b",
        "3:", // what is software's is saved in the core: nothing is written to its stack
        "mov [rdi + {registers}], rbp",
        "mov [rdi + {registers} + 8], rbx",
        "mov [rdi + {registers} + 16], r12",
        "mov [rdi + {registers} + 24], r13",
        "mov [rdi + {registers} + 32], r14",
        "mov [rdi + {registers} + 40], r15",
        "xor eax, eax",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        scrub_narrow!("6", "7"),
        scrub_narrow!("8", "9"),
        ".cfi_endproc",
        suspend = const SUSPEND,
        wide_vectors = const at::WIDE_VECTORS,
        registers = const at::REGISTERS,
        engine_stack = const at::ENGINE_STACK,
        seat = const at::SEAT,
        handler_returned = const offset_of!(Seat, handler_returned),
        act = sym act,
    )
}

const _: () = assert!(DONE == 0 && HANDLE & 0xFF != SUSPEND && UNWIND & 0xFF != SUSPEND);

/// From the engine to software that stands in the boundary, with an answer for it. Gives 0 when software waits again,
/// else how its life ended ([`live`]).
///
/// # Safety
/// The software of `hot` is suspended on a live stack, on this thread.
#[unsafe(naked)]
pub(super) unsafe extern "C-unwind" fn enter(hot: *mut Hot, value: u64, action: u64) -> u64 {
    naked_asm!(
        ".cfi_startproc",
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 64",
        "mov [rsp], rdi",
        "mov [rdi + {engine_stack}], rsp",
        "mov rax, rsi", // rdx has the action already
        "mov rbp, [rdi + {registers}]",
        "mov rbx, [rdi + {registers} + 8]",
        "mov r12, [rdi + {registers} + 16]",
        "mov r13, [rdi + {registers} + 24]",
        "mov r14, [rdi + {registers} + 32]",
        "mov r15, [rdi + {registers} + 40]",
        "jmp {land}",
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
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "sub rsp, 8",
        ".cfi_def_cfa_offset 64",
        "mov [rsp], rdi",
        "mov [rdi + {engine_stack}], rsp",
        "mov rsp, rdx",
        "jmp {begin}",
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
        ".cfi_undefined rip",
        "nop",
        scrub!("6", "7"),
        "mov rbx, rdi",
        "xor eax, eax",
        "xor ebp, ebp",
        "xor r12d, r12d",
        "xor r13d, r13d",
        "xor r14d, r14d",
        "xor r15d, r15d",
        "call {live}",
        "mov rsp, [rbx + {engine_stack}]",
        "add rsp, 8",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
        scrub_narrow!("6", "7"),
        ".cfi_endproc",
        live = sym live,
        wide_vectors = const at::WIDE_VECTORS,
        engine_stack = const at::ENGINE_STACK,
    )
}
