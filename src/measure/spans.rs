//! The spans of one run, as they are read off its events one by one: those that have ended, and those that are open.
//!
//! Not told apart: which of several messages with one vector a handler was entered for. They are one interrupt, and each of
//! them is taken then.

use super::what::Measured;
use kernel_model::Wait;
use sim::bus::{DeliveryMode, Message};
use sim::{Context, Duration, Event, Site, Source, Time, What};
use std::collections::VecDeque;

/// Where something was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    /// A line of software.
    Line(Site),
    /// A handler.
    Handler(Context),
    /// The whole story.
    Story,
}

/// A span that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) cpu: u16,
    pub(super) what: Measured,
    pub(super) spot: Spot,
    /// Of a message that was delivered and is not taken: its vector, none of an NMI.
    pub(super) vector: Option<u8>,
}

/// A message that is under way, or that a CPU has not taken.
#[derive(Debug, Clone, Copy)]
struct Sent {
    message: Message,
    site: Site,
    at: Time,
}

/// A wait that has begun.
#[derive(Debug, Clone, Copy)]
struct OpenWait {
    code: u32,
    site: Site,
    since: Time,
    level: usize,
}

/// What a CPU is in the middle of.
#[derive(Debug, Default)]
struct Cpu {
    waits: Vec<OpenWait>,
    /// Since when maskable interrupts are off, and what turned them off.
    off: Option<(Time, Spot)>,
    /// Of what each handler has interrupted, the innermost last.
    interrupted: Vec<Running>,
    running: Running,
    /// Delivered, and not taken.
    pending: Vec<Sent>,
}

/// What a program or handler is in the middle of.
#[derive(Debug, Clone, Copy)]
struct Running {
    enabled: bool,
    /// The writes of the ICR with one vector that came last, and no acknowledgement since: which, and when the first was.
    burst: Option<(DeliveryMode, u8, Time)>,
}

impl Default for Running {
    fn default() -> Self {
        Self { enabled: true, burst: None }
    }
}

/// All that is in the middle of something.
#[derive(Debug, Default)]
pub(super) struct Spans {
    cpus: Vec<Cpu>,
    /// Not dispatched: at most one of each source, but for those that queue.
    sent: Vec<Sent>,
    /// Dispatched, the last ones of each source: they may still be delivered.
    dispatched: Vec<VecDeque<Sent>>,
}

/// Messages of a source that can be under way behind its delivery status.
const BEHIND: usize = 16;

impl Spans {
    /// Takes the next event, and gives `end` the spans that it ends.
    pub(super) fn take(&mut self, event: &Event, mut end: impl FnMut(Measured, Spot, Duration)) {
        match event.source {
            Source::Interconnect => self.of_interconnect(event, end),
            Source::Cpu(number) => {
                if let What::Sent(message) = event.what {
                    self.sent(message, event);
                }
                self.cpu(number).take(event, &mut end);
            }
        }
    }

    fn cpu(&mut self, number: u16) -> &mut Cpu {
        let index = usize::from(number);
        if self.cpus.len() <= index {
            self.cpus.resize_with(index + 1, Cpu::default);
        }
        &mut self.cpus[index]
    }

    fn sent(&mut self, message: Message, event: &Event) {
        let Some(site) = event.site else { return }; // a device's
        if !message.queues {
            self.sent.retain(|older| older.message.source != message.source); // it was replaced
        }
        self.sent.push(Sent { message, site, at: message.written_at });
    }

    fn of_interconnect(&mut self, event: &Event, mut end: impl FnMut(Measured, Spot, Duration)) {
        let same = |sent: &Sent, message: &Message| {
            (sent.message.source, sent.message.number) == (message.source, message.number)
        };
        match event.what {
            What::Delivered(agent, message) => {
                let behind = self.dispatched.get(usize::from(message.source)).into_iter().flatten();
                let sent = self.sent.iter().chain(behind).find(|sent| same(sent, &message));
                if let Some(&sent) = sent
                    && is_taken(&message)
                {
                    self.cpu(agent).pending.push(sent);
                }
            }
            What::Dispatched(message, _) => {
                let Some(place) = self.sent.iter().position(|sent| same(sent, &message)) else { return };
                let sent = self.sent.remove(place);
                end(Measured::WriteToIdle, Spot::Line(sent.site), event.time.since(sent.at));
                let source = usize::from(message.source);
                if self.dispatched.len() <= source {
                    self.dispatched.resize_with(source + 1, VecDeque::new);
                }
                let behind = &mut self.dispatched[source];
                if behind.len() == BEHIND {
                    behind.pop_front();
                }
                behind.push_back(sent);
            }
            _ => {}
        }
    }

