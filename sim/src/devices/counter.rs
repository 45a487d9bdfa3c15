//! One counter of the 8254: its output and its value as functions of the clock cycle.
//!
//! Not modelled: the GATE input, which channel 0 of a PC has tied high: so modes 1 and 5, which a rising GATE starts,
//! never count.

/// Mode of a counter, bits 3:1 of its control word (8254 data sheet, "Mode definitions").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// 0: interrupt on terminal count. The output rises when the count is through.
    TerminalCount,
    /// 1: hardware retriggerable one-shot. Started by GATE.
    OneShot,
    /// 2: rate generator. The output is low for the last cycle of each period.
    RateGenerator,
    /// 3: square wave. The output is low for the second half of each period.
    SquareWave,
    /// 4: software triggered strobe. The output is low for one cycle when the count is through.
    SoftwareStrobe,
    /// 5: hardware triggered strobe. Started by GATE.
    HardwareStrobe,
}

impl Mode {
    /// Bits 3:1 of a control word; bit 3 does not count in modes 2 and 3.
    pub(super) const fn from_control(control: u8) -> Self {
        match control >> 1 & 7 {
            0 => Self::TerminalCount,
            1 => Self::OneShot,
            2 | 6 => Self::RateGenerator,
            3 | 7 => Self::SquareWave,
            4 => Self::SoftwareStrobe,
            _ => Self::HardwareStrobe,
        }
    }

    /// The output after the control word, and until a count is loaded.
    const fn initial_output(self) -> bool {
        !matches!(self, Self::TerminalCount)
    }

    const fn periodic(self) -> bool {
        matches!(self, Self::RateGenerator | Self::SquareWave)
    }

    const fn started_by_gate(self) -> bool {
        matches!(self, Self::OneShot | Self::HardwareStrobe)
    }

    /// The least count (8254 data sheet, "Minimum and maximum initial counts").
    pub(super) const fn least_count(self) -> u32 {
        if self.periodic() { 2 } else { 1 }
    }
}

/// A count that is loaded in some cycle, and counts from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Loaded {
    mode: Mode,
    /// The cycle in which the counter is loaded.
    from: u64,
    /// 1 to 65536.
    count: u32,
    /// Square wave: loaded at the start of the low half.
    low_first: bool,
}

impl Loaded {
    /// Length of the high half of a square wave; an odd count has its longer half high.
    const fn high_half(&self) -> u64 {
        self.count.div_ceil(2) as u64
    }

    /// Cycles since the start of the period that `cycle` is in.
    const fn phase(&self, cycle: u64) -> u64 {
        let ahead = if self.low_first { self.high_half() } else { 0 };
        (cycle - self.from + ahead) % self.count as u64
    }

    const fn output(&self, cycle: u64) -> bool {
        let count = self.count as u64;
        match self.mode {
            Mode::TerminalCount => cycle >= self.from + count,
            Mode::RateGenerator => self.phase(cycle) != count - 1,
            Mode::SquareWave => self.phase(cycle) < self.high_half(),
            Mode::SoftwareStrobe => cycle != self.from + count,
            Mode::OneShot | Mode::HardwareStrobe => true,
        }
    }

    /// The first cycle after `cycle` in which the output is not what it was in the cycle before.
    fn next_toggle(&self, cycle: u64) -> Option<u64> {
        let (count, end) = (u64::from(self.count), self.from + u64::from(self.count));
        let within = |places: [u64; 2]| {
            let phase = self.phase(cycle);
            let next = places.into_iter().find(|&place| place > phase).unwrap_or(count);
            cycle + next - phase
        };
        match self.mode {
            Mode::TerminalCount => Some(end).filter(|&end| end > cycle),
            Mode::RateGenerator => Some(within([count - 1, count])),
            Mode::SquareWave => Some(within([self.high_half(), count])),
            Mode::SoftwareStrobe => [end, end + 1].into_iter().find(|&toggle| toggle > cycle),
            Mode::OneShot | Mode::HardwareStrobe => None,
        }
    }

    /// The first cycle after `cycle` in which the counter loads itself: at the end of a period, or of a half of a
    /// square wave.
    fn next_reload(&self, cycle: u64) -> u64 {
        match self.mode {
            Mode::SquareWave => self.next_toggle(cycle).unwrap_or(cycle + 1),
            _ => cycle + u64::from(self.count) - self.phase(cycle),
        }
    }

