//! One CPU at an instant: what it runs, what it sleeps in, its local APIC, and what has come to it.

use super::command_pair::CommandPairs;
use super::command_pair::Misdirected;
use super::end::End;
use super::frame::Frame;
use super::latches::{Cause, Latches, Origin};
use super::software::Software;
use super::unsent::UnsentMessage;
use sim::Site;
use sim::apic::{Clocks, LocalApic, Mode, Preset};
use sim::bus::Message;
use sim::{Context, CpuSettings, HaltedTimer, IcrWriteWhileBusy, MachineSettings, Start, Time, X2ApicSend};
use std::collections::{BTreeMap, VecDeque};

/// The MSR of the register at offset 0 (SDM vol. 3 table 10-6).
const X2APIC_BASE: u32 = 0x800;

/// A CPU that executes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// In HLT, since then.
    Halt(Time),
    /// In shutdown.
    Shutdown {
        since: Time,
        /// By a fault of its own, that came then; `None`: its software asked for it.
        fault: Option<Cause>,
    },
    /// It waits for a start-up message.
    WaitForStartUp(Reset),
}

/// A CPU that was initialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reset {
    /// When it took the INIT.
    pub(crate) since: Time,
    /// The INIT; `None`: it is as firmware has left it.
    pub(crate) by: Option<Cause>,
}

/// A write of the ICR of which no message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsent {
    pub(crate) at: Time,
    /// What was written to its low half.
    pub(crate) command: u32,
    /// The ICR was busy.
    pub(crate) busy: bool,
}

/// A store that waits in its CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldStore {
    pub(crate) word: u16,
    pub(crate) at: Time,
    pub(crate) site: Option<Site>,
}

/// A CPU.
#[derive(Debug, Clone)]
pub(crate) struct CpuState {
    pub(crate) number: u16,
    /// Its local APIC: IRR, ISR, TMR, priorities, ids.
    pub(crate) apic: LocalApic,
    /// The APIC as the kernel's set-up makes it: whom a destination is meant for.
    pub(super) as_set_up: LocalApic,
    /// The program, and handlers on top.
    pub(crate) frames: Vec<Frame>,
    pub(crate) software: Software,
    pub(crate) latches: Latches,
    pub(crate) interrupts_off_since: Option<Time>,
    pub(super) interrupt_flag: bool,
    pub(super) nmi_blocked: bool,
    pub(super) restores_nmi_blocking: bool,
    /// Are NMIs lost that come while it waits for a start-up message?
    pub(super) reset_blocks_nmi: bool,
    pub(super) halted: Option<Time>,
    /// The last handler that it entered, and when.
    pub(crate) entered: Option<(Context, Time)>,
    /// What its timer does while it is in HLT.
    pub(crate) halted_timer: HaltedTimer,
    pub(super) shutdown: Option<(Time, Option<Cause>)>,
    /// It waits for a start-up message.
    pub(crate) reset: Option<Reset>,
    /// When it was initialised last.
    pub(crate) initialised: Option<Time>,
    pub(super) bootstrap: bool,
    /// Its program has ended.
    pub(crate) finished: bool,
    /// Its APIC is dead since then (injected).
    pub(crate) dead_since: Option<Time>,
    /// Since when its ICR reads "send pending" because the bit is jammed (injected).
    pub(crate) jammed_since: Option<Time>,
    /// Since when its ICR reads "send pending" because of a message.
    pub(crate) busy_since: Option<Time>,
    /// Since when a store to its ICR has not completed.
    pub(crate) stalled_since: Option<Time>,
    /// Its last message, and the line that sent it.
    pub(crate) last_send: Option<(Message, Site)>,
    pub(super) pairs: CommandPairs,
    /// The messages that set the vectors in its IRR, and when; a vector of a source of its own has none.
    pub(super) carriers: BTreeMap<u8, Cause>,
    /// What has come to its end since the messages were told last.
    pub(super) ended: Vec<(Origin, End)>,
    /// Commands that have been lost since then.
    pub(super) lost_commands: Vec<UnsentMessage>,
    /// What a write to a busy ICR does.
    pub(super) while_busy: IcrWriteWhileBusy,
    /// The command of the store that has not completed, and the line that wrote the one that is queued.
    pub(super) stalled_command: Option<(Message, Option<Site>)>,
    pub(super) queued_by: Option<Site>,
    /// What was queued before the last write of ICR low.
    pub(super) queued_before: Option<(Message, Option<Site>)>,
    pub(super) command_written_at: Option<Time>,
    /// The number of a message to itself that its APIC took in the write of the self IPI register (SDM vol. 3 §10.12.11), and
    /// whether the vector had been requested before.
    pub(super) to_itself: Option<(u32, bool)>,
    /// Its last command, if no message came of it.
    pub(crate) unsent: Option<Unsent>,
    /// Do its stores wait (knob `x2apic_send`)?
    pub(super) stores_wait: bool,
    /// Stores that others do not see yet, the oldest first.
    pub(crate) held_stores: VecDeque<HeldStore>,
}