    /// What is open.
    pub(super) fn open(&self) -> impl Iterator<Item = Open> {
        let of_cpus = self.cpus.iter().zip(0..).flat_map(|(cpu, number)| cpu.open(number));
        let idle = |sent: &Sent| Open {
            cpu: sent.message.source,
            what: Measured::WriteToIdle,
            spot: Spot::Line(sent.site),
            vector: None,
        };
        of_cpus.chain(self.sent.iter().map(idle))
    }
}

/// Does it make its target enter a handler?
fn is_taken(message: &Message) -> bool {
    matches!(message.mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority | DeliveryMode::Nmi)
}

impl Cpu {
    fn take(&mut self, event: &Event, end: &mut impl FnMut(Measured, Spot, Duration)) {
        let now = event.time;
        match event.what {
            What::Sent(Message { mode, vector, written_at, .. }) => {
                let same = |&(of_mode, of_vector, _): &(DeliveryMode, u8, Time)| (of_mode, of_vector) == (mode, vector);
                self.running.burst = self.running.burst.filter(same).or(Some((mode, vector, written_at)));
            }
            What::WaitBegan(code) => {
                let level = self.interrupted.len();
                self.waits.extend(event.site.map(|site| OpenWait { code, site, since: now, level }));
            }
            What::WaitEnded(..) => {
                let level = self.interrupted.len();
                let Some(wait) = self.waits.pop_if(|wait| wait.level == level) else { return };
                end(Measured::Wait, Spot::Line(wait.site), now.since(wait.since));
                if is_acknowledgement(wait.code)
                    && let Some((_, _, first)) = self.running.burst.take()
                {
                    end(Measured::Call, Spot::Line(wait.site), now.since(first));
                }
            }
            What::InterruptFlag(enabled) => {
                self.turn(enabled, now, event.site.map_or(Spot::Story, Spot::Line), end);
            }
            What::Entered(context) => {
                self.interrupted.push(self.running);
                self.running.burst = None;
                self.turn(false, now, Spot::Handler(context), end);
                self.pending.retain(|sent| {
                    let its = match context {
                        Context::Interrupt(vector) => {
                            sent.message.mode != DeliveryMode::Nmi && sent.message.vector == vector
                        }
                        Context::Nmi => sent.message.mode == DeliveryMode::Nmi,
                        _ => false,
                    };
                    if its {
                        end(Measured::WriteToTaken, Spot::Line(sent.site), now.since(sent.at));
                    }
                    !its
                });
            }
            What::Left(Context::Program) => {}
            What::Left(_) => {
                if let Some(interrupted) = self.interrupted.pop() {
                    self.running = interrupted;
                    self.turn(interrupted.enabled, now, Spot::Story, end);
                }
                let level = self.interrupted.len();
                self.waits.retain(|wait| wait.level <= level);
            }
            What::Initialised => *self = Self::default(),
            _ => {}
        }
    }

    fn turn(&mut self, enabled: bool, now: Time, spot: Spot, end: &mut impl FnMut(Measured, Spot, Duration)) {
        self.running.enabled = enabled;
        if !enabled {
            self.off.get_or_insert((now, spot));
        } else if let Some((since, spot)) = self.off.take() {
            end(Measured::InterruptsOff, spot, now.since(since));
        }
    }

    fn open(&self, cpu: u16) -> impl Iterator<Item = Open> {
        let open = move |what, spot| Open { cpu, what, spot, vector: None };
        let waits = self.waits.iter().map(move |wait| open(Measured::Wait, Spot::Line(wait.site)));
        let called = |wait: &&OpenWait| self.running.burst.is_some() && is_acknowledgement(wait.code);
        let calls = self.waits.iter().filter(called).map(move |wait| open(Measured::Call, Spot::Line(wait.site)));
        let pending = self.pending.iter().map(move |sent| {
            let vector = (sent.message.mode != DeliveryMode::Nmi).then_some(sent.message.vector);
            Open { vector, ..open(Measured::WriteToTaken, Spot::Line(sent.site)) }
        });
        let off = self.off.map(|(_, spot)| open(Measured::InterruptsOff, spot));
        waits.chain(calls).chain(pending).chain(off)
    }
}

/// Is it a wait for what other CPUs do about a message?
const fn is_acknowledgement(code: u32) -> bool {
    code == Wait::Acknowledgement as u32
        || code == Wait::Shootdown as u32
        || code == Wait::Backtrace as u32
        || code == Wait::Stop as u32
}
