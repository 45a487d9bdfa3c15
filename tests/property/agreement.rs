//! All executors, workers and windows give one run: digest, verdict, waits, causes.

use super::config;
use super::plan::{any_plan, any_plan_of_today};
use apicsim::{Settings, run, run_document};
use proptest::prelude::*;
use sim::{Duration, Execution, Window};

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn executors_agree_on_random_plans(
        plan in prop_oneof![3 => any_plan(), 1 => any_plan_of_today()],
        variant in 0..3usize,
        window_ps in 1..200_000u64,
    ) {
        let scenario = plan.load(["before", "rfc", "merged"][variant]);
        let document = |execution| {
            let mut settings = Settings::seeded(plan.seed);
            settings.execution = execution;
            let (report, _) = run(&scenario, &settings).unwrap();
            (run_document(&scenario, &report, None), plan.replay(&report))
        };
        let (expected, replay) = document(Execution::Reference);
        for (workers, window) in [
            (1, Window::Full),
            (3, Window::Full),
            (1, Window::Half),
            (1, Window::AtMost(Duration::from_ps(window_ps))),
        ] {
            let (found, _) = document(Execution::Windowed { workers, window });
            prop_assert_eq!(&found, &expected, "{} workers, {:?}: {}", workers, window, replay);
        }
    }
}