impl CpuState {
    pub(super) fn new(machine: &MachineSettings, number: u16, starts: &CpuSettings, as_set_up: Preset) -> Self {
        let clocks = Clocks { core: machine.core_clock, timer: machine.timer_clock };
        let apic = |preset: &Preset| {
            let mut apic = LocalApic::new(machine.generation, machine.knobs, number, starts.apic_id, clocks);
            apic.preset(preset);
            apic
        };
        let flag = starts.interrupts_enabled;
        let waits = starts.start == Start::WaitForStartUp;
        Self {
            number,
            apic: apic(&starts.apic),
            as_set_up: apic(&as_set_up),
            frames: vec![Frame {
                context: Context::Program,
                since: Time::ZERO,
                interrupted: None,
                interrupt_flag: flag,
            }],
            software: Software::default(),
            latches: Latches::default(),
            interrupts_off_since: (!flag).then_some(Time::ZERO),
            interrupt_flag: flag,
            nmi_blocked: false,
            restores_nmi_blocking: machine.knobs.rsm_nmi_blocking == sim::RsmNmiBlocking::Restored,
            reset_blocks_nmi: machine.knobs.nmi_in_wait_for_sipi == sim::NmiInWaitForSipi::Blocked,
            halted: None,
            entered: None,
            halted_timer: machine.knobs.halted_timer,
            shutdown: None,
            reset: waits.then_some(Reset { since: Time::ZERO, by: None }),
            initialised: None,
            bootstrap: number == 0 && machine.generation.profile().start_up,
            finished: false,
            dead_since: None,
            jammed_since: None,
            busy_since: None,
            stalled_since: None,
            last_send: None,
            pairs: CommandPairs::default(),
            carriers: BTreeMap::new(),
            ended: Vec::new(),
            lost_commands: Vec::new(),
            while_busy: machine.knobs.icr_write_while_busy,
            stalled_command: None,
            queued_by: None,
            queued_before: None,
            command_written_at: None,
            to_itself: None,
            unsent: None,
            stores_wait: machine.knobs.x2apic_send == X2ApicSend::Weak && machine.generation.profile().x2apic,
            held_stores: VecDeque::new(),
        }
    }

    /// When an INIT has sent it to its reset vector, as it does with the bootstrap processor.
    pub(crate) fn reset_at(&self) -> Option<Time> {
        self.initialised.filter(|_| self.bootstrap)
    }

    /// What it sleeps in, if it executes nothing now.
    pub(crate) fn sleep(&self) -> Option<Sleep> {
        if let Some(reset) = self.reset {
            return Some(Sleep::WaitForStartUp(reset));
        }
        let on_top = self.frames.last().map(|frame| frame.context);
        match self.shutdown {
            Some((since, fault)) if on_top == Some(Context::Shutdown) || self.frames.len() == 1 => {
                Some(Sleep::Shutdown { since, fault })
            }
            _ => self.halted.map(Sleep::Halt),
        }
    }

    /// Since when it is in shutdown, and by which fault: also while a handler runs on top of that.
    pub(crate) fn in_shutdown(&self) -> Option<(Time, Option<Cause>)> {
        self.shutdown
    }

    /// What a read of a register of its APIC would give, by its offset in the page (SDM vol. 3 tables 10-1 and 10-6); `None`: there
    /// is no such register, or the APIC is globally disabled.
    pub(crate) fn register(&self, offset: u16) -> Option<u32> {
        match self.apic.mode() {
            Mode::X2Apic => Some(self.apic.peek_msr(X2APIC_BASE + u32::from(offset >> 4))?.ok()? as u32),
            Mode::XApic => self.apic.peek(offset),
            Mode::Disabled => None,
        }
    }

    /// Does it wait for anything, in software or in hardware?
    pub(crate) fn waits_for_something(&self) -> bool {
        !self.software.waits.is_empty()
            || self.stalled_since.is_some()
            || self.reset.is_some()
            || self.shutdown.is_some()
    }

    /// The innermost handler of that kind.
    pub(crate) fn handler(&self, context: Context) -> Option<&Frame> {
        self.frames.iter().rev().find(|frame| frame.context == context)
    }

    /// Are NMIs kept from it? From the entry of an NMI handler to an IRET (SDM vol. 3 §6.7.1).
    pub(crate) const fn blocks_nmi(&self) -> bool {
        self.nmi_blocked
    }

    /// Since when it is in system-management mode.
    pub(crate) fn system_management_since(&self) -> Option<Time> {
        self.handler(Context::SystemManagement).map(|frame| frame.since)
    }

    /// Who requested `vector`, which is in its IRR, and when.
    pub(crate) fn requested_by(&self, vector: u8) -> Option<(u16, Time)> {
        let by = self.carriers.get(&vector)?;
        let Origin::Message(source, _) = by.origin else { return None };
        Some((source, by.at))
    }

    /// Its last message that went elsewhere than its sender had asked for.
    pub(crate) fn misdirected(&self) -> Option<&Misdirected> {
        self.pairs.misdirected.as_ref()
    }

    /// The line that it waits at, or that acted last.
    pub(crate) fn site(&self) -> Option<Site> {
        self.software.waits_at()
    }
}
