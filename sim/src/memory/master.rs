//! The master copy of the shared words, written in key order.

use crate::bus::Agent;
use crate::coroutine::Site;
use crate::time::Time;

/// Who changed a word last, and where: what a *why* names as the holder of a lock.
///
/// ```
/// # use sim::bus::*;
/// # use sim::*;
/// # fn run(programs: Vec<Program>) -> Outcome {
/// #     let cpu = |(id, program)| (CpuSettings::default().with(|cpu| cpu.apic_id = id), program);
/// #     let bus = Box::new(IdealBus::new(Duration::from_ns(100)));
/// #     let cpus = (0..).zip(programs).map(cpu).collect();
/// #     let plain = MachineSettings::new(Generation::P6, bus);
/// #     let settings = plain.with(|machine| {
/// #         machine.cpus = cpus;
/// #         machine.words = vec![0; 2];
/// #         machine.limit = Time::from_us(100);
/// #     });
/// #     Machine::new(settings).unwrap().run(Execution::default()).unwrap()
/// # }
/// let outcome = run(vec![Program::from_fn(|cpu| cpu.store(1, 9))]);
/// let writer = outcome.writers[1].expect("word 1 was written");
/// assert_eq!((writer.cpu, writer.value, outcome.writers[0].is_none()), (0, 9, true));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Writer {
    /// The CPU.
    pub cpu: Agent,
    /// When.
    pub at: Time,
    /// The value it left.
    pub value: u32,
    /// The line of software.
    pub site: Site,
}

/// The master copy.
#[derive(Debug, Clone)]
pub(crate) struct Master {
    words: Vec<u32>,
    writers: Vec<Option<Writer>>,
}

impl Master {
    pub(crate) fn new(initial: &[u32]) -> Self {
        Self { words: initial.to_vec(), writers: vec![None; initial.len()] }
    }

    pub(crate) fn load(&self, word: u16) -> u32 {
        self.words[usize::from(word)]
    }

    /// Writing the value that is already there is not a change, and does not make its writer the last one.
    pub(crate) fn store(&mut self, word: u16, writer: Writer) {
        let value = &mut self.words[usize::from(word)];
        if *value != writer.value {
            *value = writer.value;
            self.writers[usize::from(word)] = Some(writer);
        }
    }

    pub(crate) fn writers(&self) -> &[Option<Writer>] {
        &self.writers
    }
}
