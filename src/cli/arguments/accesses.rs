//! The options of `apicsim accesses`.

use super::values::{help_list, help_names, number, parse_arch, parse_microseconds, parse_name, parse_release};
use crate::recorder::{Icr, Others};
use crate::scenario::diagnostic::InputError;
use crate::scenario::nearest;
use crate::scenario::{
    ALL_ARCHES, ARCHES, MpsTimeout, RELEASES, STACK_NAMES, StackName, VARIANTS, WaitShape, counted, natural_variant,
    stack_name,
};
use clap::Args;
use kernel_model::Call;

pub(super) const EXAMPLES: &str = "\
Examples:
  apicsim accesses --arch i386/numaq --variant merged --call send_IPI_mask --to 1,2 --vector nmi
  apicsim accesses --arch i386/default --variant rfc --call smp_send_nmi_allbutself --icr clears-after:250
  apicsim accesses --call smp_call_function --others silent
  apicsim accesses --arch x86_64/flat --variant merged --call crash_kexec --icr stuck
  apicsim accesses --scenario my-wait.toml --call send_IPI_mask --vector nmi --icr stuck";

/// `accesses`.
#[derive(Debug, Args)]
pub(crate) struct Accesses {
    /// Sub-architecture.
    #[arg(long, value_name = "A", value_parser = parse_arch, help = help_list("Sub-architecture; without it, i386/default, or one that has the function where that is a name of today's kernels", &ALL_ARCHES))]
    pub arch: Option<String>,
    /// Wait variant.
    #[arg(long, value_name = "V", help = help_list("How the kernel waits for the ICR; without it, before, or modern on modern/*", &VARIANTS))]
    pub variant: Option<String>,
    /// A scenario file with a wait of one's own (`[wait]`): only that is read, and stands unless another variant is named.
    #[arg(long, value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// Release.
    #[arg(long, value_name = "R", value_parser = parse_release, help = help_list("Release that the rest of the kernel's code is of; without it, that of the variant", &RELEASES))]
    pub release: Option<String>,
    /// Kernel function: `apicsim list calls` names them.
    #[arg(long, value_name = "FN", value_parser = parse_call)]
    pub call: String,
    /// Number of CPUs, all online.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=255))]
    pub cpus: u32,
    /// The CPU that runs the function.
    #[arg(long, value_name = "C", default_value_t = 0)]
    pub from: u32,
    /// The CPUs it sends to, with commas; without it, all others. Functions that start a CPU take one; without it, the
    /// first other.
    #[arg(long, value_name = "C,C,…", value_delimiter = ',')]
    pub to: Vec<u32>,
    /// Vector: decimal, 0x hex, or nmi; without it, the kernel's reschedule vector. Functions that start a CPU: the
    /// page of the trampoline; without it, 0x06.
    #[arg(long, value_name = "V", value_parser = parse_vector)]
    pub vector: Option<u8>,
    /// Delivery status of the ICR: idle, stuck, or clears-after:US (busy until that much delay has passed).
    #[arg(long, value_name = "STATE", default_value = "idle", value_parser = parse_icr)]
    pub icr: Icr,
    /// Other CPUs, where the function waits for them: they answer at once, or never.
    #[arg(long, value_name = "DO", default_value = "answer", value_parser = parse_name::<Others>, help = help_names::<Others>("Other CPUs, where the function waits for them"))]
    pub others: Others,
    /// No crash image is loaded: a panic stops the other CPUs instead.
    #[arg(long)]
    pub no_crash_image: bool,
    /// Accesses listed of a function that never returns.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Build the write-around as an exchange (Pentium erratum 11AP).
    #[arg(long = "erratum-11ap")]
    pub erratum_11ap: bool,
    /// Flat senders name all others by a mask, as with CPU hotplug (true), or by the shorthand (false); on modern/* every driver does, as with no_ipi_broadcast=1, and the default is false.
    #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
    pub no_broadcast: Option<bool>,
    /// The loop of solution-a and b1.
    #[arg(long, value_name = "SHAPE", default_value = "delay-first", value_parser = parse_name::<WaitShape>, help = help_names::<WaitShape>("The loop of solution-a and b1"))]
    pub wait_shape: WaitShape,
    /// What ends the 20 µs of mps-abort and mps-retry.
    #[arg(long, value_name = "HOW", default_value = "instruction-loop", value_parser = parse_name::<MpsTimeout>, help = help_names::<MpsTimeout>("What ends the 20 µs of mps-abort and mps-retry"))]
    pub mps_timeout: MpsTimeout,
    /// Print one JSON document on standard output.
    #[arg(long)]
    pub json: bool,
}

