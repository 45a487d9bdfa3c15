//! Words tell events apart, one by one and in sequence; and they are those of the documentation.

use super::super::digest::{Digest, Pairs};
use super::super::event::{Access, Context, What};
use crate::apic::LocalSource;
use crate::bus::{AttemptOutcome, DeliveryMode, DestinationMode, Message, MessageEffect, Shorthand};
use crate::processor::{Kind, LocalEvent, Pin};
use crate::time::{Duration, Time};

impl Pairs for Vec<u64> {
    fn pair(&mut self, a: u64, b: u64) {
        self.extend([a, b]);
    }
}

fn words(time: Time, what: &What) -> Vec<u64> {
    let mut words = Vec::new();
    what.feed(time, &mut words);
    words
}

/// The number of words by the tag, as documented. A new event has a new tag, and comes here and into `samples`.
fn words_of_tag(tag: u64) -> usize {
    match tag {
        1 | 19 => 6,
        2..=4 | 14 | 16 | 20 | 21 | 25 | 26 | 31 | 32 => 4,
        5..=11 | 13 | 15 | 17 | 18 | 22..=24 | 27..=30 => 2,
        _ => panic!("no event has the tag {tag}"),
    }
}

/// The tag by the event: the compiler finds a new event here.
const fn documented_tag(what: &What) -> u64 {
    match what {
        What::Run { .. } => 1,
        What::Write { .. } => 2,
        What::Modified { .. } => 3,
        What::Sent(_) => 4,
        What::IcrWrittenWhileBusy(_) => 5,
        What::Entered(_) => 6,
        What::Left(_) => 7,
        What::InterruptFlag(_) => 8,
        What::Halted => 9,
        What::Woken => 10,
        What::NmiLatched => 11,
        What::WaitBegan(_) => 13,
        What::WaitEnded(..) => 14,
        What::Reached(_) => 15,
        What::Chosen(..) => 16,
        What::ClockRead => 17,
        What::Ended => 18,
        What::Attempts { .. } => 19,
        What::Delivered(..) => 20,
        What::Dispatched(..) => 21,
        What::Error(..) => 22,
        What::EndOfInterrupt(_) => 23,
        What::ApicDead(_) => 24,
        What::TimedRead { .. } => 25,
        What::Local(_) => 26,
        What::Fault(_) => 27,
        What::Initialised => 28,
        What::Started(_) => 29,
        What::Shutdown => 30,
        What::RemoteRead(..) => 31,
        What::MessageFault(..) => 32,
    }
}

const MESSAGE: Message = Message {
    source: 513,
    number: 70_000,
    mode: DeliveryMode::Nmi,
    vector: 0xfe,
    destination_mode: DestinationMode::Logical,
    destination: 0x0f00_000f,
    shorthand: Shorthand::AllExcludingSelf,
    level_triggered: true,
    asserted: true,
    written_at: Time::ZERO,
    queues: false,
};

/// Messages that differ in one field.
fn messages() -> Vec<Message> {
    let mut messages = vec![MESSAGE];
    for word in [0, 1, 0x8000] {
        messages.push(Message { source: word, ..MESSAGE });
        messages.push(Message { number: u32::MAX - u32::from(word), ..MESSAGE });
        messages.push(Message { destination: u32::MAX - u32::from(word), ..MESSAGE });
        messages.push(Message { vector: word as u8 | (word >> 8) as u8, ..MESSAGE });
    }
    for mode in (0..8).map(DeliveryMode::from_bits).filter(|&mode| mode != MESSAGE.mode) {
        messages.push(Message { mode, ..MESSAGE });
    }
    for shorthand in [Shorthand::None, Shorthand::Own, Shorthand::AllIncludingSelf] {
        messages.push(Message { shorthand, ..MESSAGE });
    }
    messages.push(Message { destination_mode: DestinationMode::Physical, ..MESSAGE });
    messages.push(Message { level_triggered: false, ..MESSAGE });
    messages.push(Message { asserted: false, ..MESSAGE });
    messages
}

fn of_messages(samples: &mut Vec<What>) {
    for message in messages() {
        samples.push(What::Sent(message));
        for agent in [0, 1, u16::MAX] {
            samples.push(What::Delivered(agent, message));
        }
        samples.extend([false, true].map(|still| What::Dispatched(message, still)));
        samples.extend([None, Some(0), Some(1), Some(u32::MAX)].map(|value| What::RemoteRead(message, value)));
        for effect in [
            MessageEffect::Lose,
            MessageEffect::Delay(Duration::ZERO),
            MessageEffect::Duplicate(Duration::ZERO),
            MessageEffect::Unnoticed,
        ] {
            samples.extend([0, 1, u16::MAX].map(|agent| What::MessageFault(effect, agent, message)));
        }
        for last in [0, u64::MAX] {
            for outcome in [
                AttemptOutcome::Accepted,
                AttemptOutcome::Retry,
                AttemptOutcome::AcceptError,
                AttemptOutcome::ChecksumError,
            ] {
                samples.push(What::Attempts { message, outcome, last: Time::from_ps(last), count: 1 });
                samples.push(What::Attempts { message, outcome, last: Time::from_ps(last), count: u64::MAX });
            }
        }
    }
}

