//! Whatever decides a run is in its token: it is played again, or the token is refused.

use crate::support::{apicsim, words};
use apicsim::kernel_model::Waited;
use apicsim::prelude::*;
use apicsim::sim::bus::{IdealBus, Interconnect};
use apicsim::token::Token;
use apicsim::{OwnCode, OwnPart, OwnParts, restore};

/// No serial bus, but one that shows nothing.
#[derive(Debug)]
struct NoBus;

impl OwnParts for NoBus {
    fn bus(&self, _: &Scenario, _: Box<dyn Interconnect>) -> Box<dyn Interconnect> {
        Box::new(IdealBus::default())
    }
}

fn own() -> OwnCode {
    OwnCode::default()
        .with_chooser(OwnPart::chooser("of-seed-9", Seeded(9)).version("1.2.3"))
        .with_parts(OwnPart::parts("no = bus", NoBus))
}

fn story() -> Scenario {
    let jitter = "knobs.jitter_picclk=7".to_owned();
    load(&Request::new("nmi-stall").with(|request| request.sets = vec![jitter])).unwrap()
}

/// Each that decides differs from the seed alone, comes back with its token, and is never left out by who does not have it.
#[test]
fn each_is_in_the_token() {
    let plain = run(&story(), &Settings::seeded(4)).unwrap().0;
    let of_choices = |change: fn(&mut apicsim::Choices)| {
        let mut settings = Settings::seeded(4);
        change(&mut settings.choices);
        settings
    };
    let own = own();
    let cases = [
        (of_choices(|choices| choices.cut_ps = Some(41_500_000)), ":cut=41.5", None),
        (of_choices(|choices| choices.to_the_end = true), ":to-the-end", None),
        (
            Settings::seeded(4).with_chooser(own.choosers()[0].clone()),
            ":chooser=of-seed-9=1.2.3",
            Some("with the chooser `of-seed-9`, version 1.2.3"),
        ),
        (
            Settings::seeded(4).with_parts(own.parts()[0].clone()),
            ":parts=no%20%3D%20bus=0",
            Some("with the parts `no = bus`, version 0"),
        ),
    ];
    for (settings, field, own_part) in cases {
        let (report, outcome) = run(&story(), &settings).unwrap();
        assert!(report.token.ends_with(field), "{}", report.token);
        // This story hangs, so that to its very end it is the same.
        assert_eq!(report.digest == plain.digest, field == ":to-the-end", "{field}");
        let token: Token = report.token.parse().unwrap();
        assert_eq!(token.to_string(), report.token);
        let (scenario, restored) = restore(&token, None, &own).unwrap();
        for execution in [Execution::default(), Execution::Reference] {
            let again = run(&scenario, &restored.clone().with(|settings| settings.execution = execution)).unwrap();
            assert_eq!((again.0.token, again.1.digest), (report.token.clone(), outcome.digest), "{field}");
        }
        let refused = token.load().unwrap_err();
        assert!(refused.message().starts_with("a scenario is not all of this token's run"), "{refused}");
        let replayed = apicsim(&["replay", &report.token, "--json"]);
        let (printed, said) =
            (String::from_utf8(replayed.stdout).unwrap(), String::from_utf8(replayed.stderr).unwrap());
        match own_part {
            None => assert!(printed.contains(&format!("\"2:{:016x}\"", outcome.digest)), "{printed}"),
            Some(named) => {
                assert_eq!((replayed.status.code(), printed.as_str()), (Some(2), ""));
                assert!(refused.message().contains(named), "{refused}");
                assert!(words(&said).contains("that this program does not have"), "{said}");
            }
        }
    }
}

/// A run that would stop goes on: the token says so, and the digest is that of the longer run.
#[test]
fn a_run_to_its_very_end() {
    let mut settings = Settings::seeded(0);
    let request = Request::new("nmi-stall").with(|request| request.variant = Some("merged".to_owned()));
    let scenario = load(&request).unwrap();
    let short = run(&scenario, &settings).unwrap().0;
    settings.choices.to_the_end = true;
    let long = run(&scenario, &settings).unwrap().0;
    assert_ne!(short.digest, long.digest);
    let (scenario, settings) = restore(&long.token.parse().unwrap(), None, &OwnCode::default()).unwrap();
    assert_eq!(run(&scenario, &settings).unwrap().0.digest, long.digest);
}

/// Code of one name and version whose text, base or promise is another is not the same code.
#[test]
fn code_that_has_changed_is_refused() {
    #[derive(Debug)]
    struct NoWait;
    impl OwnWait for NoWait {
        fn name(&self) -> &'static str {
            "no-wait"
        }
        fn wait(&self, _: &Kernel, _: &dyn Processor, _: kernel_model::Site) -> Option<Waited> {
            Some(Waited::Idle)
        }
    }
    let code = || OwnVariant::new(&NoWait).version("0.3.0");
    let token = |own: OwnVariant| {
        let request = Request::new("nmi-stall").with(|request| {
            request.variant = Some("no-wait".to_owned());
            request.own = vec![own];
        });
        Token::new(&load(&request).unwrap(), 0)
    };
    const SOURCES: [&[(&str, &str)]; 3] = [&[("a.rs", "one")], &[("a.rs", "two")], &[("a.rs", "o"), ("b.rs", "ne")]];
    let all = [
        code(),
        code().closed(),
        code().based_on("merged"),
        code().sources(SOURCES[0]),
        code().sources(SOURCES[1]),
        code().sources(SOURCES[2]),
    ];
    for (n, one) in all.into_iter().enumerate() {
        let text = token(one).to_string();
        let read: Token = text.parse().unwrap();
        for (m, other) in all.into_iter().enumerate() {
            let loaded = read.load_from("nmi-stall", &[other]);
            assert_eq!(loaded.is_ok(), n == m, "{text}: {n} {m}");
            if let Err(error) = loaded {
                assert!(error.message().contains("`no-wait` has changed, and its version is still 0.3.0"), "{error}");
            }
        }
        // As tokens were before they had a hash.
        let (start, rest) = text.split_once("=0.3.0=").unwrap();
        let old: Token = format!("{start}=0.3.0{}", &rest[16..]).parse().unwrap();
        assert!(old.load_from("nmi-stall", &[one]).is_ok());
    }
}

/// Two parts of one name cannot be told apart by a token.
#[test]
fn two_of_one_name() {
    let report = run(&story(), &Settings::seeded(0).with_chooser(own().choosers()[0].clone())).unwrap().0;
    let twice = own().with_chooser(own().choosers()[0].clone());
    let error = restore(&report.token.parse().unwrap(), None, &twice).unwrap_err();
    assert_eq!(error.message(), "this program has a chooser of the name `of-seed-9` twice");
}
