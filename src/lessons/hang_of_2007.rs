//! The hang of 2007 as a lesson: the run without a bound, to its proof, and the same crash with the merged wait.

use super::lanes::Lanes;
use crate::failure::Failure;
use crate::judgement::RunReport;
use crate::judgement::messages::{destination, what};
use crate::machine::Choices;
use crate::report::Paper;
use crate::report::page::Page;
use crate::run::{Settings, run};
use crate::scenario::{self, Request, Scenario, counted};
use kernel_model::{Point, Wait};
use sim::{Context, Event, Outcome, Source, What};

/// The steps, each ready to print.
pub(crate) fn hang_of_2007(paper: Paper) -> Result<Vec<String>, Failure> {
    let mut steps = Vec::new();
    let (scenario, report, outcome) = played("before")?;
    let mut page = Page::new(paper);
    page.paragraph(&scenario.story);
    page.gap();
    page.paragraph("First the kernel as it was: it waits for its ICR without any bound.");
    steps.push(page.into_text());
    tell(&scenario, &outcome, sim::Time::ZERO, paper, &mut steps);
    steps.push(verdict(&scenario, &report, &outcome, paper));
    let (scenario, report, outcome) = played("merged")?;
    let mut page = Page::new(paper);
    page.paragraph("Now the same crash with the wait as it was merged: at most 1001 reads, 100 us apart.");
    steps.push(page.into_text());
    tell(&scenario, &outcome, report.crashed.unwrap_or_default(), paper, &mut steps);
    steps.push(epilogue(&report, paper));
    Ok(steps)
}

fn played(variant: &str) -> Result<(Scenario, RunReport, Outcome), Failure> {
    let mut request = Request::new("nmi-stall");
    request.variant = Some(variant.to_owned());
    let scenario = scenario::load(&request)?;
    let mut settings = Settings::seeded(0);
    settings.choices = Choices { keep_events: true, ..settings.choices };
    let (report, outcome) = run(&scenario, &settings)?;
    Ok((scenario, report, outcome))
}

/// A step for each event from `from` on that has something to teach.
fn tell(scenario: &Scenario, outcome: &Outcome, from: sim::Time, paper: Paper, steps: &mut Vec<String>) {
    let mut lanes = Lanes::new(scenario.machine.cpus);
    for event in &outcome.events {
        lanes.take(event);
        if event.time >= from
            && let Some(sentence) = sentence(event)
        {
            let mut page = Page::new(paper);
            page.paragraph(&format!("{} us: {sentence}", event.time));
            page.gap();
            lanes.draw(&mut page);
            steps.push(page.into_text());
        }
    }
}

/// What an event teaches, in a sentence; none for most.
fn sentence(event: &Event) -> Option<String> {
    match event.source {
        Source::Cpu(cpu) => cpu_sentence(cpu, event),
        Source::Interconnect => bus_sentence(&event.what),
    }
}

fn cpu_sentence(cpu: u16, event: &Event) -> Option<String> {
    Some(match event.what {
        What::Sent(message) => format!(
            "CPU{cpu} writes its ICR: {} to {}. From this write on delivery status is busy, until the bus is done with it.",
            what(&message),
            destination(&message)
        ),
        What::WaitBegan(code) if code == Wait::RunQueue as u32 => {
            format!(
                "CPU{cpu} walks its run queue with interrupts off. The list is a ring: it will never come to its end."
            )
        }
        What::WaitBegan(code) if code == Wait::Acknowledgement as u32 => {
            format!("CPU{cpu} spins until the others have acknowledged. It waits for memory, not for its ICR.")
        }
        What::WaitBegan(code) if code == Wait::Lock as u32 => {
            format!("CPU{cpu} spins on a lock whose holder is the very code that it interrupted.")
        }
        What::WaitBegan(code) if code == Wait::IcrIdle as u32 => {
            format!("CPU{cpu} reads its ICR before it sends: is the message before this one dispatched?")
        }
        What::WaitEnded(code, 1) if code == Wait::IcrIdle as u32 => {
            format!("CPU{cpu} has waited long enough: it gives up and writes the ICR as if it were idle.")
        }
        What::Entered(Context::Nmi) => format!("CPU{cpu} enters its NMI handler: no interrupt flag keeps an NMI out."),
        What::Reached(code) => return point_sentence(cpu, code),
        _ => return None,
    })
}

fn point_sentence(cpu: u16, code: u32) -> Option<String> {
    let said: [(Point, &str); 6] = [
        (Point::CrashEntered, "crashes. Nothing but kdump is left to do: stop the others, start the capture kernel"),
        (Point::NmiSendReturned, "is back from sending the NMI: the goal"),
        (Point::Stopped, "is stopped by the crash NMI: it has disabled its local APIC and will never come back"),
        (Point::ShootdownOver, "waits no longer for the others"),
        (Point::CaptureKernelEntered, "hands over to the capture kernel"),
        (Point::CaptureKernelReady, "is past the capture kernel's first APIC accesses: the dump can be taken"),
    ];
    said.iter().find(|(point, _)| *point as u32 == code).map(|(_, text)| format!("CPU{cpu} {text}."))
}

fn bus_sentence(event: &What) -> Option<String> {
    match event {
        What::Delivered(agent, message) => Some(format!("the bus delivers {} to CPU{agent}.", what(message))),
        _ => None,
    }
}

fn verdict(scenario: &Scenario, report: &RunReport, outcome: &Outcome, paper: Paper) -> String {
    let mut lanes = Lanes::new(scenario.machine.cpus);
    outcome.events.iter().for_each(|event| lanes.take(event));
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
    page.paragraph(&format!(
        "With the bounded wait the send returned {after} us after the crash; {} timed out, {} stopped, and the \
         capture kernel was ready {capture}. The full wait of 1000 ms in between is for the CPU that is locked up in its \
         NMI handler: the NMI is latched there, and will never be taken.",
        counted(report.timeouts, "wait"),
        counted(report.stopped, "CPU")
    ));
    page.into_text()
}
