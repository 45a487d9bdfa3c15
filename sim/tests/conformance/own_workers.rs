//! Cases no suite has: one trace for 1, 2, 8 and 64 host threads.

use crate::lab::Lab;
use crate::platform::{I82489DX, INTEGRATED, Platform};
use crate::seat::{FIXED, LOGICAL, NMI, Seat, TO_OTHERS};
use sim::{Duration, Execution, Window};

/// Eight CPUs that send each other what there is, at instants of their own.
fn traffic(platform: Platform) -> Lab {
    let program = |seat: &Seat<'_>| {
        let own = u32::from(seat.number());
        let others = if seat.platform.generation == sim::Generation::I82489Dx { 0xFF } else { 0x0F };
        for round in 0..12 {
            seat.delay_cycles(u64::from(own * 137 + round * 61));
            match (own + round) % 5 {
                0 => seat.send((own + 1) % 8, FIXED | (0x31 + own * 0x10)),
                1 => seat.send(0, TO_OTHERS | 0xB1),
                2 => seat.send((own + 3) % 8, NMI),
                3 => seat.send(others, FIXED | LOGICAL | 0xC1),
                _ => {
                    seat.fetch_add(0, own);
                }
            }
        }
        seat.settle();
    };
    (0..8).fold(Lab::new(platform), |lab, _| {
        lab.cpu(program).on_nmi(|seat| {
            seat.fetch_add(1, 1);
        })
    })
}

#[test]
fn own_15_any_number_of_workers_gives_one_trace() {
    for platform in INTEGRATED.into_iter().chain([I82489DX]) {
        let lab = traffic(platform);
        let reference = lab.run_on(Execution::Reference);
        assert!(reference.deliveries().len() > 100, "{platform}: {}", reference.deliveries().len());
        for workers in [1, 2, 8, 64] {
            for window in [Window::Full, Window::Half, Window::AtMost(Duration::from_ps(7_001))] {
                let other = lab.run_on(Execution::Windowed { workers, window });
                assert_eq!(reference.outcome.digest, other.outcome.digest, "{platform}: {workers}, {window:?}");
                assert!(reference.events == other.events, "{platform}: {workers}, {window:?}");
                assert_eq!(reference.logs, other.logs, "{platform}: {workers}, {window:?}");
            }
        }
    }
}
