//! kernel_model's traits over the simulator's CPU.

use kernel_model::{Arch, IrqFlags, Mmio, Point, Processor, Register, Wait, WaitOutcome, Word, delay_loops};
use sim::Cpu;
use sim::apic::MSR_TIME_STAMP_COUNTER;

/// A simulated CPU, as kernel code sees it. Each method is one operation of [`Cpu`] and nothing else: whatever stood
/// between would be a simulator frame on the stack that hang proofs compare. The module's page has it in use. (Last: do
/// fences change anything there?)
///
/// ```
/// use apicsim::adapter::OnCpu;
/// use apicsim::kernel_model::{Mmio, Register};
/// use apicsim::sim::{Cpu, Program};
///
/// let reads_its_icr = Program::from_fn(|cpu: Cpu<'_>| {
///     let _ = OnCpu::exact(cpu).read(Register::ICR);
/// });
/// # let _ = reads_its_icr;
/// ```
#[derive(Clone, Copy)]
pub struct OnCpu<'run>(pub(crate) Cpu<'run>, Delays, Option<&'run dyn CaptureKernel>, bool);

/// What a capture kernel does once it is up.
pub(crate) trait CaptureKernel: Sync {
    /// On this CPU.
    fn goes_on(&self, cpu: Cpu<'_>);
}

impl<'run> OnCpu<'run> {
    /// A CPU with such delays. A capture kernel on it does nothing once it is up.
    pub const fn new(cpu: Cpu<'run>, delays: Delays) -> Self {
        Self(cpu, delays, None, false)
    }

    /// A CPU whose busy delays are exact.
    pub const fn exact(cpu: Cpu<'run>) -> Self {
        Self::new(cpu, Delays::Exact)
    }

    /// The CPU.
    pub const fn cpu(&self) -> Cpu<'run> {
        self.0
    }

    /// The same one with a capture kernel that does something.
    pub(crate) const fn with_capture_kernel(self, capture_kernel: &'run dyn CaptureKernel) -> Self {
        Self(self.0, self.1, Some(capture_kernel), self.3)
    }

    /// The same one, in a machine in which an IPI overtakes stores if there is no fence. Elsewhere a fence takes no time: it is in
    /// the cost of what comes after it.
    pub(crate) const fn with_weak_sends(self, weak: bool) -> Self {
        Self(self.0, self.1, self.2, weak)
    }
}

impl std::fmt::Debug for OnCpu<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OnCpu").field(&self.0).field(&self.1).finish_non_exhaustive()
    }
}

/// How long a delay of so many microseconds is.
///
/// ```
/// use apicsim::adapter::Delays;
/// use apicsim::kernel_model::{Arch, delay_loops};
///
/// let rounded = Delays::Kernel { arch: Arch::I386Default, hz: 250, tsc_hz: 500_000_000 };
/// assert!(matches!(rounded, Delays::Kernel { hz: 250, .. }));
/// // 100 us are 50 000 ticks of 500 MHz; 250 / 4 is 62, so that they are a little short.
/// assert_eq!(delay_loops(Arch::I386Default, 100, 250, 500_000_000), 49_601);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Delays {
    /// Exactly that.
    Exact,
    /// What the kernel's fixed-point arithmetic makes of it.
    Kernel {
        /// Decides the formula.
        arch: Arch,
        /// Timer ticks a second.
        hz: u32,
        /// Ticks of the time-stamp counter a second.
        tsc_hz: u64,
    },
}

impl Mmio for OnCpu<'_> {
    #[inline(always)]
    fn read(&self, register: Register) -> u32 {
        self.0.read_register(register.0)
    }
    #[inline(always)]
    fn write(&self, register: Register, value: u32) {
        self.0.write_register(register.0, value);
    }
    #[inline(always)]
    fn xchg(&self, register: Register, value: u32) -> u32 {
        self.0.exchange_register(register.0, value)
    }
}

impl Processor for OnCpu<'_> {
    #[inline(always)]
    fn rdmsr(&self, msr: u32) -> u64 {
        self.0.read_msr(msr).unwrap_or_default()
    }
    #[inline(always)]
    fn wrmsr(&self, msr: u32, value: u64) {
        let _ = self.0.write_msr(msr, value); // a fault is an oops of its own, which no path here provokes
    }
    #[inline(always)]
    fn inb(&self, port: u16) -> u8 {
        self.0.read_port(port)
    }
    #[inline(always)]
    fn readl(&self, address: u32) -> u32 {
        self.0.read_memory(address)
    }
    #[inline(always)]
    fn writel(&self, value: u32, address: u32) {
        self.0.write_memory(address, value);
    }
    #[inline(always)]
    fn rdtsc(&self) -> u64 {
        self.0.read_msr(MSR_TIME_STAMP_COUNTER).unwrap_or_default()
    }
    #[inline(always)]
    fn cpu_relax(&self) {
        self.0.pause();
    }
    #[inline(always)]
    fn udelay(&self, us: u32) {
        match self.1 {
            Delays::Exact => self.0.delay_us(us),
            Delays::Kernel { arch, hz, tsc_hz } => self.0.delay_cycles(delay_loops(arch, us, hz, tsc_hz)),
        }
    }
    #[inline(always)]
    fn halt(&self) {
        self.0.halt();
    }
    #[inline(always)]
    fn fence(&self) {
        if self.3 {
            self.0.fence();
        }
    }
    #[inline(always)]
    fn irq_save(&self) -> IrqFlags {
        IrqFlags(self.0.irq_save())
    }
    #[inline(always)]
    fn irq_restore(&self, flags: IrqFlags) {
        self.0.irq_restore(flags.0);
    }
    #[inline(always)]
    fn load(&self, word: Word) -> u32 {
        self.0.load(word.0)
    }
    #[inline(always)]
    fn store(&self, word: Word, value: u32) {
        self.0.store(word.0, value);
    }
    #[inline(always)]
    fn exchange(&self, word: Word, value: u32) -> u32 {
        self.0.exchange(word.0, value)
    }
    #[inline(always)]
    fn fetch_add(&self, word: Word, value: u32) -> u32 {
        self.0.fetch_add(word.0, value)
    }
    #[inline(always)]
    fn fetch_or(&self, word: Word, value: u32) -> u32 {
        self.0.fetch_or(word.0, value)
    }
    #[inline(always)]
    fn fetch_and(&self, word: Word, value: u32) -> u32 {
        self.0.fetch_and(word.0, value)
    }
    #[inline(always)]
    fn compare_exchange(&self, word: Word, expected: u32, value: u32) -> u32 {
        self.0.compare_exchange(word.0, expected, value)
    }
    #[inline(always)]
    fn smp_processor_id(&self) -> u32 {
        u32::from(self.0.number())
    }
    #[inline(always)]
    fn wait_begin(&self, wait: Wait) {
        self.0.wait_begin(wait as u32);
    }
    #[inline(always)]
    fn wait_end(&self, outcome: WaitOutcome) {
        self.0.wait_end(outcome as u32);
    }
    fn capture_kernel_goes_on(&self) {
        if let Some(capture_kernel) = self.2 {
            capture_kernel.goes_on(self.0);
        }
    }
    #[inline(always)]
    fn reached(&self, point: Point) {
        self.0.reached(point as u32);
    }
}
