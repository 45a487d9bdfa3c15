//! The loads of a CPU as it plays them: each arrival has its instant, and is served then, or as soon as the CPU is done with what came
//! before.
//!
//! Closed: the state is on the CPU's own stack. Not modelled: arrivals that are given up because too many wait.

use super::player::Player;
use crate::scenario::{LOADS_MAX, Load};
use sim::{Duration, Time};

/// One load at one CPU.
#[derive(Debug, Clone, Copy)]
struct Arriving<'p> {
    load: &'p Load,
    /// The next arrival; none: there is no more.
    next: Option<Time>,
    /// So many are still to come at that instant.
    at_once: u32,
    /// So many have come.
    come: u32,
}

/// The loads of a CPU.
#[derive(Debug)]
pub(super) struct Arrivals<'p> {
    loads: [Option<Arriving<'p>>; LOADS_MAX],
}

impl<'p> Arrivals<'p> {
    /// Those of the CPU of `player`; the first spans are drawn.
    pub(super) fn of(player: &Player<'p>) -> Self {
        let mut loads = [None; LOADS_MAX];
        let served = player.programs.loads.iter().filter(|load| load.device.is_none());
        let own = served.filter(|load| load.cpus.contains(&player.number()));
        for (place, load) in loads.iter_mut().zip(own) {
            let mut arriving = Arriving { load, next: Some(Time::from_ps(load.from_ps)), at_once: 0, come: 0 };
            arriving.go_on(player);
            *place = Some(arriving);
        }
        Self { loads }
    }

    /// Serves what arrives before `end`; none: all of it.
    pub(super) fn serve(&mut self, player: &Player<'p>, end: Option<Time>) {
        loop {
            let arriving = self.loads.iter_mut().flatten();
            let Some(first) = arriving.filter(|load| load.next.is_some()).min_by_key(|load| load.next) else { return };
            let Some(at) = first.next.filter(|&at| end.is_none_or(|end| at < end)) else { return };
            first.one_comes(player);
            let steps = first.load.steps.clone();
            player.sleep_until(at);
            player.play(steps);
        }
    }
}

impl<'p> Arriving<'p> {
    fn one_comes(&mut self, player: &Player<'p>) {
        self.come += 1;
        self.at_once -= 1;
        if self.load.count.is_some_and(|count| self.come >= count) {
            self.next = None;
        } else if self.at_once == 0 {
            self.go_on(player);
        }
    }

    /// To the next instant.
    fn go_on(&mut self, player: &Player<'p>) {
        self.at_once = self.load.burst;
        let from = Time::from_ps(self.load.from_ps);
        let next = self.next.map(|now| now + player.drawn(self.load.apart));
        let lasts = |next: &Time| self.load.lasts_ps.is_none_or(|ps| *next <= from + Duration::from_ps(ps));
        self.next = next.filter(lasts);
    }
}
