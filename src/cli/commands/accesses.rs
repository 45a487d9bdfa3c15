//! `apicsim accesses`: the ordered register accesses of one kernel function.

use crate::cli::arguments::Accesses;
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::machine;
use crate::recorder::{document, record, text};
use crate::scenario::diagnostic::InputError;
use crate::scenario::{OWN_VARIANT, RELEASES, is_other, natural};
use kernel_model::{Arch, Call, CpuMask, Given, Kernel, Release, Variant};

pub(super) fn accesses(arguments: &Accesses) -> Result<ExitStatus, Failure> {
    let call = Call::from_name(arguments.function()).expect("the command line takes known names only");
    if arguments.release.as_deref().is_some_and(|release| (release == OWN_VARIANT) != is_other(arguments.arch())) {
        return Err(not_released(arguments.arch()).into());
    }
    let kernel = kernel(arguments, call);
    if !call.is_of(&kernel) {
        return Err(not_of(arguments, call).into());
    }
    if let Some(name) = arguments.of_today().filter(|name| name.call != arguments.call || arguments.arch.is_none()) {
        complain(&format!("note: `{}` is {}", name.name, name.leads_to()));
    }
    let from = arguments.from as u16;
    let mask: CpuMask = if arguments.to.is_empty() {
        kernel.cpu_possible_map().without(from)
    } else {
        arguments.to.iter().map(|&cpu| cpu as u16).collect()
    };
    let vector = arguments.vector.unwrap_or(kernel.arch.reschedule_vector());
    let given = Given { mask, target: mask.iter().next().unwrap_or_default(), vector };
    let recording = record(&kernel, from, (arguments.icr, arguments.others), arguments.limit as usize, (call, given));
    if arguments.json {
        let names = [arguments.arch(), arguments.variant(), arguments.release(), arguments.function()];
        output::print_json(&document(&recording, names))?;
    } else {
        output::print(&text(&recording))?;
    }
    Ok(ExitStatus::Success)
}

/// The kernel that the options describe, on the sub-architecture's natural machine.
fn kernel(arguments: &Accesses, call: Call) -> Kernel {
    let arch = Arch::from_name(arguments.arch()).expect("the command line takes known names only");
    // A kernel that is not Linux never looks at its variant.
    let variant = Variant::from_name(arguments.variant()).unwrap_or(Variant::Before);
    let mut kernel = Kernel::new(arch, variant, arguments.cpus as u16);
    if let Some(release) = arguments.release.as_deref().and_then(Release::from_name) {
        kernel = kernel.of_release(release);
    }
    kernel.erratum_11ap = arguments.erratum_11ap;
    kernel.no_broadcast = arguments.no_broadcast.unwrap_or(kernel.no_broadcast);
    kernel.wait_shape = machine::bound(arguments.wait_shape);
    kernel.mps_timeout = machine::mps_timeout(arguments.mps_timeout);
    kernel.crash_image = !arguments.no_crash_image;
    if let (true, Some(page)) = (call.takes_trampoline(), arguments.vector) {
        kernel.trampoline = page;
    }
    if let Some((generation, _)) = natural(arch.name()) {
        kernel.apic_version = generation.profile().version.to_le_bytes()[0];
        kernel.init_udelay = machine::init_udelay(generation);
    }
    kernel
}

/// The refusal of a release that this kernel does not have.
fn not_released(arch: &str) -> InputError {
    let (message, releases) = match is_other(arch) {
        true => (format!("releases are Linux's, and {arch} is not Linux"), OWN_VARIANT.to_owned()),
        false => (format!("`{OWN_VARIANT}` is the release of kernels that are not Linux"), RELEASES.join(", ")),
    };
    InputError::new(message).help(format!("{arch} has: {releases}"))
}

/// The refusal of a function that this kernel does not have.
fn not_of(arguments: &Accesses, call: Call) -> InputError {
    if arguments.arch().starts_with("other/") {
        let only = Call::send_IPI_mask.name();
        return InputError::new(format!(
            "{} is a function of Linux, and {} is not Linux",
            call.name(),
            arguments.arch()
        ))
        .help(format!("--call {only} is its own way to send"));
    }
    let machine = format!("{} under {}", arguments.arch(), arguments.variant());
    InputError::new(format!("{machine} has no `{}`", call.name()))
        .help(format!("kernels that have it: {}; `apicsim list calls` says so of all", call.whose().describe()))
}
