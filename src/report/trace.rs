//! The text trace: the event stream, a line an event, in the order in which a machine tells them ([`sim::Told`]): a run of
//! polls or attempts stands where it ends, with the time at which it began.

use crate::judgement::messages::{destination, what};
use crate::judgement::source_lines::describe;
use sim::apic::LocalSource;
use sim::bus::MessageEffect;
use sim::{Access, Context, Event, Kind, LocalEvent, Pin, Site, Source, What};
use std::fmt::Debug;

/// What the software on the CPUs calls its own.
pub(crate) trait Vocabulary: Debug + Sync {
    /// A shared word.
    fn word(&self, word: u16) -> String;
    /// A CPU that has come to a milestone: `reaches Stopped`.
    fn milestone(&self, code: u32, site: Option<Site>) -> String;
    /// Where it acted: a function and its line.
    fn place(&self, site: Site) -> String {
        describe(site)
    }
    /// What a wait is for: `for the ICR`.
    fn wait(&self, code: u32) -> &'static str;
}

/// Names that a trace needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) cpus: u16,
    /// Of the software whose words and milestones they are.
    pub(crate) software: &'a dyn Vocabulary,
}

impl Names<'_> {
    fn agent(self, agent: u16) -> String {
        if agent < self.cpus { format!("CPU{agent}") } else { "I/O agent".to_owned() }
    }

    fn access(self, access: Access) -> String {
        match access.kind {
            Kind::RegisterRead | Kind::RegisterWrite | Kind::RegisterExchange => register(access.operand),
            Kind::MsrRead | Kind::MsrWrite => format!("MSR {:X}", access.operand),
            Kind::PortRead => format!("port {:02X}", access.operand),
            Kind::Delay => format!("delay {} us", access.operand),
            Kind::DelayCycles => format!("delay {} cycles", access.operand),
            Kind::Pause => "PAUSE".to_owned(),
            Kind::MemoryRead | Kind::MemoryWrite => format!("memory {:08X}", access.operand),
            Kind::PortWrite => format!("port {:02X}", access.operand),
            Kind::PriorityRead | Kind::PriorityWrite => "CR8".to_owned(),
            Kind::DrivePin => pin(access.operand),
            Kind::Fence => "MFENCE".to_owned(),
            Kind::Identification => format!("CPUID {:X}", access.operand),
            _ => self.software.word(access.operand as u16),
        }
    }

    /// What happened, in words, without how often a run repeats it.
    pub(crate) fn say_once(self, event: &Event) -> String {
        let mut event = *event;
        if let What::Run { count, .. } | What::Attempts { count, .. } = &mut event.what {
            *count = 1;
        }
        let said = self.say(&event);
        match event.what {
            What::Attempts { .. } => said.split(" x1 (last").next().unwrap_or(&said).to_owned(),
            _ => said,
        }
    }

    /// What happened, in words.
    pub(crate) fn say(self, event: &Event) -> String {
        match event.what {
            What::Run { access, value, last, count } => self.run(access, value, last, count),
            What::Write { access, value } => {
                match access.kind {
                    Kind::DrivePin => return format!("drives {}", self.access(access)),
                    Kind::Fence => return self.access(access),
                    _ => {}
                }
                let verb = if access.kind == Kind::RegisterExchange { "exchange" } else { "write" };
                format!("{verb} {} = {value:08X}", self.access(access))
            }
            What::Modified { access, values } => {
                format!("modify {}: {:X} -> {:X}", self.access(access), values >> 32, values as u32)
            }
            What::Sent(message) => format!("asks the bus to send {} to {}", what(&message), destination(&message)),
            What::IcrWrittenWhileBusy(value) => format!("write of ICR = {value:08X} finds it busy"),
            What::Entered(context) => format!("enters {}", handler(context)),
            What::Left(context) => format!("returns from {}", handler(context)),
            What::InterruptFlag(on) => format!("interrupts {}", if on { "on" } else { "off" }),
            What::Halted => "halts".to_owned(),
            What::Woken => "wakes".to_owned(),
            What::NmiLatched => "NMI latched".to_owned(),
            What::WaitBegan(code) => format!("wait begins: {}", self.software.wait(code)),
            What::WaitEnded(code, outcome) => {
                format!("wait ends: {}{}", self.software.wait(code), if outcome == 0 { "" } else { ", TIMED OUT" })
            }
            What::Reached(code) => self.software.milestone(code, event.site),
            What::Chosen(of, taken) => format!("chooses {taken} of {of}"),
            What::ClockRead => "reads the clock".to_owned(),
            What::Ended => "ends".to_owned(),
            What::Attempts { message, outcome, last, count } => format!(
                "{} from {} to {}: {outcome:?} x{count} (last {last})",
                what(&message),
                self.agent(message.source),
                destination(&message)
            ),
            What::Delivered(agent, message) => {
                format!("{} from {} delivered to {}", what(&message), self.agent(message.source), self.agent(agent))
            }
            What::Dispatched(message, still) => format!(
                "{} from {} dispatched{}",
                what(&message),
                self.agent(message.source),
                if still { ", a newer one pending" } else { "" }
            ),
            What::Error(agent, bits) => format!("ESR of {} |= {bits:02X}", self.agent(agent)),
            What::EndOfInterrupt(vector) => format!("EOI message for {vector:02X}"),
            What::ApicDead(agent) => format!("the APIC of {} dies (injected)", self.agent(agent)),
            What::TimedRead { access, value } => {
                format!("read {} = {value:X}, which time changes", self.access(access))
            }
            What::Local(LocalEvent::StoreLeft(word)) => {
                format!("its store to {} leaves the store buffer", self.software.word(word))
            }
            What::Local(event) => local(event),
            What::Fault(access) => format!("general-protection fault on {}", self.access(access)),
            What::Initialised => "initialised: what it ran is gone".to_owned(),
            What::Started(vector) => format!("started at vector {vector:02X}"),
            What::Shutdown => "in shutdown".to_owned(),
            What::MessageFault(effect, agent, message) => {
                let (what, from, to) = (what(&message), self.agent(message.source), self.agent(agent));
                format!("{what} from {from} {} {to} (injected)", fault(effect))
            }
            What::RemoteRead(message, Some(value)) => {
                format!("remote read of {} answered: {value:08X}", self.agent(message.source))
            }
            What::RemoteRead(message, None) => format!("remote read of {} found nothing", self.agent(message.source)),
        }
    }

    fn run(self, access: Access, value: u64, last: sim::Time, count: u64) -> String {
        let times = if count == 1 { String::new() } else { format!(" x{count} (last {last})") };
        match access.kind {
            Kind::Delay | Kind::DelayCycles | Kind::Pause => format!("{}{times}", self.access(access)),
            _ => format!("read {} = {value:08X}{times}", self.access(access)),
        }
    }
}

