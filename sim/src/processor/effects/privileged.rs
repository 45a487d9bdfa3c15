//! Model-specific registers, CR8 and CPUID.
//!
//! Not modelled: CPUID beyond what concerns the APIC.

use crate::apic::{MSR_APIC_BASE, MSR_TIME_STAMP_COUNTER, MSR_TSC_DEADLINE, Mode};
use crate::processor::core::Core;
use crate::stream::What;

/// Current count of the timer as a model-specific register (SDM vol. 3 table 10-6).
const MSR_CURRENT_COUNT: u32 = 0x839;

/// The 64-bit ICR of x2APIC mode (SDM vol. 3 §10.12.9).
const MSR_COMMAND: u32 = 0x830;

/// Highest CPUID leaf, the one with the x2APIC id (SDM vol. 2, CPUID).
const LAST_LEAF: u32 = 0xB;

/// The offset in the page of what `msr` writes: of the APIC base, the id's, because mode and address say as much of who an
/// APIC is; of the others, that of the same register (SDM vol. 3 table 10-6).
const fn register_of(msr: u32) -> u16 {
    if msr == MSR_APIC_BASE { 0x020 } else { (msr as u16 & 0xFF) << 4 }
}

impl Core {
    pub(super) fn read_msr(&mut self, before: u64) -> Option<u64> {
        let now = self.now();
        let (access, site) = (self.access(), self.line());
        let msr = access.operand;
        let read = self.apic.read_msr(msr, now);
        self.faulted = read.is_err();
        match read {
            Err(_) => self.effective(now, Some(site), What::Fault(access)),
            Ok(value) if matches!(msr, MSR_TIME_STAMP_COUNTER | MSR_TSC_DEADLINE | MSR_CURRENT_COUNT) => {
                self.effective(now, Some(site), What::TimedRead { access, value });
            }
            Ok(value) => self.poll(access, value, before),
        }
        Some(read.unwrap_or_default())
    }

    pub(super) fn write_msr(&mut self) -> Option<u64> {
        let now = self.now();
        let (access, site, value) = (self.access(), self.line(), self.pending.value);
        let msr = access.operand;
        let written = self.apic.write_msr(msr, value, now);
        self.faulted = written.is_err();
        match written {
            Err(_) => self.effective(now, Some(site), What::Fault(access)),
            Ok(written) => {
                self.effective(now, Some(site), What::Write { access, value });
                self.written(site, &written.result, register_of(msr), now);
                if msr == MSR_COMMAND {
                    self.pulse_if_armed();
                }
            }
        }
        Some(0)
    }

    pub(super) fn read_cr8(&mut self, before: u64) -> Option<u64> {
        let value = u64::from(self.apic.read_cr8());
        self.poll(self.access(), value, before);
        Some(value)
    }

    pub(super) fn write_cr8(&mut self) -> Option<u64> {
        let now = self.now();
        let class = self.pending.value as u8;
        self.apic.write_cr8(class);
        self.effective(now, Some(self.line()), What::Write { access: self.access(), value: u64::from(class) });
        self.apic_touched = Some(now);
        self.refresh_attention(now);
        Some(0)
    }

    pub(super) fn identify(&mut self, before: u64) -> Option<u64> {
        let access = self.access();
        let found = self.identification(access.operand, self.pending.value != 0);
        self.poll(access, found, before);
        Some(found)
    }

    /// Two of the four registers that CPUID gives: EAX and EBX, or ECX and EDX.
    pub(in crate::processor) fn identification(&self, leaf: u32, upper: bool) -> u64 {
        let apic = &self.apic;
        let x2apic = apic.generation().profile().x2apic;
        let [eax, ebx, ecx, edx] = match leaf {
            0 => [LAST_LEAF, 0, 0, 0],
            1 => {
                let priority_messages = u32::from(apic.has_priority_messages()) << 14;
                let features = priority_messages | u32::from(x2apic) << 21 | u32::from(apic.has_tsc_deadline()) << 24;
                let present = u32::from(apic.mode() != Mode::Disabled) << 9;
                [0, (apic.initial_id() & 0xFF) << 24, features, 1 << 5 | present]
            }
            6 => [u32::from(apic.timer_always_runs()) << 2, 0, 0, 0],
            LAST_LEAF if x2apic => [0, 0, 0, apic.initial_id()],
            _ => [0; 4],
        };
        let (low, high) = if upper { (ecx, edx) } else { (eax, ebx) };
        u64::from(low) | u64::from(high) << 32
    }
}
