//! The library: a run is a function call, whatever waits in it.

use apicsim::kernel_model::{
    CpuMask, Kernel, OwnWait, Processor, Register, Site, Wait, WaitOutcome, Waited, send_IPI_mask, wait_icr_idle,
};
use apicsim::scenario::{self, Request};
use apicsim::sim::{Duration, Execution, Window};
use apicsim::token::Token;
use apicsim::{Failure, OwnVariant, RunFailure, RunReport, Settings, Verdict, run};
use own_wait::VARIANTS;
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// Software that allocates is Open.
#[global_allocator]
static ALLOCATOR: apicsim::sim::AllocationWatch = apicsim::sim::AllocationWatch::new();

fn request(scenario: &str, arch: &str, own: &[OwnVariant], variant: &str) -> Request {
    Request::new(scenario).with(|request| {
        request.arch = Some(arch.to_owned());
        request.variant = Some(variant.to_owned());
        request.own = own.to_vec();
    })
}

fn report(request: &Request, settings: &Settings) -> RunReport {
    let scenario = scenario::load(request).unwrap_or_else(|error| panic!("{error}"));
    run(&scenario, settings).unwrap_or_else(|error| panic!("{error}")).0
}

#[test]
fn one_result_however_it_is_executed() {
    let windowed = |workers, window| Execution::Windowed { workers, window };
    let executions = [
        Execution::Reference,
        windowed(1, Window::Full),
        windowed(1, Window::Half),
        windowed(1, Window::AtMost(Duration::from_ps(777_000))),
        windowed(3, Window::Full),
    ];
    for arch in ["i386/default", "x86_64/flat", "modern/xapic-flat"] {
        for variant in VARIANTS {
            let mut request = request("nmi-stall", arch, &VARIANTS, variant.name());
            request.limit_ps = Some(400_000_000); // the waits are under way, or over
            let first = report(&request, &Settings::seeded(0));
            for (execution, elision) in executions.into_iter().flat_map(|one| [(one, true), (one, false)]) {
                let mut settings = Settings::seeded(0).with(|settings| settings.execution = execution);
                settings.choices.elision = elision;
                let case = format!("{arch} {} {execution:?} {elision}", variant.name());
                assert_eq!(report(&request, &settings).digest, first.digest, "{case}");
            }
        }
    }
}

#[test]
fn a_hang_is_proven_on_either_executor() {
    for (arch, cause) in [("i386/default", "class F stays full"), ("x86_64/flat", "stalled")] {
        let request = request("nmi-stall", arch, &VARIANTS, "polite");
        let reports = [Execution::default(), Execution::Reference]
            .map(|execution| report(&request, &Settings::seeded(0).with(|settings| settings.execution = execution)));
        for report in &reports {
            assert_eq!((report.verdict, report.digest), (Verdict::Hung, reports[0].digest), "{arch}");
            let hang = report.hang.as_ref().expect("a hung run says of whom");
            assert!(hang.at.starts_with("wait_politely (src/polite.rs:"), "{}", hang.at);
            assert!(hang.cause.contains(cause), "{}", hang.cause);
        }
    }
}

/// Counts its rounds in a static: the same stack need not mean the same future.
#[derive(Debug)]
struct Counting;

static LOOKS: AtomicU32 = AtomicU32::new(0);

impl OwnWait for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    fn wait(&self, _: &Kernel, cpu: &dyn Processor, _: Site) -> Option<Waited> {
        cpu.wait_begin(Wait::IcrIdle);
        while cpu.read(Register::ICR) & 0x1000 != 0 {
            LOOKS.fetch_add(1, Ordering::Relaxed);
            cpu.udelay(1000);
        }
        cpu.wait_end(WaitOutcome::Done);
        Some(Waited::Idle)
    }
}

#[test]
fn what_is_not_promised_to_be_closed_is_not_proven() {
    let own = [OwnVariant::new(&Counting)];
    let mut request = request("nmi-stall", "i386/default", &own, "counting");
    request.limit_ps = Some(200_000_000_000);
    let report = report(&request, &Settings::seeded(0));
    assert_eq!((report.verdict, report.proof.is_none()), (Verdict::Deadline, true));
}

