//! The machines that a case runs on: a generation, a bus that it has, and the mode of its APICs.

use sim::apic::Mode;
use sim::bus::{FrontSideBus, IdealBus, Interconnect, SerialBus};
use sim::{Generation, Knobs};
use std::fmt;

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bus {
    Serial,
    FrontSide,
    Ideal,
}

/// A generation on a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) generation: Generation,
    pub(crate) bus: Bus,
    /// Mode in which the APICs start.
    pub(crate) mode: Mode,
}

const fn page(generation: Generation, bus: Bus) -> Platform {
    Platform { generation, bus, mode: Mode::XApic }
}

pub(crate) const I82489DX: Platform = page(Generation::I82489Dx, Bus::Serial);
pub(crate) const PENTIUM: Platform = page(Generation::Pentium, Bus::Serial);
pub(crate) const P6: Platform = page(Generation::P6, Bus::Serial);
pub(crate) const P6_IDEAL: Platform = page(Generation::P6, Bus::Ideal);
pub(crate) const XAPIC: Platform = page(Generation::XApic, Bus::FrontSide);
pub(crate) const XAPIC_IDEAL: Platform = page(Generation::XApic, Bus::Ideal);
/// A part with x2APIC mode that does not use it.
pub(crate) const X2APIC_PAGE: Platform = page(Generation::X2Apic, Bus::FrontSide);
pub(crate) const X2APIC: Platform =
    Platform { generation: Generation::X2Apic, bus: Bus::FrontSide, mode: Mode::X2Apic };
pub(crate) const X2APIC_IDEAL: Platform = Platform { bus: Bus::Ideal, ..X2APIC };

/// Those with a start-up message, an ESR and all that the later manuals describe.
pub(crate) const INTEGRATED: [Platform; 8] =
    [PENTIUM, P6, P6_IDEAL, XAPIC, XAPIC_IDEAL, X2APIC_PAGE, X2APIC, X2APIC_IDEAL];

/// Those whose registers are in a page of memory.
pub(crate) const PAGES: [Platform; 6] = [PENTIUM, P6, P6_IDEAL, XAPIC, XAPIC_IDEAL, X2APIC_PAGE];

/// One of each bus.
pub(crate) const BUSES: [Platform; 3] = [P6, XAPIC, XAPIC_IDEAL];

/// Those that use x2APIC mode.
pub(crate) const X2APIC_MODE: [Platform; 2] = [X2APIC, X2APIC_IDEAL];

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?} bus, {:?} mode", self.generation, self.bus, self.mode)
    }
}

impl Platform {
    /// A bus for agents with these ids; on a serial one the I/O agent has id 14.
    pub(crate) fn interconnect(self, ids: &[u32], knobs: Knobs) -> Box<dyn Interconnect> {
        match self.bus {
            Bus::Serial => {
                let ids: Vec<u8> = ids.iter().map(|&id| id as u8).chain([14]).collect();
                Box::new(SerialBus::new(&ids).expect("ids for a serial bus").with_knobs(knobs))
            }
            Bus::FrontSide => Box::new(FrontSideBus::new()),
            Bus::Ideal => Box::new(IdealBus::default()),
        }
    }
}