fn of_accesses(samples: &mut Vec<What>) {
    for kind in [Kind::RegisterRead, Kind::RegisterWrite, Kind::Load, Kind::Shutdown] {
        for operand in [0, 1, 0x300, u32::MAX] {
            let access = Access { kind, operand };
            samples.push(What::Fault(access));
            for value in [0, 1, u64::MAX] {
                samples.push(What::Write { access, value });
                samples.push(What::Modified { access, values: value });
                samples.push(What::TimedRead { access, value });
                for (last, count) in [(0, 0), (0, 1), (1, 0), (u64::MAX, u64::MAX)] {
                    samples.push(What::Run { access, value, last: Time::from_ps(last), count });
                }
            }
        }
    }
}

fn of_cpus(samples: &mut Vec<What>) {
    for context in [
        Context::Program,
        Context::Interrupt(0),
        Context::Interrupt(255),
        Context::Nmi,
        Context::SystemManagement,
        Context::Shutdown,
    ] {
        samples.extend([What::Entered(context), What::Left(context)]);
    }
    for code in [0, 1, u32::MAX] {
        samples.extend([What::IcrWrittenWhileBusy(code), What::WaitBegan(code), What::Reached(code)]);
        for other in [0, 1, u32::MAX] {
            samples.extend([What::WaitEnded(code, other), What::Chosen(code, other)]);
        }
        samples.extend([0, 1, u16::MAX].map(|agent| What::Error(agent, code)));
    }
    samples.extend([0, 1, 255].map(What::EndOfInterrupt));
    samples.extend([0, 1, 255].map(What::Started));
    samples.extend([0, 1, u16::MAX].map(What::ApicDead));
    samples.extend([false, true].map(What::InterruptFlag));
    samples.extend([What::Halted, What::Woken, What::NmiLatched, What::ClockRead, What::Ended]);
    samples.extend([What::Initialised, What::Shutdown]);
    let lint = |pin, high, vector| LocalEvent::Interrupt(LocalSource::Lint { pin, high, vector });
    samples.extend([lint(0, false, 0), lint(1, false, 0), lint(0, true, 0), lint(0, false, 255)].map(What::Local));
    samples.extend([LocalSource::Timer, LocalSource::Thermal].map(|source| What::Local(LocalEvent::Interrupt(source))));
    samples.extend([0, 1, u64::MAX].map(|ps| What::Local(LocalEvent::SystemManagement(Duration::from_ps(ps)))));
    let pins = [Pin::Nmi, Pin::Smi(None), Pin::Smi(Some(Duration::from_ps(1))), Pin::Init];
    samples.extend(pins.map(|pin| What::Local(LocalEvent::Pin(pin))));
    samples.extend([LocalEvent::StoresLeave, LocalEvent::StoreLeft(0), LocalEvent::StoreLeft(1)].map(What::Local));
    samples.extend([LocalEvent::Init, LocalEvent::Shutdown, LocalEvent::LoseCommand].map(What::Local));
    samples.push(What::Local(LocalEvent::PriorityWritten));
}

/// Events of every kind that differ in one field or another.
fn samples() -> Vec<What> {
    let mut samples = Vec::new();
    of_messages(&mut samples);
    of_accesses(&mut samples);
    of_cpus(&mut samples);
    samples
}

#[test]
fn the_tag_says_how_many_words_follow() {
    let mut tags = std::collections::BTreeSet::new();
    for what in samples() {
        let words = words(Time::from_ps(u64::MAX), &what);
        let tag = words[0] & 0xff;
        assert_eq!((tag, words.len()), (documented_tag(&what), words_of_tag(tag)), "{what:?}");
        assert_eq!(words[1], u64::MAX, "{what:?}: the second word is the time");
        tags.insert(tag);
    }
    assert!(tags.into_iter().eq((1..=32).filter(|&tag| tag != 12)), "every event has a sample");
}