/// Breaks, one way or the other.
#[derive(Debug)]
struct Broken(&'static str);

impl OwnWait for Broken {
    fn name(&self) -> &'static str {
        self.0
    }
    fn wait(&self, _: &Kernel, cpu: &dyn Processor, _: Site) -> Option<Waited> {
        match self.0 {
            "panics" => panic!("it is broken"),
            _ => loop {
                cpu.wait_begin(Wait::IcrIdle); // takes no time
            },
        }
    }
}

/// Waits as the kernel that it is based on, by its function.
#[derive(Debug)]
struct Delegating;

impl OwnWait for Delegating {
    fn name(&self) -> &'static str {
        "delegating"
    }
    fn wait(&self, kernel: &Kernel, cpu: &dyn Processor, site: Site) -> Option<Waited> {
        Some(Waited::of(wait_icr_idle(kernel, &cpu, site)))
    }
    fn send_mask(&self, kernel: &Kernel, cpu: &dyn Processor, mask: CpuMask, vector: u8) -> bool {
        send_IPI_mask(kernel, &cpu, mask, vector);
        true
    }
}

/// What is called with the kernel that the code gets does not come back to the code, and the run is event for event the same.
#[test]
fn code_can_call_what_it_replaces() {
    for base in ["before", "merged", "rfc"] {
        let own = [OwnVariant::new(&Delegating).based_on(base).closed()];
        for arch in ["i386/default", "x86_64/physflat", "modern/xapic-flat"] {
            let digest = |variant| report(&request("nmi-stall", arch, &own, variant), &Settings::seeded(0)).digest;
            assert_eq!(digest("delegating"), digest(base), "{arch} {base}");
        }
    }
}

/// Code that breaks is bad input with its name, not a bug of apicsim.
#[test]
fn broken_code_is_named() {
    for (code, message) in [
        (OwnVariant::new(&Broken("panics")), "it is broken"),
        (OwnVariant::new(&Broken("stands")), "a loop without a cost"),
    ] {
        let request = request("nmi-stall", "i386/default", &[code], code.name());
        let scenario = scenario::load(&request).unwrap_or_else(|error| panic!("{error}"));
        let failure = run(&scenario, &Settings::seeded(0)).expect_err(code.name());
        assert!(matches!(&failure, RunFailure::OwnCode { name, .. } if *name == code.name()), "{failure:?}");
        assert!(failure.to_string().contains(message), "{failure}");
        assert!(matches!(Failure::from(failure), Failure::Input(_)));
    }
}

#[test]
fn a_program_without_the_code_refuses_the_token() {
    let text = report(&request("nmi-stall", "i386/default", &VARIANTS, "polite"), &Settings::seeded(0)).token;
    let token: Token = text.parse().unwrap_or_else(|error| panic!("{error}"));
    assert!(token.load_from("nmi-stall", &VARIANTS).is_ok());
    let error = token.load().expect_err("apicsim itself has no such variant");
    assert!(error.message().contains("`polite`, version 0.1.0"), "{error}");
    assert!(error.help_lines().iter().any(|line| line.contains("the program that printed it")));
}

#[test]
fn a_name_is_free_and_there_once() {
    for (own, message) in [
        (vec![VARIANTS[0], VARIANTS[0]], "is there twice"),
        (vec![VARIANTS[0].based_on("mps-abort")], "cannot build on `mps-abort`"),
    ] {
        let error = scenario::load(&Request::new("nmi-stall").with(|request| request.own = own)).expect_err(message);
        assert!(error.message().contains(message), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The bounded waits come back, whichever CPU crashes, on which machine, and with any jitter: what fails is its token.
    #[test]
    fn the_bounded_ones_come_back(
        seed in any::<u64>(),
        arch in prop::sample::select(vec!["i386/default", "i386/numaq", "x86_64/flat", "x86_64/physflat"]),
        bounded in prop::sample::select(vec!["doubling", "look-after"]),
        jitter in 0..6u32,
    ) {
        let mut request = request("nmi-stall", arch, &VARIANTS, bounded);
        request.sets = vec![format!("knobs.jitter_picclk={jitter}")];
        let report = report(&request, &Settings::seeded(seed));
        prop_assert_eq!(report.verdict, Verdict::Completed, "{}", report.token);
    }
}