    /// What is left to count; a square wave counts by two. Past zero a counter wraps, which the caller does.
    const fn value(&self, cycle: u64) -> i64 {
        let gone = (cycle - self.from) as i64;
        match self.mode {
            Mode::RateGenerator => self.count as i64 - self.phase(cycle) as i64,
            Mode::SquareWave => {
                let (phase, high) = (self.phase(cycle), self.high_half());
                let in_half = if phase < high { phase } else { phase - high };
                (self.count & !1) as i64 - 2 * in_half as i64
            }
            _ => self.count as i64 - gone,
        }
    }
}

/// A counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counter {
    mode: Mode,
    /// What is or will be counted first; before it is loaded the output is the mode's initial one.
    current: Option<Loaded>,
    /// A new count, which takes over in its cycle.
    next: Option<Loaded>,
    /// The value while nothing is loaded.
    held: i64,
}

impl Counter {
    /// Mode 0 without a count. The data sheet leaves the state at power-on undefined; this one stays quiet.
    pub(super) const fn new() -> Self {
        Self { mode: Mode::TerminalCount, current: None, next: None, held: 0 }
    }

    pub(super) const fn mode(&self) -> Mode {
        self.mode
    }

    /// A control word in `cycle`: the output takes its initial level at once, and nothing counts until there
    /// is a count.
    pub(super) fn program(&mut self, mode: Mode, cycle: u64) {
        self.stop(cycle);
        self.mode = mode;
    }

    /// The first of the two bytes of a count, in mode 0: it stops the counting, and the output is low at once.
    pub(super) fn stop(&mut self, cycle: u64) {
        self.held = self.value(cycle);
        self.current = None;
        self.next = None;
    }

    /// A count is written in `cycle`. The clock pulse after it loads it; a rate generator and a square wave
    /// that are counting load it when they next load themselves.
    pub(super) fn load(&mut self, count: u32, cycle: u64) {
        let mode = self.mode;
        if mode.started_by_gate() {
            return;
        }
        if mode == Mode::TerminalCount {
            self.stop(cycle);
        }
        let first = Loaded { mode, from: cycle + 1, count, low_first: false };
        if self.next.is_some_and(|next| next.from <= cycle) {
            self.current = self.next.take();
        }
        match self.current {
            Some(current) if current.from <= cycle && mode.periodic() => {
                let from = current.next_reload(cycle);
                self.next = Some(Loaded { from, low_first: !current.output(from), ..first });
            }
            Some(current) if current.from <= cycle => self.next = Some(first),
            _ => self.current = Some(first),
        }
    }

    /// What counts in `cycle`.
    fn active(&self, cycle: u64) -> Option<&Loaded> {
        self.next.as_ref().into_iter().chain(&self.current).find(|loaded| loaded.from <= cycle)
    }

    /// Does a written count (or, after a control word, one that is yet to be written) still wait to be loaded?
    pub(super) fn null_count(&self, cycle: u64) -> bool {
        self.active(cycle).is_none() || self.next.is_some_and(|next| next.from > cycle)
    }

    pub(super) fn output(&self, cycle: u64) -> bool {
        self.active(cycle).map_or(self.mode.initial_output(), |loaded| loaded.output(cycle))
    }

    /// The counting element. Negative once it has wrapped: the caller reduces it to the digits there are.
    pub(super) fn value(&self, cycle: u64) -> i64 {
        self.active(cycle).map_or(self.held, |loaded| loaded.value(cycle))
    }

    /// The first cycle after `cycle` in which the output changes.
    pub(super) fn next_change(&self, cycle: u64) -> Option<u64> {
        let before = self.output(cycle);
        let mut at = cycle;
        // At most: the first count is loaded, toggles, is replaced, and its successor toggles.
        loop {
            let loads = [self.current, self.next].into_iter().flatten().map(|loaded| loaded.from);
            let next_load = loads.filter(|&from| from > at).min();
            let toggle = self.active(at).and_then(|loaded| loaded.next_toggle(at));
            at = next_load.into_iter().chain(toggle).min()?;
            if self.output(at) != before {
                return Some(at);
            }
        }
    }
}