/// What a fault does to a message on its way to somebody.
fn fault(effect: MessageEffect) -> String {
    match effect {
        MessageEffect::Lose => "is lost on its way to".to_owned(),
        MessageEffect::Delay(span) => format!("comes {span} us late to"),
        MessageEffect::Duplicate(span) => format!("comes again, {span} us later, to"),
        MessageEffect::Unnoticed => "is not noticed by".to_owned(),
    }
}

/// `ICR`, or the offset where a register has no name.
fn register(offset: u32) -> String {
    sim::apic::register_name(offset as u16).map_or_else(|| format!("register {offset:03X}"), str::to_owned)
}

fn handler(context: Context) -> String {
    match context {
        Context::Program => "its program".to_owned(),
        Context::Interrupt(vector) => format!("the handler of {vector:02X}"),
        Context::Nmi => "its NMI handler".to_owned(),
        Context::SystemManagement => "system-management code".to_owned(),
        Context::Shutdown => "nothing, in shutdown".to_owned(),
    }
}

/// A pin that software drives: `sim::Kind::DrivePin`.
fn pin(operand: u32) -> String {
    let name = ["NMI", "SMI", "INIT"][(operand >> 16).min(2) as usize];
    format!("the {name} pin of CPU{}", operand & 0xFFFF)
}

fn local(event: LocalEvent) -> String {
    match event {
        LocalEvent::Interrupt(LocalSource::Timer) => "the APIC timer fires".to_owned(),
        LocalEvent::Interrupt(LocalSource::Thermal) => "the thermal sensor fires".to_owned(),
        LocalEvent::Interrupt(LocalSource::PerformanceCounter) => "performance counter overflows".to_owned(),
        LocalEvent::Interrupt(LocalSource::CorrectedMachineCheck) => {
            "corrected machine checks reach a threshold".to_owned()
        }
        LocalEvent::Interrupt(LocalSource::Lint { pin, high, .. }) => {
            format!("pin LINT{pin} goes {}", if high { "high" } else { "low" })
        }
        LocalEvent::SystemManagement(span) => format!("system-management interrupt, for {span} us (injected)"),
        LocalEvent::Init => "pin INIT (injected)".to_owned(),
        LocalEvent::Shutdown => "triple fault (injected)".to_owned(),
        LocalEvent::JamDeliveryStatus => "the delivery status bit jams (injected)".to_owned(),
        LocalEvent::ArmNmiPulse => "an NMI will follow the next destination it writes (injected)".to_owned(),
        LocalEvent::Pin(Pin::Nmi) => "a pulse at its NMI pin".to_owned(),
        LocalEvent::Pin(Pin::Smi(None)) => "its SMI pin".to_owned(),
        LocalEvent::Pin(Pin::Smi(Some(span))) => format!("its SMI pin, for {span} us"),
        LocalEvent::Pin(Pin::Init) => "its INIT pin".to_owned(),
        LocalEvent::StoresLeave => "what has waited long enough leaves its store buffer".to_owned(),
        LocalEvent::StoreLeft(_) => "a store leaves its store buffer".to_owned(),
        LocalEvent::PriorityWritten => "its APIC has the task priority that it has written".to_owned(),
        LocalEvent::LoseCommand => "deep sleep loses the low half of the ICR (injected)".to_owned(),
    }
}

/// The line that stands first.
pub(crate) const HEADER: &str =
    "# time_us  source  event  (function); what is repeated stands where it ends, with the time of its first\n";

/// The line of an event, with its newline.
pub(crate) fn line(event: &Event, names: Names<'_>) -> String {
    let source = match event.source {
        Source::Interconnect => "bus".to_owned(),
        Source::Cpu(cpu) => format!("CPU{cpu}"),
    };
    let acts = event.site.filter(|_| !matches!(event.what, What::Entered(_))); // that line has not acted yet
    let site = acts.map(|site| format!("  [{}]", names.software.place(site))).unwrap_or_default();
    format!("{:>14}  {source:<5} {}{site}\n", event.time.to_string(), names.say(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_model::Register;

    #[test]
    fn registers_of_the_kernel_have_names_in_the_hardware() {
        for offset in [Register::ICR, Register::ICR2, Register::ESR, Register::EOI] {
            assert!(!register(u32::from(offset.0)).starts_with("register"), "{offset:?}");
        }
    }
}
