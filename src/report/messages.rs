//! The messages of a run and their fates, as text and as JSON.

use super::digest;
use super::microseconds::{microseconds, microseconds_or_null};
use super::page::Page;
use super::paper::{Ink, Paper};
use crate::judgement::{FateReport, MessageFate, MessageReport, MessagesReport, RunReport, Verdict};
use crate::scenario::{Scenario, counted, one_line};
use serde_json::{Value, json};

/// Messages of which text tells.
const TOLD: usize = 40;

/// The document of the contract.
pub(crate) fn document(scenario: &Scenario, report: &RunReport, messages: &MessagesReport) -> Value {
    let machine = &scenario.machine;
    let totals: serde_json::Map<String, Value> =
        messages.totals.iter().map(|(fate, count)| (fate.to_string(), json!(count))).collect();
    json!({
        "schema": { "name": "apicsim.messages", "version": "1.0" },
        "scenario": scenario.name,
        "arch": machine.arch,
        "variant": machine.variant,
        "release": machine.release,
        "bus": machine.bus.to_string(),
        "generation": machine.generation.to_string(),
        "cpus": machine.cpus,
        "seed": report.seed.to_string(),
        "token": report.token,
        "digest": digest::written(report.digest),
        "interrupted": report.verdict == Verdict::Interrupted,
        "messages": messages.messages.iter().map(message).collect::<Vec<_>>(),
        "messages_total": messages.total,
        "messages_left_out": messages.total - messages.messages.len() as u64,
        "totals": totals,
    })
}

fn message(message: &MessageReport) -> Value {
    let fate = |report: &FateReport| {
        json!({
            "cpu": report.cpu,
            "fate": report.fate.to_string(),
            "at_us": microseconds_or_null(report.at.map(|at| at.as_ps())),
            "because": report.because,
        })
    };
    json!({
        "number": message.number,
        "from": message.from,
        "sent_us": microseconds(message.sent.as_ps()),
        "at": message.at,
        "what": message.what,
        "to": message.to,
        "fates": message.fates.iter().map(fate).collect::<Vec<_>>(),
    })
}

/// For people.
pub(crate) fn text(scenario: &Scenario, report: &RunReport, messages: &MessagesReport, paper: Paper) -> Page {
    let mut page = Page::new(paper);
    let room = paper.prose().saturating_sub(scenario.name.chars().count() + 2);
    page.hanging(0, 2, &format!("{}: {}", scenario.name, one_line(&scenario.story, room)));
    page.hanging(0, 2, &format!("on {}", scenario.machine));
    super::text::own_wait(scenario, &mut page);
    page.gap();
    for message in messages.messages.iter().take(TOLD) {
        let from = message.from.map_or_else(|| "the I/O agent".to_owned(), |cpu| format!("CPU{cpu}"));
        let at = message.at.as_ref().map(|at| format!(": {at}")).unwrap_or_default();
        page.hanging(0, 2, &format!("{} us  {from} sent {} to {}{at}", message.sent, message.what, message.to));
        lines(&message.fates, paper).iter().for_each(|line| page.hanging(4, 2, line));
    }
    if let Some(more) = messages.total.checked_sub(TOLD as u64).filter(|more| *more > 0) {
        page.hanging(
            0,
            2,
            &format!("and {more} more: --from, --to, --vector, --fate choose among them, --json has ten thousand"),
        );
    }
    page.gap();
    if report.verdict == Verdict::Interrupted {
        page.labelled("run", "interrupted: what became of them by then");
    }
    page.labelled("messages", &totals(messages));
    page.command("replay", "apicsim replay", &format!("'{}'", report.token));
    page
}

fn totals(messages: &MessagesReport) -> String {
    let fates: Vec<String> = messages.totals.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
    let all = messages.totals.values().sum();
    match all {
        0 => "none".to_owned(),
        _ => format!("{}, {}: {}", counted(messages.total, "message"), counted(all, "fate"), fates.join(", ")),
    }
}

/// A line for each fate; those that are alike but for CPU and instant share one.
fn lines(fates: &[FateReport], paper: Paper) -> Vec<String> {
    let mut alike: Vec<Vec<&FateReport>> = Vec::new();
    for report in fates {
        let like = |group: &&mut Vec<&FateReport>| (group[0].fate, &group[0].because) == (report.fate, &report.because);
        match alike.iter_mut().find(like) {
            Some(group) => group.push(report),
            None => alike.push(vec![report]),
        }
    }
    alike.iter().map(|group| line(group, paper)).collect()
}

fn line(group: &[&FateReport], paper: Paper) -> String {
    let FateReport { fate, because, .. } = group[0];
    let cpus: Vec<u16> = group.iter().filter_map(|report| report.cpu).collect();
    let who = if cpus.is_empty() { String::new() } else { format!("{}: ", ranges(&cpus)) };
    let lasts = matches!(fate, MessageFate::Pending | MessageFate::Retried | MessageFate::AcceptError);
    let since = if lasts { "since" } else { "at" };
    let (first, last) =
        (group.iter().filter_map(|report| report.at).min(), group.iter().filter_map(|report| report.at).max());
    let when = match (first, last) {
        (Some(first), Some(last)) if first == last => format!(" {since} {first} us"),
        (Some(first), Some(last)) => format!(" from {first} us to {last} us"),
        _ => String::new(),
    };
    let ink = match fate {
        MessageFate::Taken => Ink::Good,
        MessageFate::Merged | MessageFate::Pending | MessageFate::UnderWay => Ink::Open,
        _ => Ink::Bad,
    };
    format!("{who}{}{when}, {because}", paper.paint(ink, &fate.to_string()))
}

/// `CPU1`, `CPU1, CPU3 to CPU9`.
fn ranges(cpus: &[u16]) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for &cpu in cpus {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == cpu => *last = cpu,
            _ => ranges.push((cpu, cpu)),
        }
    }
    let range = |(first, last): &(u16, u16)| match last - first {
        0 => format!("CPU{first}"),
        1 => format!("CPU{first}, CPU{last}"),
        _ => format!("CPU{first} to CPU{last}"),
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        assert_eq!(ranges(&[1]), "CPU1");
        assert_eq!(ranges(&[1, 2]), "CPU1, CPU2");
        assert_eq!(ranges(&[0, 2, 3, 4, 9]), "CPU0, CPU2 to CPU4, CPU9");
    }
}
