//! A lane per CPU: its state as the event stream tells it, up to one event.

use crate::judgement::messages::{destination, what};
use crate::judgement::source_lines::{function, waiting_line};
use crate::report::page::Page;
use kernel_model::Point;
use sim::bus::{AttemptOutcome, Message};
use sim::{Context, Event, Kind, Site, Source, What};

const EOI: u32 = 0xB0;

/// What the stream has said of one CPU.
#[derive(Debug, Clone)]
struct Lane {
    contexts: Vec<Context>,
    interrupts_on: Vec<bool>,
    halted: bool,
    /// What it sends, until that is dispatched.
    sending: Option<Message>,
    requested: Vec<u8>,
    in_service: Vec<u8>,
    /// How deep the code is nested that waits, and its line.
    waits: Vec<(usize, Site)>,
    stopped: bool,
    /// An NMI that came while one was being handled.
    nmi_latched: bool,
}

/// Interrupts of a class that a P6 keeps, by the default rule (`docs/knobs.md`, `slots`).
const SLOTS: usize = 2;

/// All lanes, and the bus.
#[derive(Debug, Clone)]
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    bus: String,
    crashed: bool,
}

impl Lanes {
    pub(super) fn new(cpus: u32) -> Self {
        let lane = Lane {
            contexts: vec![Context::Program],
            interrupts_on: vec![true],
            halted: false,
            sending: None,
            requested: Vec::new(),
            in_service: Vec::new(),
            waits: Vec::new(),
            stopped: false,
            nmi_latched: false,
        };
        Self { lanes: vec![lane; cpus as usize], bus: "idle".to_owned(), crashed: false }
    }

    /// Takes the next event.
    pub(super) fn take(&mut self, event: &Event) {
        match event.source {
            Source::Cpu(cpu) => {
                self.crashed |= matches!(event.what, What::Reached(code) if code == Point::CrashEntered as u32);
                self.lanes[usize::from(cpu)].take(event);
            }
            Source::Interconnect => self.take_bus(&event.what),
        }
    }

    fn take_bus(&mut self, event: &What) {
        match *event {
            What::Attempts { message, outcome, .. } => self.attempt(&message, outcome),
            What::Delivered(agent, message) => {
                self.bus = format!("{} delivered to CPU{agent}", what(&message));
                let Some(lane) = self.lanes.get_mut(usize::from(agent)) else { return };
                if message.mode == sim::bus::DeliveryMode::Fixed && !lane.requested.contains(&message.vector) {
                    lane.requested.push(message.vector);
                }
                let in_nmi = lane.contexts.contains(&Context::Nmi);
                lane.nmi_latched |= message.mode == sim::bus::DeliveryMode::Nmi && in_nmi;
            }
            What::Dispatched(message, still) => {
                self.bus = "idle".to_owned();
                if let Some(lane) = self.lanes.get_mut(usize::from(message.source))
                    && !still
                {
                    lane.sending = None;
                }
            }
            _ => {}
        }
    }

    /// An attempt that the stream has not closed yet, or one it has.
    pub(super) fn attempt(&mut self, message: &Message, outcome: AttemptOutcome) {
        let outcome = match outcome {
            AttemptOutcome::Accepted => "accepted",
            AttemptOutcome::Retry => "RETRY, sent again and again",
            AttemptOutcome::AcceptError => "ACCEPT ERROR, sent again and again",
            AttemptOutcome::ChecksumError => "CHECKSUM ERROR, sent again and again",
        };
        self.bus = format!("{} to {}: {outcome}", what(message), destination(message));
    }

    /// Has a CPU entered the crash path?
    pub(super) const fn has_crashed(&self) -> bool {
        self.crashed
    }

    /// CPUs that the crash NMI has stopped.
    pub(super) fn stopped(&self) -> usize {
        self.lanes.iter().filter(|lane| lane.stopped).count()
    }

    /// Interrupts of a class that a CPU keeps.
    pub(super) fn slots(&self, cpu: u16, class: u8) -> usize {
        self.lanes.get(usize::from(cpu)).map_or(0, |lane| lane.kept(class).len())
    }