/// Distinct events have distinct words, and none is the beginning of another: so no two sequences of events are the same
/// words.
#[test]
fn no_event_is_the_beginning_of_another() {
    let mut all = Vec::new();
    for what in samples() {
        for time in [0, 1, 19, u64::MAX] {
            all.push((words(Time::from_ps(time), &what), time, what));
        }
    }
    assert!(all.len() > 4_000, "{}", all.len());
    all.sort_by(|a, b| a.0.cmp(&b.0)); // a beginning comes directly before what it begins, or before such a one
    for pair in all.windows(2) {
        assert!(!pair[1].0.starts_with(&pair[0].0), "{pair:?}");
    }
}

/// Sequences of events, read back from their words alone: where each ends, and which it was.
#[test]
fn sequences_are_had_back_from_their_words() {
    let samples = samples();
    let known: std::collections::BTreeMap<Vec<u64>, usize> =
        samples.iter().enumerate().map(|(index, what)| (words(Time::from_ps(7), what), index)).collect();
    for step in 1..200 {
        let chosen: Vec<usize> = (0..50).map(|n| (n * n * step + n) % samples.len()).collect();
        let mut stream = Vec::new();
        for &index in &chosen {
            samples[index].feed(Time::from_ps(7), &mut stream);
        }
        let (mut rest, mut read) = (&stream[..], Vec::new());
        while let Some(first) = rest.first() {
            let (event, others) = rest.split_at(words_of_tag(first & 0xff));
            read.push(known[event]);
            rest = others;
        }
        assert_eq!(read, chosen);
    }
}

/// What is documented not to be a word is none.
#[test]
fn what_the_name_stands_for_is_no_word() {
    let other = Message { written_at: Time::from_ps(5), queues: true, ..MESSAGE };
    assert_eq!(words(Time::ZERO, &What::Sent(other)), words(Time::ZERO, &What::Sent(MESSAGE)));
}

/// The results come from an independent implementation of the documented definition, words and all, in another language.
/// They were captured once: a change of any is a new version of the digest.
#[test]
fn vectors() {
    let time = Time::from_ps(1_000_000_123_456);
    let icr = |kind| Access { kind, operand: 0x300 };
    let (last, next) = (Time::from_ps(1_000_005_123_456), Time::from_ps(1_000_000_123_533));
    let eight = LocalEvent::SystemManagement(Duration::from_ps(8_000_000));
    let cases = [
        (What::Halted, 0x9fcc_2883_2aab_abc5),
        (What::Entered(Context::Interrupt(0x31)), 0x765f_5e91_ee67_2e1b),
        (What::Error(3, 0x84), 0xa37f_a5cf_3804_9f72),
        (What::WaitEnded(17, 2), 0x8d8c_ae15_6e3c_fb8a),
        (What::Write { access: icr(Kind::RegisterWrite), value: 0xc4431 }, 0xf892_4fa4_a701_1451),
        (What::Run { access: icr(Kind::RegisterRead), value: 0x1000, last, count: 4242 }, 0x916c_06ac_1203_e82b),
        (What::Sent(MESSAGE), 0x77aa_4234_bb82_cbc2),
        (
            What::Attempts { message: MESSAGE, outcome: AttemptOutcome::Retry, last: next, count: 9 },
            0xd58c_881c_4012_6bb8,
        ),
        (What::Delivered(2, MESSAGE), 0x80f3_6e0d_b127_7233),
        (What::Dispatched(MESSAGE, true), 0xcfc5_d486_07ac_5c78),
        (What::RemoteRead(MESSAGE, None), 0xec85_661e_4396_ca9d),
        (What::RemoteRead(MESSAGE, Some(0)), 0x1548_9b79_30ee_ac77),
        (What::RemoteRead(MESSAGE, Some(0xdead_beef)), 0xe0ba_127b_99aa_5d9a),
        (What::Local(eight), 0x054e_646d_cd9e_7f5d),
    ];
    let mut all = Digest::new();
    for (what, result) in cases {
        let mut one = Digest::new();
        what.feed(time, &mut one);
        assert_eq!(one.finish(), result, "{what:?}");
        what.feed(time, &mut all);
    }
    assert_eq!(all.finish(), 0x127e_af1e_4ed7_8c0e, "the sequence of them");

    let (mut interconnect, idle) = (Digest::new(), Digest::new());
    What::Sent(MESSAGE).feed(time, &mut interconnect);
    What::Delivered(2, MESSAGE).feed(time, &mut interconnect);
    let run = |cpus: [&Digest; 2]| {
        let mut run = Digest::of_run(2);
        [&interconnect, cpus[0], cpus[1]].into_iter().for_each(|stream| run.stream(stream));
        run.finish()
    };
    assert_eq!(run([&all, &idle]), 0x1a5e_7988_702b_178f, "a run of two CPUs");
    assert_eq!(run([&idle, &all]), 0x758e_5a13_6d4c_5a80, "the same events on the other CPU");
}
