//! The machine that a scenario runs on: sub-architecture, variant, APIC generation, bus, CPUs.

use super::named::{Named, named};
use super::plural::counted;
use kernel_model::{Release, Variant};
use sim::Generation;
use std::borrow::Cow;

/// The sub-architectures of the 2007 kernels, in the order of the headline.
pub const ARCHES: [&str; 9] = [
    "i386/default",
    "i386/bigsmp",
    "i386/es7000",
    "i386/es7000-clustered",
    "i386/numaq",
    "i386/summit",
    "x86_64/flat",
    "x86_64/cluster",
    "x86_64/physflat",
];

/// The APIC drivers of today's kernels.
pub const MODERN_ARCHES: [&str; 5] =
    ["modern/xapic-flat", "modern/xapic-physflat", "modern/x2apic-phys", "modern/x2apic-cluster", "modern/noop"];

/// All sub-architectures of Linux: those of 2007, then today's.
pub const LINUX_ARCHES: [&str; 14] = joined(&ARCHES, &MODERN_ARCHES);

/// Kernels that are not Linux.
pub const OTHER_ARCHES: [&str; 9] = [
    "other/freebsd",
    "other/xv6",
    "other/theseus",
    "other/redox",
    "other/serenity",
    "other/asterinas",
    "other/x86-crate",
    "other/x2apic-crate",
    "other/kvm-unit-tests",
];

/// All of them: those of Linux, then other kernels.
pub const ALL_ARCHES: [&str; 23] = joined(&LINUX_ARCHES, &OTHER_ARCHES);

/// The families that stand for several sub-architectures.
pub const FAMILIES: [&str; 4] = ["i386/*", "x86_64/*", "modern/*", "other/*"];

/// Two lists, one after the other.
const fn joined<const N: usize>(first: &[&'static str], second: &[&'static str]) -> [&'static str; N] {
    let mut all = [""; N];
    let mut index = 0;
    while index < N {
        all[index] = if index < first.len() { first[index] } else { second[index - first.len()] };
        index += 1;
    }
    all
}

/// Whether code of `arch` needs APICs in x2APIC mode.
pub fn is_x2apic(arch: &str) -> bool {
    arch.starts_with("modern/x2apic-")
}

/// Whether `arch` is a driver of today's kernels.
pub fn is_modern(arch: &str) -> bool {
    MODERN_ARCHES.contains(&arch)
}

/// Whether `arch` is a kernel that is not Linux.
pub fn is_other(arch: &str) -> bool {
    OTHER_ARCHES.contains(&arch)
}

/// The variant that a sub-architecture has unless another is asked for.
pub fn natural_variant(arch: &str) -> &'static str {
    match arch {
        _ if is_other(arch) => OWN_VARIANT,
        _ if is_modern(arch) => "modern",
        _ => VARIANTS[0],
    }
}

/// The wait variants: before the fix, the proposals of 2007, what was merged, what came later, the MP specification's.
pub const VARIANTS: [&str; Variant::ALL.len()] = {
    let mut names = [""; Variant::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Variant::ALL[index].name();
        index += 1;
    }
    names
};

/// What stands for the variant, and the release, of a kernel that is not Linux: its wait is its own.
pub const OWN_VARIANT: &str = "own";

/// The releases of Linux that the code can be of, beside its wait.
pub const RELEASES: [&str; Release::ALL.len()] = {
    let mut names = [""; Release::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Release::ALL[index].name();
        index += 1;
    }
    names
};

/// The release that a variant has unless another is asked for: the one that it came with, or was proposed for.
pub fn natural_release(variant: &str) -> &'static str {
    Variant::from_name(variant).map_or(OWN_VARIANT, |variant| Release::usual(variant).name())
}

/// The variants that the headline compares, and a matrix unless it is asked for others.
pub const MAIN_VARIANTS: [&str; 3] = ["before", "rfc", "merged"];

