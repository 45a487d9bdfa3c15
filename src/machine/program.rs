//! What runs on a CPU: the roles that a scenario puts there, one after the other, and the kernel's handlers.

use super::adapter::{CaptureKernel, Delays, OnCpu};
use super::arrivals::Arrivals;
use super::player::{Clocks, Player};
use crate::scenario::{On, Programs};
use kernel_model::{CallLock, Called, CpuMask, Kernel, Processor, Wait};
use sim::{Closed, Cpu, Software, Time};
use std::mem::discriminant;
use std::sync::Arc;

/// Roles a CPU can have at most.
pub(crate) const ROLES_MAX: usize = 16;

/// Milestone: every role of this CPU is done.
pub(crate) const PROGRAM_ENDED: u32 = 100;
/// Milestone: the last `send-sequence` of this CPU has returned from its last send.
pub(crate) const SEQUENCE_RETURNED: u32 = 101;
/// Milestone: the last `boot-cpus` of this CPU has tried to start all its targets.
pub(crate) const BOOT_RETURNED: u32 = 103;

/// Milestone: this CPU is back from its last call that waits for others.
pub(crate) const CALLS_RETURNED: u32 = 102;

/// A role as the CPU runs it, made of kernel functions.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// `schedule()` on the CPU's run queue.
    Schedule,
    /// Spins with interrupts off, holding nothing.
    SpinIrqsOff,
    /// `flush_tlb_others`.
    FlushTlb {
        /// Targets.
        mask: CpuMask,
        /// Interrupts off before?
        irqs_off: bool,
    },
    /// `smp_call_function` to all others.
    CallFunction {
        /// Wait until the function has run everywhere?
        wait: bool,
        /// Interrupts off before?
        irqs_off: bool,
    },
    /// `smp_send_reschedule` to each, in v6 `resched_cpu`.
    Reschedule(CpuMask),
    /// An oops on this CPU.
    Oops {
        /// Time it prints, in µs.
        print_us: u32,
    },
    /// `panic`.
    Panic {
        /// Time it prints, in µs.
        print_us: u32,
        /// Interrupts off before?
        irqs_off: bool,
    },
    /// `__trigger_all_cpu_backtrace`.
    Backtrace,
    /// One `send_IPI_mask`.
    Send {
        /// Vector.
        vector: u8,
        /// Targets.
        mask: CpuMask,
    },
    /// Rounds of `send_IPI_mask` to each target in turn, interrupts off.
    SendSequence {
        /// Vector.
        vector: u8,
        /// Targets; none: all others, by `send_IPI_allbutself`.
        to: Option<CpuMask>,
        /// Rounds.
        repeat: u32,
        /// From the start to the first send, in µs.
        after_us: u32,
    },
    /// `native_stop_other_cpus`.
    StopOtherCpus {
        /// For as long as it takes?
        wait: bool,
    },
    /// `do_boot_cpu` for each.
    BootCpus {
        /// Targets.
        mask: CpuMask,
        /// By v6's messages?
        v6: bool,
    },
    /// A program of the scenario: its steps from `first` up to `end`.
    Steps {
        /// The first.
        first: u32,
        /// Behind the last.
        end: u32,
    },
}

impl Action {
    /// Does it wait for what other CPUs do about it?
    const fn is_call(self) -> bool {
        matches!(self, Self::FlushTlb { .. } | Self::CallFunction { .. } | Self::Backtrace)
    }
}

/// A CPU's software: Closed, because all it changes is in its stack or in the simulated machine. The programs are never
/// changed. Of code of one's own in its kernel that is for `cpu::software` to know.
#[derive(Debug, Clone)]
pub(crate) struct CpuProgram {
    pub(crate) kernel: Kernel,
    pub(crate) delays: Delays,
    /// Can an IPI overtake stores?
    pub(crate) weak_sends: bool,
    /// Is it to be started by another CPU?
    pub(crate) offline: bool,
    /// When each role starts, at the earliest, and what it is.
    pub(crate) roles: [Option<(Time, Action)>; ROLES_MAX],
    /// The programs of the scenario, and the name among them that is the goal.
    pub(crate) programs: Arc<Programs>,
    pub(crate) goal: Option<u32>,
    pub(crate) clocks: Clocks,
}