    /// The picture.
    pub(super) fn draw(&self, page: &mut Page) {
        page.hanging(2, 6, &format!("bus   {}", self.bus));
        for (cpu, lane) in self.lanes.iter().enumerate() {
            page.hanging(2, 6, &format!("CPU{cpu}  {}", lane.draw()));
            if let Some(site) = lane.waits_now() {
                let (function, line) = (function(site).unwrap_or("?"), waiting_line(site).unwrap_or_default());
                let line = line.trim_end_matches([' ', '{']);
                page.source("        │ ", 10, &format!("{function}: {line}"));
            }
        }
    }
}

impl Lane {
    fn take(&mut self, event: &Event) {
        match event.what {
            What::Entered(context) => {
                self.contexts.push(context);
                self.interrupts_on.push(false);
                self.nmi_latched &= context != Context::Nmi;
                if let Context::Interrupt(vector) = context {
                    self.requested.retain(|requested| *requested != vector);
                    self.in_service.push(vector);
                }
            }
            What::Left(_) => {
                self.contexts.pop();
                self.interrupts_on.pop();
            }
            What::InterruptFlag(on) => {
                if let Some(flag) = self.interrupts_on.last_mut() {
                    *flag = on;
                }
            }
            What::Halted => self.halted = true,
            What::Woken => self.halted = false,
            What::Sent(message) => self.sending = Some(message),
            What::Write { access, .. } if access.operand == EOI && access.kind == Kind::RegisterWrite => {
                self.in_service.pop();
            }
            What::WaitBegan(_) => self.waits.extend(event.site.map(|site| (self.contexts.len(), site))),
            What::Reached(code) if code == Point::Stopped as u32 => self.stopped = true,
            What::WaitEnded(..) => {
                self.waits.pop();
            }
            _ => {}
        }
    }

    /// The line at which the code that runs now waits, not code that it interrupted.
    fn waits_now(&self) -> Option<Site> {
        self.waits.last().filter(|(level, _)| *level == self.contexts.len() && !self.stopped).map(|(_, site)| *site)
    }

    fn draw(&self) -> String {
        let context = match self.contexts.last() {
            _ if self.stopped => "STOPPED".to_owned(),
            Some(Context::Nmi) => "NMI handler".to_owned(),
            Some(Context::SystemManagement) => "in SMM".to_owned(),
            Some(Context::Shutdown) => "in shutdown".to_owned(),
            Some(Context::Interrupt(vector)) => format!("handler of {vector:02X}"),
            Some(Context::Program) | None if self.halted => "idle, in HLT".to_owned(),
            Some(Context::Program) | None => "running".to_owned(),
        };
        let interrupts = if self.interrupts_on.last() == Some(&true) { "IF=1" } else { "IF=0" };
        let icr = match self.sending {
            Some(message) => format!("ICR BUSY ({} to {})", what(&message), destination(&message)),
            None => "ICR idle".to_owned(),
        };
        let nmi = if self.nmi_latched { "  NMI latched" } else { "" };
        format!("{context:<14} {interrupts}  {icr}{}{nmi}", self.boxes())
    }

    /// What it keeps of a class: requested, or in service.
    fn kept(&self, class: u8) -> Vec<u8> {
        self.requested.iter().chain(&self.in_service).copied().filter(|vector| vector >> 4 == class).collect()
    }

    /// The slots of each class of which it keeps something, as boxes: `class F [FD] [  ]`.
    fn boxes(&self) -> String {
        let mut out = String::new();
        for class in (0..=0xF).rev() {
            let kept = self.kept(class);
            if kept.is_empty() {
                continue;
            }
            let full: String = kept.iter().map(|vector| format!(" [{vector:02X}]")).collect();
            let free = " [  ]".repeat(SLOTS.saturating_sub(kept.len()));
            out += &format!("  class {class:X}{full}{free}");
        }
        out
    }
}
