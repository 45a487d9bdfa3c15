//! What each operation does at its effect instant.

use super::activity::Activity;
use super::core::{Core, Interruptible, LastSend, OpenWait, Outgoing, Provenance, Suspended, WaitRecord};
use super::operation::Kind;
use super::step::{Pending, Phase};
use crate::apic::WriteResult;
use crate::bus::Request;
use crate::choice::{ChoicePoint, Label};
use crate::stream::Fit;
use crate::stream::{Access, What};
use crate::time::Time;
use std::panic::Location;

/// ICR bits 31:0 (SDM vol. 3 §10.6.1): the register that sends and that waits poll.
const ICR_LOW: u16 = 0x300;

/// Current count of the timer: the one register whose value depends on the time.
const CURRENT_COUNT: u16 = 0x390;

impl Core {
    /// Does the effect. `None`: the operation has a second half that is still to come.
    #[inline]
    pub(super) fn effect(&mut self, pending: &mut Pending) -> Option<u64> {
        self.clock = pending.effect;
        let (site, operand) = (pending.site, pending.operation.operand);
        match pending.operation.kind {
            Kind::RegisterRead => {
                if operand as u16 == CURRENT_COUNT {
                    return Some(self.read_count(site));
                }
                let value = u64::from(self.apic.read(operand as u16, Time::ZERO)); // none of the others tells the time
                if operand as u16 == ICR_LOW
                    && let Some(wait) = self.own_wait()
                {
                    wait.reads += 1;
                }
                self.poll(site, Access { kind: Kind::RegisterRead, operand }, value);
                if self.apic.take_logged() {
                    self.read_was_an_error();
                }
                Some(value)
            }
            Kind::Pause => {
                self.poll(site, Access { kind: Kind::Pause, operand: 0 }, 0);
                Some(0)
            }
            Kind::Load => {
                let value = u64::from(self.copy.load(operand as u16));
                self.poll(site, Access { kind: Kind::Load, operand }, value);
                Some(value)
            }
            _ => self.rarer_effect(pending),
        }
    }

    /// A read of a reserved offset may have requested the error interrupt.
    #[cold]
    pub(super) fn read_was_an_error(&mut self) {
        let now = self.now();
        self.apic_touched = true;
        self.tell_local_requests(now);
        self.refresh_attention(now);
    }

    /// The innermost wait of the code that runs now, not of code that it interrupted.
    fn own_wait(&mut self) -> Option<&mut OpenWait> {
        let level = self.frames.len();
        self.waits.last_mut().filter(|wait| wait.level == level)
    }

    /// Records an access that may repeat without effect.
    #[inline]
    pub(super) fn poll(&mut self, site: &'static Location<'static>, access: Access, value: u64) {
        match self.runs.extend(site, access, value, self.clock) {
            Fit::Repeats => {}
            fit => self.open_run(site, access, value, fit == Fit::Changed),
        }
    }

    #[cold]
    fn open_run(&mut self, site: &'static Location<'static>, access: Access, value: u64, changed: bool) {
        let now = self.now();
        if changed {
            self.close_runs(now);
        }
        if !self.runs.open(site, access, value, self.clock, now) {
            self.close_runs(now);
            self.runs.open(site, access, value, self.clock, now);
        }
    }

