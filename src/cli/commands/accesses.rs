//! `apicsim accesses`: the ordered register accesses of one kernel function.

use crate::cli::arguments::Accesses;
use crate::cli::complaint::complain;
use crate::cli::exit_status::ExitStatus;
use crate::cli::output;
use crate::failure::Failure;
use crate::machine;
use crate::recorder::{document, record, text};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named;
use crate::scenario::{
    OWN_VARIANT, OwnVariant, OwnWaits, RELEASES, Request, VARIANTS, is_other, natural, natural_release,
    natural_variant, own_waits,
};
use kernel_model::{Arch, Call, CpuMask, Given, Kernel, Release, Variant};
use std::panic::catch_unwind;

pub(super) fn accesses(arguments: &Accesses, own: &[OwnVariant]) -> Result<ExitStatus, Failure> {
    let call = Call::from_name(arguments.function()).expect("the command line takes known names only");
    if arguments.release.as_deref().is_some_and(|release| (release == OWN_VARIANT) != is_other(arguments.arch())) {
        return Err(not_released(arguments.arch()).into());
    }
    let own = own_waits_of(arguments, own)?;
    let kernel = kernel(arguments, own.as_ref(), call);
    if !call.is_of(&kernel) {
        return Err(not_of(arguments, variant_name(arguments, own.as_ref()), call).into());
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
    let surroundings = (arguments.icr, arguments.others);
    let record = || record(&kernel, from, surroundings, arguments.limit as usize, (call, given));
    let recording = match &own {
        Some(OwnWaits::Code(code)) => catch_unwind(record).map_err(|_| panicked(code.name()))?,
        _ => record(),
    };
    if arguments.json {
        let release = arguments.release.as_deref().unwrap_or_else(|| natural_release(base(arguments, own.as_ref())));
        let names = [arguments.arch(), variant_name(arguments, own.as_ref()), release, arguments.function()];
        output::print_json(&document(&recording, names))?;
    } else {
        output::print(&text(&recording))?;
    }
    Ok(ExitStatus::Success)
}

/// The wait of one's own that the options mean, if they do: that of the name, or else that of the file.
fn own_waits_of(arguments: &Accesses, own: &[OwnVariant]) -> Result<Option<OwnWaits>, InputError> {
    let request = Request { own: own.to_vec(), ..Request::new(arguments.scenario.as_deref().unwrap_or("nmi-stall")) };
    let mut all = own_waits(&request)?;
    let named = |name: &str| all.iter().position(|one| one.name() == name);
    let chosen = match (&arguments.variant, &arguments.scenario) {
        (Some(name), _) if VARIANTS.contains(&name.as_str()) || name == OWN_VARIANT => return Ok(None),
        (Some(name), _) => named(name).ok_or_else(|| {
            let names: Vec<&str> = VARIANTS.into_iter().chain(all.iter().map(OwnWaits::name)).collect();
            let unknown = named::unknown("variant", name, &names, &[]);
            InputError::new(format!("--variant: {}", unknown.message)).help(unknown.help)
        })?,
        (None, None) => return Ok(None),
        (None, Some(file)) => all.iter().position(|one| matches!(one, OwnWaits::Plan(_))).ok_or_else(|| {
            InputError::new(format!("`{file}` has no wait of its own (--scenario)"))
                .help("give it a table [wait] with name = \"mine\" and rounds = 20")
        })?,
    };
    if is_other(arguments.arch()) {
        return Err(InputError::new(format!(
            "variants are ways in which Linux waits, and {} is not Linux",
            arguments.arch()
        ))
        .help("take an --arch of Linux"));
    }
    Ok(Some(all.swap_remove(chosen)))
}

/// The name of the variant.
fn variant_name<'a>(arguments: &'a Accesses, own: Option<&'a OwnWaits>) -> &'a str {
    own.map_or_else(|| arguments.variant(), OwnWaits::name)
}

/// The variant that it builds on: itself, but for one of one's own.
fn base<'a>(arguments: &'a Accesses, own: Option<&OwnWaits>) -> &'a str {
    match own {
        Some(own) => own.base().unwrap_or_else(|| natural_variant(arguments.arch())),
        None => arguments.variant(),
    }
}

/// The kernel that the options describe, on the sub-architecture's natural machine.
fn kernel(arguments: &Accesses, own: Option<&OwnWaits>, call: Call) -> Kernel {
    let arch = Arch::from_name(arguments.arch()).expect("the command line takes known names only");
    // A kernel that is not Linux never looks at its variant.
    let variant = Variant::from_name(base(arguments, own)).unwrap_or(Variant::Before);
    let mut kernel = Kernel::new(arch, variant, arguments.cpus as u16);
    if let Some(release) = arguments.release.as_deref().and_then(Release::from_name) {
        kernel = kernel.of_release(release);
    }
    kernel.own = own.map(OwnWaits::of_kernel);
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

/// Code that was handed over has panicked; what it said stands above.
fn panicked(name: &str) -> InputError {
    InputError::new(format!("the code of `{name}` panicked")).help("it is yours: its message stands above")
}

/// The refusal of a function that this kernel does not have.
fn not_of(arguments: &Accesses, variant: &str, call: Call) -> InputError {
    if arguments.arch().starts_with("other/") {
        let only = Call::send_IPI_mask.name();
        return InputError::new(format!(
            "{} is a function of Linux, and {} is not Linux",
            call.name(),
            arguments.arch()
        ))
        .help(format!("--call {only} is its own way to send"));
    }
    let machine = format!("{} under {variant}", arguments.arch());
    InputError::new(format!("{machine} has no `{}`", call.name()))
        .help(format!("kernels that have it: {}; `apicsim list calls` says so of all", call.whose().describe()))
}
