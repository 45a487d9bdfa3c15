//! What an operation leaves in registers, on x86-64.

use super::super::x86_64::boundary;
use super::{LITTER, machine};
use crate::coroutine::Stacks;
use parking_lot::Mutex;
use std::arch::asm;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Fills every register that a function need not preserve.
pub(super) fn litter() {
    // SAFETY: registers that a function of this calling convention may change.
    unsafe {
        asm!(
            "movabs rax, 0x5a5a5a5a5a5a5a5a",
            "movq xmm0, rax\n punpcklqdq xmm0, xmm0",
            "movq xmm1, rax\n punpcklqdq xmm1, xmm1",
            "movq xmm2, rax\n punpcklqdq xmm2, xmm2",
            "movq xmm3, rax\n punpcklqdq xmm3, xmm3",
            "movq xmm4, rax\n punpcklqdq xmm4, xmm4",
            "movq xmm5, rax\n punpcklqdq xmm5, xmm5",
            "movq xmm6, rax\n punpcklqdq xmm6, xmm6",
            "movq xmm7, rax\n punpcklqdq xmm7, xmm7",
            "movq xmm8, rax\n punpcklqdq xmm8, xmm8",
            "movq xmm9, rax\n punpcklqdq xmm9, xmm9",
            "movq xmm10, rax\n punpcklqdq xmm10, xmm10",
            "movq xmm11, rax\n punpcklqdq xmm11, xmm11",
            "movq xmm12, rax\n punpcklqdq xmm12, xmm12",
            "movq xmm13, rax\n punpcklqdq xmm13, xmm13",
            "movq xmm14, rax\n punpcklqdq xmm14, xmm14",
            "movq xmm15, rax\n punpcklqdq xmm15, xmm15",
            "mov rcx, rax\n mov rdx, rax\n mov rsi, rax\n mov rdi, rax",
            "mov r8, rax\n mov r9, rax\n mov r10, rax\n mov r11, rax",
            clobber_abi("C"),
        );
    }
}

/// An operation that litters; then `rcx`, `rdx`, `rsi`, `rdi`, `r8` to `r11`, and `xmm0` to `xmm15`.
fn left_behind(hot: usize) -> [u64; 40] {
    let mut left = [u64::MAX; 40];
    // SAFETY: software of this core calls; the function is the boundary, with its four arguments.
    unsafe {
        asm!(
            "call {boundary}",
            "mov [r12], rcx\n mov [r12 + 8], rdx\n mov [r12 + 16], rsi\n mov [r12 + 24], rdi",
            "mov [r12 + 32], r8\n mov [r12 + 40], r9\n mov [r12 + 48], r10\n mov [r12 + 56], r11",
            "movups [r12 + 64], xmm0",
            "movups [r12 + 80], xmm1",
            "movups [r12 + 96], xmm2",
            "movups [r12 + 112], xmm3",
            "movups [r12 + 128], xmm4",
            "movups [r12 + 144], xmm5",
            "movups [r12 + 160], xmm6",
            "movups [r12 + 176], xmm7",
            "movups [r12 + 192], xmm8",
            "movups [r12 + 208], xmm9",
            "movups [r12 + 224], xmm10",
            "movups [r12 + 240], xmm11",
            "movups [r12 + 256], xmm12",
            "movups [r12 + 272], xmm13",
            "movups [r12 + 288], xmm14",
            "movups [r12 + 304], xmm15",
            boundary = sym boundary,
            in("r12") left.as_mut_ptr(),
            in("rdi") hot,
            in("rsi") LITTER,
            in("rdx") 1_u64,
            in("rcx") std::ptr::from_ref(Location::caller()),
            clobber_abi("C"),
        );
    }
    left
}

#[test]
fn nothing_of_the_simulator_stays_in_a_register() {
    let (core, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new([1; 40])));
    let (address, left) = (Arc::clone(&core), Arc::clone(&seen));
    let mut owned = machine(Stacks::Own, 0, move |_, _| {
        *left.lock() = left_behind(address.load(Ordering::SeqCst));
    });
    core.store(std::ptr::from_mut(&mut *owned).expose_provenance(), Ordering::SeqCst);
    owned.resume(&());
    assert_eq!(owned.notes, [format!("{LITTER} 1"), "unwound".to_owned()]);
    assert_eq!(*seen.lock(), [0; 40]);
}