    fn rarer_effect(&mut self, pending: &mut Pending) -> Option<u64> {
        let (site, operand, value) = (pending.site, pending.operation.operand, pending.value);
        let kind = pending.operation.kind;
        let access = Access { kind, operand };
        match kind {
            Kind::RegisterWrite => self.write_register(pending),
            Kind::RegisterExchange => {
                let old = if pending.phase == Phase::Before {
                    u64::from(self.apic.read(operand as u16, self.now()))
                } else {
                    0
                };
                self.write_register(pending).map(|_| old)
            }
            Kind::MsrRead => Some(self.read_msr(site, operand)),
            Kind::MsrWrite => Some(self.write_msr(site, operand, value)),
            Kind::Faulted => Some(u64::from(self.faulted)),
            Kind::PriorityRead | Kind::PriorityWrite => Some(self.access_cr8(site, access, value as u8)),
            Kind::Identification => {
                let found = self.identification(operand, value != 0);
                self.poll(site, access, found);
                Some(found)
            }
            Kind::MemoryRead | Kind::MemoryWrite => self.access_memory(pending),
            Kind::PortRead | Kind::PortWrite => self.access_port(pending),
            Kind::EnableInterrupts => {
                self.shadow = !self.interrupt_flag;
                self.change_interrupt_flag(site, true);
                Some(0)
            }
            Kind::Shutdown => self.shut_down(pending),
            Kind::AwaitStartUp => self.await_start_up(pending),
            Kind::Delay | Kind::DelayCycles => {
                if let Some(wait) = self.own_wait() {
                    wait.delays += 1;
                }
                self.poll(site, Access { kind, operand: value as u32 }, 0);
                Some(0)
            }
            Kind::Sleep => self.sleep(pending),
            Kind::Halt => self.halt(pending),
            Kind::IrqSave => Some(u64::from(self.change_interrupt_flag(site, false))),
            Kind::IrqRestore => Some(u64::from(self.change_interrupt_flag(site, value != 0))),
            Kind::Store => {
                self.effective(self.now(), Some(site), What::Write { access, value });
                let (word, value) = (operand as u16, value as u32);
                let key = self.send_out(site, Outgoing::Store { word, value });
                self.copy.take(word, value, key);
                Some(0)
            }
            Kind::Exchange | Kind::FetchAdd | Kind::FetchOr | Kind::FetchAnd | Kind::CompareExchange => {
                self.read_modify_write(pending)
            }
            _ => Some(self.hook(pending)),
        }
    }

    pub(super) fn write_register(&mut self, pending: &mut Pending) -> Option<u64> {
        let (site, value) = (pending.site, pending.value as u32);
        let now = self.now();
        let was_busy = self.apic.is_busy();
        let offset = pending.operation.operand as u16 & 0xFFF; // of a memory address, the place in the page
        let written = self.apic.write(offset, value, now);
        if written.result == WriteResult::Stall {
            return self.stall(pending, now);
        }
        if pending.phase == Phase::Stalled {
            self.stalled_since = None;
        }
        let access = Access { kind: pending.operation.kind, operand: pending.operation.operand };
        self.effective(now, Some(site), What::Write { access, value: u64::from(value) });
        if written.result == WriteResult::Nothing && offset == ICR_LOW && was_busy {
            self.effective(now, Some(site), What::IcrWrittenWhileBusy(value));
        }
        self.written(site, written.result);
        self.command_written(site, offset, value);
        Some(0)
    }

    /// A register of the APIC has been written: what must happen, happens.
    pub(super) fn written(&mut self, site: &'static Location<'static>, result: WriteResult) {
        let now = self.now();
        self.apic_touched = true;
        match result {
            WriteResult::Send(message) => {
                self.busy_since = self.busy_since.or(Some(now));
                self.last_send = Some(LastSend { message, site });
                self.command_sent(site, message);
                self.effective(now, Some(site), What::Sent(message));
                self.send_out(site, Outgoing::Bus(Request::Message(message)));
            }
            WriteResult::EndOfInterrupt { vector, broadcast } => {
                self.provenance.remove(&vector);
                if broadcast {
                    self.send_out(site, Outgoing::Bus(Request::EndOfInterrupt { source: self.agent, vector }));
                }
            }
            WriteResult::DeliveredToSelf(message) => {
                self.last_send = Some(LastSend { message, site });
                self.effective(now, Some(site), What::Sent(message));
                self.effective(now, Some(site), What::Delivered(self.agent, message));
                self.provenance.entry(message.vector).or_insert(Provenance { from: self.agent, at: now });
            }
            WriteResult::Nothing | WriteResult::Stall => {}
        }
        self.tell_identity(now);
        self.tell_local_requests(now);
        self.refresh_local();
        self.refresh_attention(now);
    }

    /// The store to ICR low does not complete: the CPU waits in it, deaf to everything.
    fn stall(&mut self, pending: &mut Pending, now: Time) -> Option<u64> {
        if pending.phase == Phase::Before {
            pending.phase = Phase::Stalled;
            self.stalled_since = Some(now);
            self.effective(now, Some(pending.site), What::IcrWrittenWhileBusy(pending.value as u32));
        }
        pending.effect = u64::MAX;
        pending.interruptible = Interruptible::InitOnly;
        None
    }

    fn halt(&mut self, pending: &mut Pending) -> Option<u64> {
        if pending.phase == Phase::Halted {
            return Some(0);
        }
        self.enter_halt(pending, u64::MAX);
        None
    }