impl Closed for CpuProgram {}

impl Software for CpuProgram {
    fn run(&self, cpu: Cpu<'_>) {
        if self.offline {
            kernel_model::firmware(&self.kernel, &self.on(cpu));
            return self.come_up(cpu);
        }
        self.play(cpu);
    }

    /// There is code at the trampoline's page only, and where the scenario has put some. A CPU that was up before, and is
    /// started again (by a capture kernel, say), has no roles any more: it comes up, and is idle.
    fn start_up(&self, cpu: Cpu<'_>, vector: u8) {
        if self.resets(cpu) || vector != self.kernel.trampoline {
            return;
        }
        if self.offline {
            return self.come_up(cpu);
        }
        kernel_model::trampoline(&self.kernel, &self.on(cpu));
        kernel_model::idle_task(&self.kernel, &self.on(cpu));
    }

    /// A CPU older than the start-up message finds the warm-reset vector there, and goes to the trampoline.
    fn reset(&self, cpu: Cpu<'_>) {
        if self.resets(cpu) {
            return;
        }
        if self.offline {
            self.come_up(cpu);
        }
    }

    fn interrupt(&self, cpu: Cpu<'_>, vector: u8) {
        if self.player(cpu).handles(On::Vector(vector)) {
            return;
        }
        kernel_model::do_interrupt(&self.kernel, &self.on(cpu), vector);
    }

    fn system_management(&self, cpu: Cpu<'_>) {
        self.player(cpu).handles(On::SystemManagement);
    }

    fn non_maskable(&self, cpu: Cpu<'_>) {
        if self.player(cpu).handles(On::Nmi) {
            return;
        }
        let on_cpu = self.on(cpu);
        // In firmware it does nothing but end the HLT.
        if self.offline && on_cpu.load(self.kernel.layout().cpu_callin(cpu.number())) == 0 {
            return;
        }
        kernel_model::do_nmi(&self.kernel, &on_cpu);
    }
}

impl CaptureKernel for CpuProgram {
    fn goes_on(&self, cpu: Cpu<'_>) {
        self.player(cpu).handles(On::Capture);
    }
}

impl CpuProgram {
    /// The CPU as the kernel sees it.
    fn on<'a>(&'a self, cpu: Cpu<'a>) -> OnCpu<'a> {
        OnCpu::new(cpu, self.delays).with_capture_kernel(self).with_weak_sends(self.weak_sends)
    }

    fn player<'a>(&'a self, cpu: Cpu<'a>) -> Player<'a> {
        let (kernel, programs) = (&self.kernel, &*self.programs);
        Player { kernel, cpu: self.on(cpu), programs, goal: self.goal, clocks: self.clocks }
    }

    /// Code of the scenario's at the reset vector, and at the page of a start-up message; then the CPU is idle.
    fn resets(&self, cpu: Cpu<'_>) -> bool {
        let reset = self.player(cpu).handles(On::Reset);
        if reset {
            kernel_model::idle_task(&self.kernel, &self.on(cpu));
        }
        reset
    }

    /// From the trampoline to the roles.
    fn come_up(&self, cpu: Cpu<'_>) {
        kernel_model::trampoline(&self.kernel, &self.on(cpu));
        self.play(cpu);
    }

    /// Does no role of this kind come after the one at `position`?
    fn is_last(&self, position: usize, action: Action) -> bool {
        let alike = |role: &Option<(Time, Action)>| {
            role.is_some_and(|(_, other)| discriminant(&other) == discriminant(&action))
        };
        self.roles.iter().rposition(alike) == Some(position)
    }