named! {
    /// What connects the APICs.
    ///
    /// ```
    /// # use apicsim::prelude::*;
    /// # use apicsim::scenario::Bus;
    /// # use apicsim::sim::Generation;
    /// assert!(Bus::Serial.seats(Generation::P6) && !Bus::Serial.seats(Generation::XApic));
    /// ```
    #[non_exhaustive]
    pub enum Bus ("bus") {
        /// The 3-wire APIC bus of the P6.
        Serial = "serial",
        /// The front-side bus of the xAPIC.
        Fsb = "fsb",
        /// A bus for each cluster of four CPUs, serial or front-side as the generation has it, joined by cluster managers.
        Cluster = "cluster",
        /// Point-to-point links between sockets.
        Fabric = "fabric",
        /// A wire that delivers after a fixed time: busy is never visible.
        Ideal = "ideal",
    }
}

/// The bus that machines of a generation had.
pub(super) const fn own_bus(generation: Generation) -> Bus {
    if generation.profile().serial { Bus::Serial } else { Bus::Fsb }
}

impl Bus {
    /// Whether APICs of `generation` can sit on it.
    pub const fn seats(self, generation: Generation) -> bool {
        match self {
            Self::Ideal | Self::Cluster => true,
            Self::Serial => generation.profile().serial,
            Self::Fsb | Self::Fabric => !generation.profile().serial,
        }
    }
}

/// The machine that a sub-architecture ran on (`x86_64` and kernels that are not Linux have no serial-bus machines; NUMA-Q,
/// Summit and ES7000 have a bus for each quad or node; today's x2APIC machines have links). `None` for an unknown name.
pub fn natural(arch: &str) -> Option<(Generation, Bus)> {
    Some(match arch {
        "i386/default" | "i386/bigsmp" => (Generation::P6, Bus::Serial),
        "i386/es7000-clustered" | "i386/numaq" => (Generation::P6, Bus::Cluster),
        "i386/es7000" | "i386/summit" => (Generation::XApic, Bus::Cluster),
        _ if is_x2apic(arch) => (Generation::X2Apic, Bus::Fabric),
        _ if ALL_ARCHES.contains(&arch) => (Generation::XApic, Bus::Fsb),
        _ => return None,
    })
}

/// The generation and bus of a machine of which some may be chosen: what is not, follows from what is, and from the
/// sub-architecture's natural machine. The result may be an impossible pair, if both were chosen.
pub(super) fn complete(arch: &str, generation: Option<Generation>, bus: Option<Bus>) -> (Generation, Bus) {
    let (natural_generation, natural_bus) = natural(arch).unwrap_or((Generation::P6, Bus::Serial));
    match (generation, bus) {
        (Some(generation), Some(bus)) => (generation, bus),
        (Some(generation), None) if natural_bus.seats(generation) => (generation, natural_bus),
        (Some(generation), None) => (generation, own_bus(generation)),
        (None, Some(bus)) if is_x2apic(arch) => (natural_generation, bus),
        (None, Some(Bus::Serial)) => (Generation::P6, Bus::Serial),
        (None, Some(Bus::Fsb)) => (Generation::XApic, Bus::Fsb),
        (None, Some(bus @ (Bus::Ideal | Bus::Cluster))) => (natural_generation, bus),
        (None, Some(Bus::Fabric)) if Bus::Fabric.seats(natural_generation) => (natural_generation, Bus::Fabric),
        (None, Some(Bus::Fabric)) => (Generation::X2Apic, Bus::Fabric),
        (None, None) => (natural_generation, natural_bus),
    }
}

/// A machine, wholly decided.
///
/// ```
/// # use apicsim::prelude::*;
/// let machine = load(&Request::new("nmi-stall"))?.machine;
/// assert_eq!(machine.to_string(), "i386/default, before, p6 on serial, 4 CPUs");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Machine {
    /// Sub-architecture: one of [`ALL_ARCHES`].
    pub arch: &'static str,
    /// Wait variant: one of [`VARIANTS`], or [`OWN_VARIANT`], or one of one's own.
    pub variant: Cow<'static, str>,
    /// The variant that it builds on: itself, but for one of one's own.
    pub base: &'static str,
    /// Release of the code: one of [`RELEASES`], or [`OWN_VARIANT`].
    pub release: &'static str,
    /// APIC generation.
    pub generation: Generation,
    /// Bus.
    pub bus: Bus,
    /// CPUs, numbered from 0.
    pub cpus: u32,
    /// CPUs that wait to be started, in ascending order.
    pub offline: Vec<u32>,
    /// Whether a crash image is loaded.
    pub crash_image: bool,
    /// Whether an I/O agent sits on the bus and sends device interrupts.
    pub io_agent: bool,
    /// PICCLK period, if not the default of 60 000 ps.
    pub picclk_period_ps: Option<u64>,
    /// Core clock period, if not the generation's default.
    pub core_period_ps: Option<u64>,
    /// Front-side bus clock period, if not the default of 10 000 ps.
    pub fsb_period_ps: Option<u64>,
    /// Messages that a cluster manager holds for another cluster, if not the default of 4.
    pub cluster_queue_depth: Option<u32>,
    /// CPUs of a socket on the fabric.
    pub cpus_per_socket: u32,
    /// What the conservation checker looks for.
    pub checks: sim::check::Checks,
}