    /// An idle CPU: in HLT again after each interrupt, until its time has come.
    fn sleep(&mut self, pending: &mut Pending) -> Option<u64> {
        let until = self.common.clock.first_at_or_after(Time::from_ps(pending.value));
        if self.clock < until {
            self.enter_halt(pending, until);
            return None;
        }
        if self.activity == Activity::Halted {
            self.activity = Activity::Running;
            self.effective(self.now(), Some(pending.site), What::Woken);
            self.clock += u64::from(self.common.costs.halt_wake);
        }
        Some(0)
    }

    fn enter_halt(&mut self, pending: &mut Pending, until: u64) {
        pending.phase = Phase::Halted;
        pending.effect = until;
        pending.interruptible = Interruptible::Throughout;
        self.activity = Activity::Halted;
        self.effective(self.now(), Some(pending.site), What::Halted);
        self.refresh_slow();
    }

    fn change_interrupt_flag(&mut self, site: &'static Location<'static>, on: bool) -> bool {
        let before = self.interrupt_flag;
        if before != on {
            let now = self.now();
            self.effective(now, Some(site), What::InterruptFlag(on));
            self.set_interrupt_flag(on, now);
            self.refresh_attention(now);
        }
        before
    }

    /// Leaves at the effect instant, is applied to the master in key order, and comes back R later. Nothing comes
    /// between.
    fn read_modify_write(&mut self, pending: &mut Pending) -> Option<u64> {
        let (kind, site) = (pending.operation.kind, pending.site);
        let (word, operand) = (pending.operation.operand as u16, pending.value);
        if pending.phase == Phase::Modifying {
            let old = self.answer.take().expect("the master answers before the read-modify-write returns");
            let new = kind.modify(old, operand);
            let access = Access { kind, operand: u32::from(word) };
            let values = u64::from(old) << 32 | u64::from(new);
            self.effective(self.now(), Some(site), What::Modified { access, values });
            return Some(u64::from(old));
        }
        pending.phase = Phase::Modifying;
        pending.interruptible = Interruptible::Never;
        let back = self.now() + self.common.costs.read_modify_write;
        pending.effect = self.common.clock.first_at_or_after(back);
        self.close_runs(self.now());
        self.send_out(site, Outgoing::Modify { word, kind, operand });
        None
    }

    /// Operations that take no time and touch no device.
    fn hook(&mut self, pending: &Pending) -> u64 {
        let (site, code, value) = (pending.site, pending.operation.operand, pending.value as u32);
        let now = self.now();
        match pending.operation.kind {
            Kind::Clock => {
                self.effective(now, Some(site), What::ClockRead);
                return now.as_ps();
            }
            Kind::Choose => return u64::from(self.choose(site, code as u16, value)),
            Kind::WaitBegin => {
                let level = self.frames.len();
                self.waits.push(OpenWait { code, site, since: now, reads: 0, delays: 0, level });
                self.effective(now, Some(site), What::WaitBegan(code));
            }
            Kind::WaitEnd => self.end_wait(site, code),
            Kind::Reached => {
                self.effective(now, Some(site), What::Reached(code));
                self.send_out(site, Outgoing::Milestone(code));
            }
            Kind::Iret => self.leave_handler(),
            Kind::End => {
                self.effective(now, None, What::Ended);
                self.suspended = Suspended::Finished;
            }
            kind => unreachable!("{kind:?} is no hook"),
        }
        0
    }

    fn end_wait(&mut self, site: &'static Location<'static>, outcome: u32) {
        let now = self.now();
        let level = self.frames.len();
        let Some(wait) = self.waits.pop_if(|wait| wait.level == level) else { return };
        self.effective(now, Some(site), What::WaitEnded(wait.code, outcome));
        self.ended_waits.push(WaitRecord { cpu: self.agent, wait, end: now, outcome });
    }

    fn choose(&mut self, site: &'static Location<'static>, label: u16, alternatives: u32) -> u32 {
        let label = Label::Software(label);
        let point = ChoicePoint { source: self.agent, label, count: self.choices.next(self.agent, label) };
        let taken = self.common.chooser.choose(point, alternatives);
        self.chosen.push((point, taken));
        self.effective(self.now(), Some(site), What::Chosen(alternatives, taken));
        taken
    }
}
