//! What is remembered of the two writes that make a message: whether a handler wrote ICR high in between.
//!
//! Not modelled: nothing here decides where a message goes. ICR high holds what was written last (SDM vol. 3 §10.6.1);
//! that somebody else wrote it is only remembered, for reports.

use crate::bus::Message;
use crate::coroutine::Site;
use crate::slots::Slots;
use crate::time::Time;

/// A message that went elsewhere than the code that sent it had asked for: between its two writes a handler on the
/// same CPU wrote ICR high.
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
/// #[derive(Clone, Copy)]
/// struct Careless;
/// impl Software for Careless {
///     fn run(&self, cpu: Cpu<'_>) {
///         cpu.write_register(0x300, 0x4_0041); // to itself: the handler comes in between the next two
///         cpu.write_register(0x310, 1 << 24);
///         cpu.delay_us(5);
///         cpu.write_register(0x300, 0x42);
///     }
///     fn interrupt(&self, cpu: Cpu<'_>, _: u8) {
///         cpu.write_register(0x310, 2 << 24); // and does not put it back
///         cpu.write_register(0x0B0, 0);
///     }
/// }
/// let outcome = run(vec![Program::open(Careless)]);
/// let misdirected = outcome.cpus[0].misdirected.expect("it went to 2");
/// assert_eq!((misdirected.intended, misdirected.message.destination), (1, 2));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Misdirected {
    /// The message, as it was sent.
    pub message: Message,
    /// The destination that its sender had written.
    pub intended: u32,
    /// The line that sent it.
    pub site: Site,
    /// The line of the handler that wrote ICR high last.
    pub overwritten_by: Site,
    /// When that was.
    pub overwritten_at: Time,
}

/// A write of ICR high whose write of ICR low has not come yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct HighWrite {
    pub(super) level: usize,
    pub(super) destination: u32,
    pub(super) overwritten: Option<(Site, Time)>,
}

/// What is remembered of a CPU's writes.
#[derive(Debug, Default)]
pub(crate) struct CommandPairs {
    /// Injected: the next write of ICR high is followed by a pulse at the NMI pin.
    pub(super) armed: bool,
    /// By level of nesting, the innermost last.
    pub(super) open: Slots<HighWrite>,
    /// The last one.
    pub(crate) misdirected: Option<Misdirected>,
}
