//! What there is to choose of a scenario's machine and kernel.

use super::builder::ScenarioBuilder;
use super::table::{list, texts};
use super::{machine, rest};
use crate::scenario::machine::{Bus, Machine};
use crate::scenario::model::CostOverrides;
use crate::scenario::named::Named;
use crate::scenario::own_variant::OwnVariant;
use kernel_model::PlannedWait;
use sim::Generation;
use sim::check::Checks;
use std::fmt::Display;

impl ScenarioBuilder {
    /// Sets a key of `[machine]`.
    fn of_machine(mut self, key: &str, value: impl Display) -> Self {
        self.machine.set(key, value);
        self
    }

    /// Sets a text of `[machine]`.
    fn machine_text(mut self, key: &str, text: &str) -> Self {
        self.machine.set_text(key, text);
        self
    }

    /// All of a machine that is decided already, in the place of what was said of it.
    #[must_use]
    pub fn machine(mut self, decided: &Machine) -> Self {
        self.machine = machine::machine(decided);
        self
    }

    /// How many CPUs there are.
    #[must_use]
    pub fn cpus(self, cpus: u32) -> Self {
        self.of_machine("cpus", cpus)
    }

    /// CPUs that wait to be started.
    #[must_use]
    pub fn offline(self, cpus: &[u32]) -> Self {
        self.of_machine("offline", list(cpus))
    }

    /// The sub-architecture.
    #[must_use]
    pub fn arch(self, arch: &str) -> Self {
        self.machine_text("arch", arch)
    }

    /// Which wait stands where.
    #[must_use]
    pub fn variant(self, variant: &str) -> Self {
        self.machine_text("variant", variant)
    }

    /// The release of the rest of the code.
    #[must_use]
    pub fn release(self, release: &str) -> Self {
        self.machine_text("release", release)
    }

    /// The generation of the APICs.
    #[must_use]
    pub fn generation(self, generation: Generation) -> Self {
        self.machine_text("generation", generation.name())
    }

    /// What connects them.
    #[must_use]
    pub fn bus(self, bus: Bus) -> Self {
        self.machine_text("bus", bus.name())
    }

    /// Is a crash image loaded? One is, unless it is said.
    #[must_use]
    pub fn crash_image(self, loaded: bool) -> Self {
        self.of_machine("crash_image", loaded)
    }

    /// Is there an I/O APIC? There is one, unless it is said.
    #[must_use]
    pub fn io_agent(self, there: bool) -> Self {
        self.of_machine("io_agent", there)
    }

    /// Clock of the serial bus.
    #[must_use]
    pub fn picclk_period_ps(self, ps: u64) -> Self {
        self.of_machine("picclk_period_ps", ps)
    }

    /// Clock of the CPUs.
    #[must_use]
    pub fn core_period_ps(self, ps: u64) -> Self {
        self.of_machine("core_period_ps", ps)
    }

    /// Clock of the front-side bus.
    #[must_use]
    pub fn fsb_period_ps(self, ps: u64) -> Self {
        self.of_machine("fsb_period_ps", ps)
    }

    /// Messages that a cluster manager holds.
    #[must_use]
    pub fn cluster_queue_depth(self, messages: u32) -> Self {
        self.of_machine("cluster_queue_depth", messages)
    }

    /// CPUs of a socket on the fabric.
    #[must_use]
    pub fn cpus_per_socket(self, cpus: u32) -> Self {
        self.of_machine("cpus_per_socket", cpus)
    }

    /// What the conservation checker looks for.
    #[must_use]
    pub fn checks(self, checks: Checks) -> Self {
        let off = machine::checks_off(checks).unwrap_or_else(|| texts([]));
        self.of_machine("checks_off", off)
    }

    /// A disputed rule, by the key and a value of `apicsim list knobs`.
    #[must_use]
    pub fn knob(mut self, key: &str, value: impl Display) -> Self {
        let value = value.to_string();
        let bare = ["true", "false"].contains(&value.as_str()) || value.parse::<u64>().is_ok();
        if bare {
            self.knobs.set(key, value)
        } else {
            self.knobs.set_text(key, &value)
        }
        self
    }

    /// What operations cost, as far as that is to differ from the generation's.
    #[must_use]
    pub fn costs(mut self, costs: &CostOverrides) -> Self {
        self.costs = machine::costs(costs);
        self
    }

    /// A wait of one's own as a description: the variant of that name, which is then the default. Elsewhere the kernel waits as
    /// `base` does, or as is natural.
    #[must_use]
    pub fn wait(mut self, name: &str, plan: &PlannedWait, base: Option<&str>) -> Self {
        self.wait = rest::wait(name, plan, base);
        self
    }

    /// A variant in Rust, which [`variant`](Self::variant) can choose.
    #[must_use]
    pub fn own(mut self, code: OwnVariant) -> Self {
        self.own.push(code);
        self
    }

    /// The CPU that the log daemon last ran on.
    #[must_use]
    pub fn klogd(mut self, cpu: u32) -> Self {
        self.klogd.set("cpu", cpu);
        self
    }

    /// That CPU, which [`klogd`](Self::klogd) names, gets a reschedule IPI from whoever wakes the daemon on another.
    #[must_use]
    pub fn klogd_reschedule(mut self) -> Self {
        self.klogd.set("reschedule", true);
        self
    }
}
