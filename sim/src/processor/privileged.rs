//! Effects of the rarer registers: model-specific ones, CR8, CPUID, the timer's count, device memory and ports.
//!
//! Not modelled: CPUID beyond what concerns the APIC, segment and paging rules of an access.

use super::core::{Core, Interruptible, Outgoing};
use super::operation::Kind;
use super::step::{Pending, Phase};
use crate::apic::{MSR_TIME_STAMP_COUNTER, MSR_TSC_DEADLINE, Mode};
use crate::stream::{Access, What};
use std::panic::Location;

type Site = &'static Location<'static>;

/// Current count of the timer as a model-specific register (SDM vol. 3 table 10-6).
const MSR_CURRENT_COUNT: u32 = 0x839;
const CURRENT_COUNT: u16 = 0x390;

/// The 64-bit ICR of x2APIC mode (SDM vol. 3 §10.12.9).
const MSR_COMMAND: u32 = 0x830;

/// Highest CPUID leaf, the one with the x2APIC id (SDM vol. 2, CPUID).
const LAST_LEAF: u32 = 0xB;

impl Core {
    /// Reads the timer's count: a clock, so that nothing is proven to repeat that reads it.
    pub(super) fn read_count(&mut self, site: Site) -> u64 {
        let now = self.now();
        let value = u64::from(self.apic.read(CURRENT_COUNT, now));
        let access = Access { kind: Kind::RegisterRead, operand: u32::from(CURRENT_COUNT) };
        self.effective(now, Some(site), What::TimedRead { access, value });
        value
    }

    pub(super) fn read_msr(&mut self, site: Site, msr: u32) -> u64 {
        let now = self.now();
        let access = Access { kind: Kind::MsrRead, operand: msr };
        let read = self.apic.read_msr(msr, now);
        self.faulted = read.is_err();
        match read {
            Err(_) => self.effective(now, Some(site), What::Fault(access)),
            Ok(value) if matches!(msr, MSR_TIME_STAMP_COUNTER | MSR_TSC_DEADLINE | MSR_CURRENT_COUNT) => {
                self.effective(now, Some(site), What::TimedRead { access, value });
            }
            Ok(value) => self.poll(site, access, value),
        }
        read.unwrap_or_default()
    }

    pub(super) fn write_msr(&mut self, site: Site, msr: u32, value: u64) -> u64 {
        let now = self.now();
        let access = Access { kind: Kind::MsrWrite, operand: msr };
        let written = self.apic.write_msr(msr, value, now);
        self.faulted = written.is_err();
        match written {
            Err(_) => self.effective(now, Some(site), What::Fault(access)),
            Ok(written) => {
                self.effective(now, Some(site), What::Write { access, value });
                self.written(site, written.result);
                if msr == MSR_COMMAND {
                    self.pulse_if_armed();
                }
            }
        }
        0
    }

    pub(super) fn access_cr8(&mut self, site: Site, access: Access, class: u8) -> u64 {
        if access.kind == Kind::PriorityRead {
            let value = u64::from(self.apic.read_cr8());
            self.poll(site, access, value);
            return value;
        }
        let now = self.now();
        self.apic.write_cr8(class);
        self.effective(now, Some(site), What::Write { access, value: u64::from(class) });
        self.apic_touched = true;
        self.refresh_attention(now);
        0
    }

    /// Two of the four registers that CPUID gives: EAX and EBX, or ECX and EDX.
    pub(super) fn identification(&self, leaf: u32, upper: bool) -> u64 {
        let apic = &self.apic;
        let x2apic = apic.generation().profile().x2apic;
        let [eax, ebx, ecx, edx] = match leaf {
            0 => [LAST_LEAF, 0, 0, 0],
            1 => {
                let features = if x2apic { 1 << 21 | 1 << 24 } else { 0 };
                let present = u32::from(apic.mode() != Mode::Disabled) << 9;
                [0, (apic.initial_id() & 0xFF) << 24, features, 1 << 5 | present]
            }
            LAST_LEAF if x2apic => [0, 0, 0, apic.initial_id()],
            _ => [0; 4],
        };
        let (low, high) = if upper { (ecx, edx) } else { (eax, ebx) };
        u64::from(low) | u64::from(high) << 32
    }

    /// An access to memory that is no RAM: this CPU's own APIC, or a device that answers after a while.
    pub(super) fn access_memory(&mut self, pending: &mut Pending) -> Option<u64> {
        let address = pending.operation.operand;
        let own = self.apic.mode() == Mode::XApic && u64::from(address & !0xFFF) == self.apic.page();
        if own && pending.operation.kind == Kind::MemoryWrite {
            return self.write_register(pending);
        }
        if own {
            let now = self.now();
            let offset = (address & 0xFFF) as u16;
            let value = u64::from(self.apic.read(offset, now));
            let access = Access { kind: Kind::MemoryRead, operand: address };
            match offset {
                CURRENT_COUNT => self.effective(now, Some(pending.site), What::TimedRead { access, value }),
                _ => self.poll(pending.site, access, value),
            }
            if self.apic.take_logged() {
                self.read_was_an_error();
            }
            return Some(value);
        }
        self.access_device(pending)
    }

    /// An I/O port: a device's, or one that reads as 0 (no parity or channel-check error: bits 7:6 of port 61h).
    pub(super) fn access_port(&mut self, pending: &mut Pending) -> Option<u64> {
        let access = Access { kind: pending.operation.kind, operand: pending.operation.operand };
        if crate::devices::is_port(pending.operation.operand) {
            return self.access_device(pending);
        }
        match access.kind {
            Kind::PortRead => self.poll(pending.site, access, 0),
            _ => self.effective(self.now(), Some(pending.site), What::Write { access, value: pending.value }),
        }
        Some(0)
    }

    /// Leaves at the effect instant, reaches the devices in key order, and comes back R later. Nothing comes between.
    fn access_device(&mut self, pending: &mut Pending) -> Option<u64> {
        let (kind, operand, site) = (pending.operation.kind, pending.operation.operand, pending.site);
        let access = Access { kind, operand };
        if pending.phase == Phase::Modifying {
            let value = u64::from(self.answer.take().expect("devices answer before the access returns"));
            let now = self.now();
            match kind {
                Kind::MemoryRead | Kind::PortRead => {
                    self.effective(now, Some(site), What::TimedRead { access, value });
                }
                _ => self.effective(now, Some(site), What::Write { access, value: pending.value }),
            }
            return Some(value);
        }
        pending.phase = Phase::Modifying;
        pending.interruptible = Interruptible::Never;
        let back = self.now() + self.common.costs.read_modify_write;
        pending.effect = self.common.clock.first_at_or_after(back);
        self.close_runs(self.now());
        self.send_out(site, Outgoing::Device { access, value: pending.value as u32 });
        None
    }

    /// The devices' answer.
    pub(crate) fn device_answers(&mut self, value: u32) {
        self.answer = Some(value);
    }
}
