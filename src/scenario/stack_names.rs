//! Names that stand in the stack traces of today's kernels, and what they are called here.

use super::nearest;

/// A function by the name that a stack trace has.
///
/// ```
/// use apicsim::scenario::STACK_NAMES;
///
/// assert!(STACK_NAMES.iter().any(|name| name.name == "native_apic_wait_icr_idle"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StackName {
    /// That name.
    pub name: &'static str,
    /// Which kernels have it, and what it does.
    pub about: &'static str,
    /// The function of the model that does the same: where runs say that somebody waits.
    pub model: &'static str,
    /// The function of `accesses --call` that runs it.
    pub call: &'static str,
    /// A sub-architecture that has it.
    pub arch: &'static str,
    /// The variant that has it.
    pub variant: &'static str,
    /// Built-in scenarios in which somebody waits in it, on that sub-architecture under that variant.
    pub scenarios: &'static [&'static str],
}

/// All of them.
pub const STACK_NAMES: &[StackName] = &[
    StackName {
        name: "native_apic_wait_icr_idle",
        about: "until v6.5: waits for the ICR without a bound",
        model: "apic_wait_icr_idle",
        call: "apic_wait_icr_idle",
        arch: "x86_64/flat",
        variant: "before",
        scenarios: &["nmi-stall", "jammed-bit"],
    },
    StackName {
        name: "native_safe_apic_wait_icr_idle",
        about: "until v6.5: waits for the ICR at most 1001 rounds of 100 us, read first, as merged in 2.6.22",
        model: "safe_apic_wait_icr_idle",
        call: "safe_apic_wait_icr_idle",
        arch: "x86_64/flat",
        variant: "merged",
        scenarios: &["nmi-stall", "jammed-bit"],
    },
    StackName {
        name: "apic_mem_wait_icr_idle",
        about: "v6.6 and later: waits for the ICR without a bound",
        model: "apic_wait_icr_idle",
        call: "apic_wait_icr_idle",
        arch: "modern/xapic-physflat",
        variant: "modern",
        scenarios: &["nmi-stall"],
    },
    StackName {
        name: "apic_mem_wait_icr_idle_timeout",
        about: "v6.6 and later: waits for the ICR at most 1000 rounds of 100 us, read first",
        model: "safe_apic_wait_icr_idle_v6",
        call: "safe_apic_wait_icr_idle",
        arch: "modern/xapic-physflat",
        variant: "modern",
        scenarios: &["nmi-stall", "jammed-bit"],
    },
    StackName {
        name: "arch_irq_work_raise",
        about: "asks its own CPU for an interrupt, in NMI handlers too, and waits for the ICR without a bound before and after that",
        model: "apic_wait_icr_idle",
        call: "arch_irq_work_raise",
        arch: "modern/xapic-physflat",
        variant: "modern",
        scenarios: &["irq-work"],
    },
    StackName {
        name: "csd_lock_wait",
        about: "waits without a bound until another CPU has run a function",
        model: "csd_lock_wait",
        call: "smp_call_function",
        arch: "modern/xapic-flat",
        variant: "modern",
        scenarios: &["deaf-target", "crossed-callers", "crossed-flushes"],
    },
    StackName {
        name: "smp_call_function_many_cond",
        about: "calls a function on other CPUs, and waits in itself, where `csd_lock_wait` is inlined, until they have run it",
        model: "csd_lock_wait",
        call: "smp_call_function_many",
        arch: "modern/xapic-physflat",
        variant: "modern",
        scenarios: &["deaf-target", "nmi-between-writes"],
    },
    StackName {
        name: "csd_lock_wait_toolong",
        about: "with CONFIG_CSD_LOCK_WAIT_DEBUG: reports a function call that takes longer than 5 s, and sends its IPI again",
        model: "__csd_lock_wait",
        call: "csd_lock_wait_toolong",
        arch: "modern/xapic-physflat",
        variant: "modern",
        scenarios: &["lost-call"],
    },
];

impl StackName {
    /// What it is here, and where it can be seen.
    pub fn leads_to(&self) -> String {
        let here = match self.name {
            name if name == self.model => "the same name here".to_owned(),
            name if name == self.call => format!("the same name here, where it waits in `{}`", self.model),
            _ => format!("here `{}`", self.model),
        };
        format!(
            "a kernel function ({}): {here}, variant {}; scenarios that wait in it on {}: {}",
            self.about,
            self.variant,
            self.arch,
            self.scenarios.join(", ")
        )
    }
}

/// The function of that name, if it is one of [`STACK_NAMES`].
pub(crate) fn stack_name(name: &str) -> Option<&'static StackName> {
    STACK_NAMES.iter().find(|one| one.name == name)
}

/// The one whose name is nearly that.
pub(super) fn nearest_stack_name(name: &str) -> Option<&'static StackName> {
    let names: Vec<&str> = STACK_NAMES.iter().map(|one| one.name).collect();
    stack_name(name).or_else(|| stack_name(nearest::nearest(name, &names)?))
}