impl Accesses {
    /// The function, if it was given by its name in today's stack traces and not by the model's.
    pub(crate) fn of_today(&self) -> Option<&'static StackName> {
        stack_name(&self.call)
    }

    /// The function by the model's name.
    pub(crate) fn function(&self) -> &str {
        self.of_today().map_or(&self.call, |name| name.call)
    }

    /// The sub-architecture.
    pub(crate) fn arch(&self) -> &str {
        self.arch.as_deref().unwrap_or_else(|| self.of_today().map_or(ARCHES[0], |name| name.arch))
    }

    /// The wait variant.
    pub(crate) fn variant(&self) -> &str {
        let of_today = self.of_today().filter(|_| self.arch.is_none()).map(|name| name.variant);
        self.variant.as_deref().or(of_today).unwrap_or_else(|| natural_variant(self.arch()))
    }

    /// Checks what no single option can check.
    pub(super) fn check(&self) -> Result<(), InputError> {
        let last = self.cpus.saturating_sub(1);
        let absent = |cpu: u32, option: &str| {
            InputError::new(format!("there is no CPU {cpu} ({option}) in a machine of {}", counted(self.cpus, "CPU")))
                .help(format!("CPUs are 0 to {last}; --cpus changes their number"))
        };
        if self.from > last {
            return Err(absent(self.from, "--from"));
        }
        if let Some(cpu) = self.to.iter().find(|cpu| **cpu > last) {
            return Err(absent(*cpu, "--to"));
        }
        if let (true, [_, _, ..]) = (Call::from_name(self.function()).is_some_and(Call::takes_target), &self.to[..]) {
            return Err(InputError::new(format!("`{}` is about one CPU, and --to names several", self.call))
                .help("name one: --to 1"));
        }
        Ok(())
    }
}

/// The names are many: only the nearest is told. A name of today's stack traces is as good as the model's own.
fn parse_call(text: &str) -> Result<String, String> {
    if Call::from_name(text).is_some() || stack_name(text).is_some() {
        return Ok(text.to_owned());
    }
    let names: Vec<&str> = Call::NAMES.iter().copied().chain(STACK_NAMES.iter().map(|one| one.name)).collect();
    let near = nearest::nearest(text, &names).map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default();
    Err(format!("unknown or later kernel function `{text}`{near}; `apicsim list calls` names those that there are"))
}

fn parse_icr(text: &str) -> Result<Icr, String> {
    match (text, text.strip_prefix("clears-after:")) {
        ("idle", _) => Ok(Icr::Idle),
        ("stuck", _) => Ok(Icr::Stuck),
        (_, Some(us)) => parse_microseconds(us).map(|delay_ps| Icr::ClearsAfter { delay_ps }),
        _ => Err(nearest::suggestion(text, &["idle", "stuck", "clears-after:US"])),
    }
}

fn parse_vector(text: &str) -> Result<u8, String> {
    if text.eq_ignore_ascii_case("nmi") {
        return Ok(2);
    }
    number(text)
        .and_then(|vector| u8::try_from(vector).ok())
        .ok_or_else(|| "a vector is a number from 0 to 0xff, decimal or 0x hex, or nmi".to_owned())
}