impl Machine {
    /// A machine with one CPU and default clocks, which runs nothing in particular.
    pub const fn plain(generation: Generation, bus: Bus) -> Self {
        Self {
            arch: ARCHES[0],
            variant: Cow::Borrowed(VARIANTS[0]),
            base: VARIANTS[0],
            release: RELEASES[0],
            generation,
            bus,
            cpus: 1,
            offline: Vec::new(),
            crash_image: true,
            io_agent: true,
            picclk_period_ps: None,
            core_period_ps: None,
            fsb_period_ps: None,
            cluster_queue_depth: None,
            cpus_per_socket: 8,
            checks: sim::check::Checks::ALL,
        }
    }

    /// The period of its bus clock; `None`: its interconnect has none.
    pub fn bus_period_ps(&self) -> Option<u64> {
        let serial = self.generation.profile().serial;
        match self.bus {
            Bus::Serial => Some(self.picclk_period_ps()),
            Bus::Cluster if serial => Some(self.picclk_period_ps()),
            Bus::Fsb | Bus::Cluster => Some(self.fsb_period_ps()),
            Bus::Ideal | Bus::Fabric => None,
        }
    }

    /// The period of PICCLK.
    pub fn picclk_period_ps(&self) -> u64 {
        self.picclk_period_ps.unwrap_or(60_000)
    }

    /// The period of the front-side bus clock.
    pub fn fsb_period_ps(&self) -> u64 {
        self.fsb_period_ps.unwrap_or(10_000)
    }

    /// The most CPUs that this machine can have, and the reason in a few words.
    pub fn cpus_max(&self) -> (u32, &'static str) {
        let serial = self.generation.profile().serial && self.bus != Bus::Cluster;
        let by_bus = match (serial, self.io_agent) {
            _ if self.bus == Bus::Cluster => (60, "there are 15 clusters of 4 CPUs"),
            (true, true) => (14, "ids on the serial bus are 0 to 14, and the I/O agent has one of them"),
            (true, false) => (15, "ids on the serial bus are 0 to 14"),
            (false, _) if self.arch.starts_with("modern/x2apic") => {
                (768, "the shared words of more CPUs have no 16-bit numbers")
            }
            (false, _) => (255, "xAPIC ids are 0 to 254"),
        };
        let by_arch = match self.arch {
            "modern/noop" => (1, "without a local APIC there is no other CPU"),
            "i386/default" | "x86_64/flat" | "modern/xapic-flat" => {
                (8, "flat logical destinations are a mask of 8 bits")
            }
            "other/xv6" | "other/serenity" => (8, "this kernel takes no more"),
            "i386/es7000-clustered" | "i386/numaq" | "i386/summit" if serial => (
                4,
                "its APIC ids are cluster and bit, and ids on a serial bus have four bits: one quad a bus (try bus `cluster`)",
            ),
            "i386/es7000-clustered" | "i386/numaq" | "i386/summit" => {
                (60, "cluster logical destinations are 15 clusters of 4 CPUs")
            }
            _ => by_bus,
        };
        if by_arch.0 < by_bus.0 { by_arch } else { by_bus }
    }

    /// Its variant, and its release if that is not the variant's own: `merged`, `merged of 2.6.20`.
    pub fn variant_and_release(&self) -> String {
        let usual = self.release == natural_release(self.base);
        if usual { self.variant.to_string() } else { format!("{} of {}", self.variant, self.release) }
    }

