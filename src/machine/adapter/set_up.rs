//! What a kernel that is up has made of a machine: the shared words, and each local APIC after its set-up.
//!
//! Not modelled: the set-up itself (`kernel_model::setup_local_APIC` and its kin are called by what starts a CPU).

use kernel_model::{Access, Kernel};
use sim::CpuSettings;
use sim::apic::{Mode, Preset};

/// The shared words of a healthy kernel, at the start: an NMI that comes is nobody's watchdog, and finds no CPU locked up.
///
/// ```
/// use apicsim::adapter::shared_words;
/// use apicsim::kernel_model::{Arch, Kernel, Variant};
///
/// let kernel = Kernel::new(Arch::I386Default, Variant::Before, 4);
/// let mut words = shared_words(&kernel);
/// assert_eq!(words.len(), kernel.layout().count());
/// words[usize::from(kernel.layout().timer_goes_on(2).0)] = 0; // to its watchdog CPU 2 is locked up
/// words.push(0); // a word of one's own, behind the kernel's
/// ```
pub fn shared_words(kernel: &Kernel) -> Vec<u32> {
    let mut words = initial_words(kernel);
    let layout = kernel.layout();
    for cpu in 0..kernel.cpus {
        words[usize::from(layout.timer_goes_on(cpu).0)] = 1;
        words[usize::from(layout.counter_runs_on(cpu).0)] = 1;
    }
    words
}

/// The words as the kernel's data section has them.
pub(in crate::machine) fn initial_words(kernel: &Kernel) -> Vec<u32> {
    let layout = kernel.layout();
    let mut words = vec![0; layout.count()];
    for (word, value) in layout.initial_values() {
        words[usize::from(word.0)] = value;
    }
    words
}

/// How CPU `cpu` starts: its APIC id, and its local APIC as the kernel's sub-architecture sets it up.
///
/// ```
/// use apicsim::adapter::cpu_settings;
/// use apicsim::kernel_model::{Arch, Kernel, Variant};
///
/// let kernel = Kernel::new(Arch::I386Summit, Variant::Before, 8);
/// assert_eq!(cpu_settings(&kernel, 5).apic_id, 0x12); // the second CPU of the second cluster
/// ```
pub fn cpu_settings(kernel: &Kernel, cpu: u16) -> CpuSettings {
    CpuSettings::default().with(|it| {
        it.apic_id = kernel.arch.apic_id(cpu);
        it.apic = as_set_up(kernel, cpu);
    })
}

/// Its local APIC, once the kernel has set it up.
pub(crate) fn as_set_up(kernel: &Kernel, cpu: u16) -> Preset {
    Preset::default().with(|preset| {
        preset.mode = if kernel.arch.facts().access == Access::Msr { Mode::X2Apic } else { Mode::XApic };
        preset.dfr = kernel.arch.dfr();
        preset.ldr = kernel.arch.ldr(cpu);
    })
}
