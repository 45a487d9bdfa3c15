//! The hang of 2007 as a lesson: the run without a bound, to its proof, and the same crash with the merged wait.

use super::lanes::Lanes;
use crate::failure::Failure;
use crate::judgement::messages::{destination, what};
use crate::judgement::{RunReport, Verdict};
use crate::report::Paper;
use crate::report::page::Page;
use crate::run::{Settings, run_observed};
use crate::scenario::{self, Request, Scenario, counted};
use kernel_model::{Layout, Point, Wait};
use sim::bus::{AttemptOutcome, DeliveryMode};
use sim::{Context, Event, Handle, Outcome, Recording, Source, What};

/// The CPU that is locked up in its NMI handler.
const LOCKED_UP: u16 = 2;

/// The CPU that crashes.
const CRASHING: u16 = 0;

/// The steps, each ready to print: those moments of the two runs on which the next ones rest. None if `handle` ended a run:
/// half a lesson teaches nothing.
pub(crate) fn hang_of_2007(paper: Paper, handle: &Handle) -> Result<Option<Vec<String>>, Failure> {
    let mut steps = Vec::new();
    let Some((scenario, report, outcome, events)) = played("before", handle)? else { return Ok(None) };
    let mut page = Page::new(paper);
    page.paragraph(&scenario.story);
    page.gap();
    page.paragraph("First the kernel as it was: it waits for its ICR without any bound.");
    steps.push(page.into_text());
    let teaches = |event: &Event, lanes: &Lanes| unbounded(event, lanes).or_else(|| console(&scenario, event));
    tell(&scenario, &events, paper, teaches, &mut steps);
    steps.push(verdict(&scenario, &report, &outcome, &events, paper));
    let Some((scenario, report, _, events)) = played("merged", handle)? else { return Ok(None) };
    let half = steps.len();
    tell(&scenario, &events, paper, bounded, &mut steps);
    if let Some(first) = steps.get_mut(half) {
        let mut page = Page::new(paper);
        page.paragraph("Now the same crash with the wait as it was merged: at most 1001 reads, 100 us apart.");
        page.gap();
        first.insert_str(0, &page.into_text());
    }
    if let Some(last) = steps.last_mut() {
        last.push_str(&epilogue(&report, paper));
    }
    Ok(Some(steps))
}

/// What a lesson is made of.
type Played = (Scenario, RunReport, Outcome, Vec<Event>);

/// A run, and its events by their beginnings; none if it was ended before its time.
fn played(variant: &str, handle: &Handle) -> Result<Option<Played>, Failure> {
    let mut request = Request::new("nmi-stall");
    request.variant = Some(variant.to_owned());
    let scenario = scenario::load(&request)?;
    let mut recording = Recording::default();
    let settings = Settings { handle: Some(handle.clone()), ..Settings::seeded(0) };
    let (report, outcome) = run_observed(&scenario, &settings, &mut recording)?;
    let whole = report.verdict != Verdict::Interrupted;
    Ok(whole.then(|| (scenario, report, outcome, recording.by_beginning())))
}

/// A step for each event of which `teaches` has something to say, with the picture after it.
fn tell(
    scenario: &Scenario,
    events: &[Event],
    paper: Paper,
    teaches: impl Fn(&Event, &Lanes) -> Option<String>,
    steps: &mut Vec<String>,
) {
    let mut lanes = Lanes::new(scenario.machine.cpus);
    for event in events {
        lanes.take(event);
        if let Some(sentence) = teaches(event, &lanes) {
            let mut page = Page::new(paper);
            page.paragraph(&format!("{} us: {sentence}", event.time));
            page.gap();
            lanes.draw(&mut page);
            steps.push(page.into_text());
        }
    }
}

/// Who would print, and finds the console held.
fn console(scenario: &Scenario, event: &Event) -> Option<String> {
    let (Source::Cpu(cpu), What::Modified { access, values }) = (event.source, &event.what) else { return None };
    let console_sem = Layout::new(scenario.machine.cpus as u16).console_sem();
    let held = access.operand == u32::from(console_sem.0) && values >> 32 == 1 && values & 1 == 1;
    held.then(|| {
        format!(
            "CPU{cpu} would print, but the console is held: its text is left to the holder, and it wakes no log daemon."
        )
    })
}