    /// Whether `bus` carries its messages: the bus itself, or that of each of its clusters.
    pub fn has_bus(&self, bus: Bus) -> bool {
        self.bus == bus || self.bus == Bus::Cluster && own_bus(self.generation) == bus
    }

    /// Whether `pattern` (a name, or a family such as `i386/*`) means this machine's sub-architecture.
    pub(super) fn is_arch(&self, pattern: &str) -> bool {
        match pattern.strip_suffix('*') {
            Some(family) => self.arch.starts_with(family),
            None => self.arch == pattern,
        }
    }
}

impl std::fmt::Display for Machine {
    /// `i386/default, before, p6 on serial, 4 CPUs`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { arch, generation, bus, cpus, .. } = self;
        let cpus = counted(*cpus, "CPU");
        write!(f, "{arch}, {}, {} on {}, {cpus}", self.variant_and_release(), generation.name(), bus.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_those_of_the_kernel_model() {
        assert_eq!(RELEASES, Release::ALL.map(Release::name));
        let natural = |variant| natural_release(variant);
        assert_eq!(
            ["before", "rfc", "merged", "modern", "own"].map(natural),
            ["2.6.20", "2.6.20", "2.6.22", "v6.6", "own"]
        );
        let plain = Machine::plain(Generation::P6, Bus::Serial);
        let machine = Machine { variant: "merged".into(), base: "merged", release: "2.6.22", ..plain };
        assert_eq!(machine.to_string(), "i386/default, merged, p6 on serial, 1 CPU");
        let older = Machine { release: "2.6.20", ..machine };
        assert_eq!(older.to_string(), "i386/default, merged of 2.6.20, p6 on serial, 1 CPU");
    }

    #[test]
    fn every_sub_architecture_has_a_natural_machine() {
        let p6 = ["i386/default", "i386/bigsmp", "i386/es7000-clustered", "i386/numaq"];
        for arch in ALL_ARCHES {
            let (generation, bus) = natural(arch).expect(arch);
            assert_eq!(generation == Generation::P6, p6.contains(&arch), "{arch}");
            let clustered = ["i386/es7000", "i386/es7000-clustered", "i386/numaq", "i386/summit"].contains(&arch);
            assert_eq!(bus == Bus::Cluster, clustered, "{arch}");
            assert!(bus.seats(generation), "{arch}");
        }
        assert_eq!(natural("i386/visws"), None);
    }

    #[test]
    fn what_is_not_chosen_follows() {
        let (p6, xapic) = (Generation::P6, Generation::XApic);
        let cases = [
            ("x86_64/flat", None, None, (xapic, Bus::Fsb)),
            ("x86_64/flat", Some(p6), None, (p6, Bus::Serial)),
            ("x86_64/flat", None, Some(Bus::Serial), (p6, Bus::Serial)),
            ("i386/default", None, Some(Bus::Ideal), (p6, Bus::Ideal)),
            ("i386/default", None, Some(Bus::Fsb), (xapic, Bus::Fsb)),
            ("i386/default", Some(xapic), Some(Bus::Serial), (xapic, Bus::Serial)),
        ];
        for (arch, generation, bus, machine) in cases {
            assert_eq!(complete(arch, generation, bus), machine, "{arch} {generation:?} {bus:?}");
        }
        assert!(!Bus::Serial.seats(xapic) && !Bus::Fsb.seats(p6) && Bus::Ideal.seats(xapic) && Bus::Ideal.seats(p6));
    }

    #[test]
    fn ids_and_masks_limit_the_cpus() {
        let mut machine = Machine { arch: "i386/bigsmp", ..Machine::plain(Generation::P6, Bus::Serial) };
        assert_eq!(machine.cpus_max().0, 14);
        machine.io_agent = false;
        assert_eq!(machine.cpus_max().0, 15);
        machine.generation = Generation::XApic;
        assert_eq!(machine.cpus_max().0, 255);
        machine.arch = "modern/x2apic-phys";
        assert_eq!(machine.cpus_max().0, 768);
        machine.arch = "x86_64/flat";
        assert_eq!(machine.cpus_max().0, 8);
        machine.arch = "i386/summit";
        assert_eq!(machine.cpus_max().0, 60);
        assert!(machine.is_arch("i386/*") && machine.is_arch("i386/summit") && !machine.is_arch("x86_64/*"));
    }
}
