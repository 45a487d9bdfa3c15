//! What the chipset knows of a CPU's task priority: xTPR messages, which software may turn off (IA32_MISC_ENABLE bit 23, SDM
//! vol. 3 table 35-2).
//!
//! Not modelled: the time that a message takes; that a chipset leaves out a CPU that has sent none since a reset (460GX
//! §2.6.1.1, E8870 §3.7.8), and what becomes of a message to such CPUs only: here one that never wrote its TPR is known with
//! what the TPR holds; the bits of IA32_MISC_ENABLE that do not concern the APIC: they read 0, and writes of them are ignored.
//! The value after a reset is "processor specific" (table 35-45): here messages are on.
//!
//! That the chipset goes on with what it heard last follows from two sentences: it saves the priorities that it is told
//! (SDM vol. 3 §10.6.2.4), and its registers change by such messages (460GX §2.6.1.1, E8870 §3.7.8).

use super::LocalApic;
use super::apic_base::GeneralProtection;
use super::told_priority::PriorityMessages;
use crate::generation::XtprEnable;

/// IA32_MISC_ENABLE (SDM vol. 3 table 35-2).
pub const MSR_MISC_ENABLE: u32 = 0x1A0;
/// Bit 23: xTPR messages are off.
const MESSAGES_OFF: u64 = 1 << 23;

impl LocalApic {
    /// May software turn xTPR messages off, CPUID.01H:ECX\[14\] (SDM vol. 2, CPUID)?
    pub const fn has_priority_messages(&self) -> bool {
        self.generation.profile().priority_messages
    }

    /// The task priority that a chipset compares.
    pub(super) fn reported_priority(&self) -> u8 {
        self.priority_messages.heard.unwrap_or(self.tpr())
    }

    pub(super) const fn read_misc_enable(&self) -> Result<u64, GeneralProtection> {
        match (self.has_priority_messages(), self.priority_messages.off) {
            (false, _) => Err(GeneralProtection),
            (true, false) => Ok(0),
            (true, true) => Ok(MESSAGES_OFF),
        }
    }

    /// Says whether anything changed.
    #[cold]
    pub(super) fn write_misc_enable(&mut self, value: u64) -> Result<bool, GeneralProtection> {
        if !self.has_priority_messages() {
            return Err(GeneralProtection);
        }
        let before = self.priority_messages;
        let off = value & MESSAGES_OFF != 0;
        let heard = match (off, self.knobs.xtpr_enable) {
            (false, XtprEnable::AtOnce) => None,
            (false, XtprEnable::NextWrite) => before.heard,
            (true, _) => Some(self.reported_priority()),
        };
        self.priority_messages = PriorityMessages { off, heard };
        Ok(before != self.priority_messages)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{enabled, reset};
    use super::*;
    use crate::generation::{Generation, Redirection};
    use crate::named::Named;
    use crate::time::Time;
    use Generation::{X2Apic, XApic};

    const NOW: Time = Time::ZERO;
    const TPR: u16 = 0x080;

    /// What a chipset compares, class of the task priority.
    fn compared(apic: &LocalApic) -> u8 {
        apic.bid(0x31).redirection
    }

    #[test]
    fn without_messages_the_chipset_keeps_what_it_heard_last() {
        // SDM vol. 3 §10.6.2.4 and table 35-2
        for generation in [XApic, X2Apic] {
            let mut apic = enabled(generation, 0);
            apic.write(TPR, 0x30, NOW);
            assert_eq!(compared(&apic), 3, "{generation}");
            apic.write_msr(0x1A0, 0x80_0000, NOW).expect("the bit can be set");
            assert_eq!(apic.read_msr(0x1A0, NOW), Ok(0x80_0000));
            apic.write(TPR, 0x50, NOW);
            apic.write_cr8(6);
            assert_eq!((compared(&apic), apic.tpr()), (3, 0x60), "{generation}");
            apic.init();
            assert_eq!((compared(&apic), apic.tpr()), (3, 0), "{generation}: an INIT sends none either");
            assert_eq!(apic.read_msr(0x1A0, NOW), Ok(0x80_0000), "and leaves the bit");
        }
    }

    #[test]
    fn allowed_again_it_reports_as_the_knob_says() {
        for (rule, at_once) in [(XtprEnable::NextWrite, 0), (XtprEnable::AtOnce, 5)] {
            let mut apic = enabled(XApic, 0);
            apic.knobs.xtpr_enable = rule;
            apic.write_msr(0x1A0, 0x80_0000, NOW).expect("the bit can be set");
            apic.write_cr8(5);
            apic.write_msr(0x1A0, 0, NOW).expect("it can be cleared");
            assert_eq!(compared(&apic), at_once, "{rule}");
            apic.write(TPR, 0x50, NOW);
            assert_eq!(compared(&apic), 5, "{rule}: written, if with the same value");
        }
    }

    #[test]
    fn what_needs_no_message_is_compared_as_it_is() {
        // AMD APM vol. 2 chapter 16: the arbitration priority, by the APICs themselves
        let mut apic = enabled(X2Apic, 0);
        apic.knobs.redirection = Redirection::ArbitrationPriority;
        apic.write_msr(0x1A0, 0x80_0000, NOW).expect("the bit can be set");
        apic.write(TPR, 0x50, NOW);
        assert_eq!(compared(&apic), 5);
    }

    #[test]
    fn other_bits_are_not_there_and_other_parts_have_none() {
        for &generation in Generation::ALL {
            let mut apic = reset(generation, 0);
            let exists = matches!(generation, XApic | X2Apic);
            assert_eq!(apic.write_msr(0x1A0, !0, NOW).is_ok(), exists, "{generation}");
            let expected = if exists { Ok(0x80_0000) } else { Err(GeneralProtection) };
            assert_eq!(apic.read_msr(0x1A0, NOW), expected, "{generation}");
        }
    }
}