/// What an event of the run without a bound teaches; nothing of most.
fn unbounded(event: &Event, lanes: &Lanes) -> Option<String> {
    let crashed = lanes.has_crashed();
    Some(match (event.source, event.what) {
        (Source::Cpu(cpu), What::WaitBegan(code)) if code == Wait::RunQueue as u32 => format!(
            "CPU{cpu} walks its run queue with interrupts off. The list is a ring: it will never come to its end."
        ),
        (Source::Cpu(cpu), What::Sent(message)) if [1, CRASHING].contains(&cpu) && !crashed => {
            let (what, to) = (what(&message), destination(&message));
            format!(
                "CPU{cpu} writes its ICR: {what} to {to}. From this write on delivery status is busy, until the bus is \
                 done with it. This kernel does not wait for that after a write, but before the next one."
            )
        }
        (Source::Interconnect, What::Delivered(LOCKED_UP, message)) if message.mode == DeliveryMode::Fixed => {
            let (what, class) = (what(&message), message.vector >> 4);
            let slot = match lanes.slots(LOCKED_UP, class) {
                1 => format!("the first of the two slots of class {class:X}"),
                _ => format!("the second slot: class {class:X} is full"),
            };
            format!("the bus delivers {what} to CPU{LOCKED_UP}, whose interrupts are off. So it stays in {slot}.")
        }
        (Source::Cpu(LOCKED_UP), What::Entered(Context::Nmi)) => {
            format!("CPU{LOCKED_UP} enters its NMI handler, the watchdog's: no interrupt flag keeps an NMI out.")
        }
        (Source::Cpu(LOCKED_UP), What::WaitBegan(code)) if code == Wait::Lock as u32 => format!(
            "CPU{LOCKED_UP} spins on a lock whose holder is the very code that it interrupted. It will never leave the \
             handler."
        ),
        (Source::Interconnect, What::Attempts { message, outcome: AttemptOutcome::Retry, .. }) if !crashed => {
            let class = message.vector >> 4;
            format!(
                "CPU{LOCKED_UP} refuses {}, the third interrupt of class {class:X}, and the bus says Retry. It is sent \
                 again and again, and CPU{}'s ICR stays busy.",
                what(&message),
                message.source
            )
        }
        (Source::Cpu(cpu), What::Reached(code)) if code == Point::CrashEntered as u32 => {
            format!("CPU{cpu} crashes. Nothing but kdump is left to do: stop the others, start the capture kernel.")
        }
        (Source::Cpu(CRASHING), What::WaitBegan(code)) if code == Wait::IcrIdle as u32 && crashed => format!(
            "CPU{CRASHING} reads its ICR before it sends the NMI that stops the others: is the message before this one \
             dispatched? It is not, and CPU{CRASHING} reads again."
        ),
        _ => return None,
    })
}

/// What an event of the run with the bound teaches, from the moment at which they differ.
fn bounded(event: &Event, lanes: &Lanes) -> Option<String> {
    Some(match (event.source, event.what) {
        (Source::Cpu(cpu), What::WaitEnded(code, 1)) if code == Wait::IcrIdle as u32 => {
            format!("CPU{cpu} has waited long enough: it gives up and writes the ICR as if it were idle.")
        }
        (Source::Interconnect, What::Delivered(LOCKED_UP, message)) if message.mode == DeliveryMode::Nmi => format!(
            "the NMI has taken the place of the stuck message, and the bus delivers it. At CPU{LOCKED_UP}, which is in \
             an NMI handler that never ends, it is latched, and can do nothing."
        ),
        (Source::Cpu(cpu), What::Reached(code)) if code == Point::Stopped as u32 && lanes.stopped() == 2 => format!(
            "CPU{cpu} is stopped by the crash NMI, as the other one before it: both have disabled their local APICs and \
             will never come back."
        ),
        (Source::Cpu(cpu), What::Reached(code)) if code == Point::CaptureKernelReady as u32 => {
            format!("CPU{cpu} is past the capture kernel's first APIC accesses: the dump can be taken.")
        }
        _ => return None,
    })
}

fn verdict(scenario: &Scenario, report: &RunReport, outcome: &Outcome, events: &[Event], paper: Paper) -> String {
    let mut lanes = Lanes::new(scenario.machine.cpus);
    events.iter().for_each(|event| lanes.take(event));
    if let Some(held) = outcome.undispatched.first()
        && let Some(last) = held.held.last
    {
        lanes.attempt(&held.held.message, last);
    }
    let mut page = Page::new(paper);
    page.paragraph("PROVEN: it hangs for ever.");
    page.gap();
    lanes.draw(&mut page);
    page.gap();
    page.paragraph(&format!(
        "Nothing new has happened since {} us, and nothing ever will: the whole machine repeats itself.",
        report.sim_time
    ));
    page.gap();
    page.verbatim("Why:");
    for link in report.hang.iter().flat_map(|hang| &hang.why) {
        page.hanging(2, 2, link);
    }
    page.into_text()
}

fn epilogue(report: &RunReport, paper: Paper) -> String {
    let after = report.from_crash.map(|span| span.to_string()).unwrap_or_default();
    let capture = report.capture.map_or_else(|| "never".to_owned(), |at| format!("at {at} us"));
    let mut page = Page::new(paper);
    page.gap();
    page.paragraph(&format!(
        "With the bounded wait the send returned {after} us after the crash; {} timed out, {} stopped, and the \
         capture kernel was ready {capture}. The full wait of 1000 ms in between is for the CPU that is locked up in its \
         NMI handler: the NMI is latched there, and will never be taken.",
        counted(report.timeouts, "wait"),
        counted(report.stopped, "CPU")
    ));
    page.into_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_whole_lesson_or_none() {
        let paper = Paper { width: 80, exact: false, colour: false };
        let handle = Handle::default();
        let steps = hang_of_2007(paper, &handle).expect("it runs").expect("nobody ends it");
        assert!(steps.len() > 10, "{}", steps.len());
        handle.stop();
        assert_eq!(hang_of_2007(paper, &handle).expect("it runs"), None);
    }
}
