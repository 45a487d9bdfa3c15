//! What an operation leaves in registers, on x86-64.

use super::super::x86_64::boundary;
use super::{LITTER, machine};
use crate::coroutine::Stacks;
use parking_lot::Mutex;
use std::arch::asm;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Has this host vector registers of 256 bits?
fn is_wide() -> bool {
    std::arch::is_x86_feature_detected!("avx")
}

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
            "test rdi, rdi\n jz 2f",
            "vinsertf128 ymm0, ymm0, xmm0, 1\n vinsertf128 ymm1, ymm1, xmm1, 1",
            "vinsertf128 ymm2, ymm2, xmm2, 1\n vinsertf128 ymm3, ymm3, xmm3, 1",
            "vinsertf128 ymm4, ymm4, xmm4, 1\n vinsertf128 ymm5, ymm5, xmm5, 1",
            "vinsertf128 ymm6, ymm6, xmm6, 1\n vinsertf128 ymm7, ymm7, xmm7, 1",
            "vinsertf128 ymm8, ymm8, xmm8, 1\n vinsertf128 ymm9, ymm9, xmm9, 1",
            "vinsertf128 ymm10, ymm10, xmm10, 1\n vinsertf128 ymm11, ymm11, xmm11, 1",
            "vinsertf128 ymm12, ymm12, xmm12, 1\n vinsertf128 ymm13, ymm13, xmm13, 1",
            "vinsertf128 ymm14, ymm14, xmm14, 1\n vinsertf128 ymm15, ymm15, xmm15, 1",
            "2:",
            "mov rcx, rax\n mov rdx, rax\n mov rsi, rax\n mov rdi, rax",
            "mov r8, rax\n mov r9, rax\n mov r10, rax\n mov r11, rax",
            in("rdi") u64::from(is_wide()),
            clobber_abi("C"),
        );
    }
}

/// An operation that litters; then `rcx`, `rdx`, `rsi`, `rdi`, `r8` to `r11`, `xmm0` to `xmm15`, and if `wide`, the upper halves
/// of `ymm0` to `ymm15`, or else zeros.
fn left_behind(hot: usize, wide: bool) -> [u64; 72] {
    let mut left = [0; 72];
    left[..40].fill(u64::MAX);
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
            "test r13, r13\n jz 2f",
            "vextractf128 [r12 + 320], ymm0, 1\n vextractf128 [r12 + 336], ymm1, 1",
            "vextractf128 [r12 + 352], ymm2, 1\n vextractf128 [r12 + 368], ymm3, 1",
            "vextractf128 [r12 + 384], ymm4, 1\n vextractf128 [r12 + 400], ymm5, 1",
            "vextractf128 [r12 + 416], ymm6, 1\n vextractf128 [r12 + 432], ymm7, 1",
            "vextractf128 [r12 + 448], ymm8, 1\n vextractf128 [r12 + 464], ymm9, 1",
            "vextractf128 [r12 + 480], ymm10, 1\n vextractf128 [r12 + 496], ymm11, 1",
            "vextractf128 [r12 + 512], ymm12, 1\n vextractf128 [r12 + 528], ymm13, 1",
            "vextractf128 [r12 + 544], ymm14, 1\n vextractf128 [r12 + 560], ymm15, 1",
            "vzeroupper",
            "2:",
            boundary = sym boundary,
            in("r12") left.as_mut_ptr(),
            in("r13") u64::from(wide),
            in("rdi") hot,
            in("rsi") LITTER,
            in("rdx") 1_u64,
            in("rcx") std::ptr::from_ref(Location::caller()),
            clobber_abi("C"),
        );
    }
    left
}

/// On this host, and as on one that has no vector registers of 256 bits.
#[test]
fn nothing_of_the_simulator_stays_in_a_register() {
    for wide in [is_wide(), false] {
        let (core, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new([1; 72])));
        let (address, left) = (Arc::clone(&core), Arc::clone(&seen));
        let mut owned = machine(Stacks::Own, 0, move |_, _| {
            *left.lock() = left_behind(address.load(Ordering::SeqCst), wide);
        });
        if !wide {
            owned.hot.without_wide_vectors();
        }
        core.store(std::ptr::from_mut(&mut *owned).expose_provenance(), Ordering::SeqCst);
        owned.resume(&());
        assert_eq!(owned.notes, [format!("{LITTER} 1"), "unwound".to_owned()]);
        assert_eq!(*seen.lock(), [0; 72], "wide: {wide}");
    }
}
