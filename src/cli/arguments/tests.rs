//! The command line is read as its contract says.

use super::*;
use crate::recorder::Icr;
use crate::scenario::{Bus, Request};
use clap::CommandFactory;
use clap::error::ErrorKind;
use sim::Generation;

fn parsed(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(std::iter::once("apicsim").chain(line.split_whitespace()))
}

fn run(line: &str) -> Run {
    match parsed(line).unwrap_or_else(|error| panic!("{error}")).command {
        Some(Command::Run(run)) => run,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_definition_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn without_a_command_there_is_the_headline() {
    assert!(matches!(parsed(""), Ok(Arguments { command: None, json: false, .. })));
    assert!(matches!(parsed("--json"), Ok(Arguments { command: None, json: true, .. })));
    assert!(parsed("--json run nmi-stall").is_ok_and(|arguments| arguments.check().is_err()));
}

#[test]
fn every_option_of_run_is_read() {
    let line = "run nmi-stall --arch x86_64/flat --variant merged --release 2.6.20 --bus ideal --generation xapic --cpus 8 --seed 0xff \
        --threads 3 --executor reference --window 777 --elision off --limit-us 1.5 --set a=1 --set b=[] \
        --trace t.txt --json --host";
    let run = run(line);
    let request = run.request(&[]);
    assert_eq!((request.arch.as_deref(), request.variant.as_deref()), (Some("x86_64/flat"), Some("merged")));
    assert_eq!(request.release.as_deref(), Some("2.6.20"));
    assert_eq!((request.bus, request.generation), (Some(Bus::Ideal), Some(Generation::XApic)));
    assert_eq!((request.cpus, request.limit_ps, run.overrides.seed), (Some(8), Some(1_500_000), 255));
    assert_eq!(request.sets, ["a=1", "b=[]"]);
    let Execution { threads, executor, window, elision } = run.execution;
    assert_eq!((threads, executor), (Some(3), Executor::Reference));
    assert_eq!((window, elision), (Window::Picoseconds(777), Elision::Off));
    assert!(run.output.json && run.output.host && run.output.trace.is_some());
}

#[test]
fn defaults_are_the_contract() {
    let run = run("run nmi-stall");
    assert_eq!(run.request(&[]), Request::new("nmi-stall"));
    assert_eq!((run.overrides.seed, run.execution.window, run.execution.elision), (0, Window::Full, Elision::On));
}

#[test]
fn accesses_takes_lists() {
    let line =
        "accesses --arch i386/numaq --variant rfc --call send_IPI_mask --to 1,2 --vector nmi --icr clears-after:20";
    let Ok(Arguments { command: Some(Command::Accesses(accesses)), .. }) = parsed(line) else { panic!("{line}") };
    assert_eq!((&accesses.to[..], accesses.vector), (&[1, 2][..], Some(2)));
    assert_eq!((accesses.icr, accesses.limit), (Icr::ClearsAfter { delay_ps: 20_000_000 }, 64));
}

#[test]
fn bad_options_name_what_would_be_right() {
    let cases = [
        ("run x --arch i386/defualt", "did you mean `i386/default`?"),
        ("run x --arch modern/x2apic-fys", "did you mean `modern/x2apic-phys`?"),
        ("run x --release 2.6.2", "did you mean `2.6.20`?"),
        ("accesses --call send_IPI_mask --release 6.6", "`v6.6`"),
        ("run x --bus seriel", "did you mean `serial`?"),
        ("run x --generation x3apic", "x2apic"),
        ("run x --html -", "--html run.html"),
        ("run x --compare variant=merged", "--html"),
        ("run x --trace a.FST", "comes later"),
        ("run x --trace a.txt --trace-format vdc", "`vcd`"),
        ("run x --trace-format vcd", "--trace"),
        ("run x --window 0", "number of picoseconds"),
        ("run x --limit-us 99999999999999", "overflows"),
        ("run x --limit-us -1", "negative"),
        ("run x --seed -1", "seed"),
        ("run x --threads 0", "1..=1024"),
        ("run x --executor windowd", "`windowed`"),
        ("run x --elision maybe", "on, off"),
        ("run x --cpu 3", "--cpus"),
        ("run", "SCENARIO"),
        ("rum nmi-stall", "run"),
        ("list arch", "`archs`"),
        ("accesses --call send_ipi_mask", "`send_IPI_mask`"),
        ("accesses --call send_IPI_mask --icr stuk", "`stuck`"),
        ("accesses --call send_IPI_mask --vector 256", "0xff"),
    ];
    for (line, help) in cases {
        let error = parsed(line).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
        assert!(error.to_string().to_lowercase().contains(&help.to_lowercase()), "{line}: {error}");
    }
}

#[test]
fn later_commands_say_so() {
    for line in ["explore nmi-stall --json", "explore --help"] {
        let error = parsed(line).unwrap_or_else(|error| panic!("{error}")).check().expect_err(line);
        assert!(error.message().contains("comes later"), "{error}");
    }
    let check = |line: &str| parsed(line).unwrap_or_else(|error| panic!("{error}")).check();
    assert!(check("accesses --call sync_Arb_IDs --from 4").expect_err("no CPU 4").message().contains("--from"));
    assert!(check("accesses --call sync_Arb_IDs --to 1,9").expect_err("no CPU 9").message().contains("--to"));
    assert_eq!(check("run nmi-stall"), Ok(()));
}

#[test]
fn help_is_whole() {
    for line in [
        "--help",
        "run --help",
        "matrix --help",
        "accesses --help",
        "list --help",
        "replay -h",
        "explain -h",
        "script -h",
    ] {
        let error = parsed(line).expect_err("help");
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0), "{line}");
        assert!(error.to_string().contains("Example"), "{line}: {error}");
    }
    let help = parsed("--help").expect_err("help").to_string();
    assert!(!help.contains("explore") && help.contains("campaign") && help.contains("Exit status"), "{help}");
}