    fn play(&self, cpu: Cpu<'_>) {
        let last_call = self.roles.iter().rposition(|role| role.is_some_and(|(_, action)| action.is_call()));
        let player = self.player(cpu);
        let mut arrivals = Arrivals::of(&player);
        for (position, role) in self.roles.iter().enumerate() {
            let &Some((at, action)) = role else { break };
            arrivals.serve(&player, Some(at));
            cpu.sleep_until(at);
            if let Action::Steps { first, end } = action {
                player.play(first..end);
                continue;
            }
            act(&self.kernel, self.on(cpu), action, self.is_last(position, action));
            if last_call == Some(position) {
                cpu.reached(CALLS_RETURNED);
            }
        }
        cpu.reached(PROGRAM_ENDED);
        arrivals.serve(&player, None);
        kernel_model::idle_task(&self.kernel, &self.on(cpu));
    }
}

/// Plays a role; the last one of its kind says when it is over.
fn act(kernel: &Kernel, cpu: OnCpu<'_>, action: Action, last: bool) {
    match action {
        Action::Steps { .. } => unreachable!("the player plays programs"),
        Action::Schedule => kernel_model::schedule(kernel, &cpu),
        Action::SpinIrqsOff => spin_irqs_off(&cpu),
        Action::FlushTlb { mask, irqs_off } => {
            with_interrupts(&cpu, !irqs_off, || kernel_model::flush_tlb_others(kernel, &cpu, mask));
        }
        Action::CallFunction { wait, irqs_off } => {
            let call = || kernel_model::smp_call_function(kernel, &cpu, Called::Nothing, wait, CallLock::Take);
            with_interrupts(&cpu, !irqs_off, call);
        }
        Action::Reschedule(mask) => {
            for target in mask.iter() {
                if kernel.arch.is_modern() {
                    kernel_model::v6::resched_cpu(kernel, &cpu, target);
                } else {
                    kernel_model::smp_send_reschedule(kernel, &cpu, target);
                }
            }
        }
        Action::Panic { print_us, irqs_off } => {
            with_interrupts(&cpu, !irqs_off, || kernel_model::panic(kernel, &cpu, print_us))
        }
        Action::Backtrace => kernel_model::__trigger_all_cpu_backtrace(kernel, &cpu),
        Action::Oops { print_us } => kernel_model::die(kernel, &cpu, print_us),
        Action::Send { vector, mask } => kernel_model::send_IPI_mask(kernel, &cpu, mask, vector),
        Action::StopOtherCpus { wait } => kernel_model::v6::native_stop_other_cpus(kernel, &cpu, wait),
        Action::SendSequence { vector, to, repeat, after_us } => {
            let flags = cpu.irq_save();
            cpu.udelay(after_us);
            for _ in 0..repeat {
                match to {
                    None => kernel_model::send_IPI_allbutself(kernel, &cpu, vector),
                    Some(mask) => mask.iter().for_each(|target| {
                        kernel_model::send_IPI_mask(kernel, &cpu, CpuMask::of(target), vector);
                    }),
                }
            }
            if last {
                cpu.0.reached(SEQUENCE_RETURNED);
            }
            cpu.irq_restore(flags);
        }
        Action::BootCpus { mask, v6 } => {
            let kernel = &kernel.with(|kernel| kernel.v6_start_up = v6);
            for target in mask.iter() {
                kernel_model::do_boot_cpu(kernel, &cpu, target);
            }
            if last {
                cpu.0.reached(BOOT_RETURNED);
            }
        }
    }
}

/// Runs `code` with interrupts as they are, or off.
fn with_interrupts<R>(cpu: &OnCpu<'_>, on: bool, code: impl FnOnce() -> R) {
    let flags = (!on).then(|| cpu.irq_save());
    code();
    if let Some(flags) = flags {
        cpu.irq_restore(flags);
    }
}

/// Any code that has interrupts off and never comes back.
fn spin_irqs_off(cpu: &OnCpu<'_>) {
    cpu.irq_save();
    cpu.wait_begin(Wait::RunQueue);
    loop {
        cpu.cpu_relax();
    }
}
