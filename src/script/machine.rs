//! The machine that a script runs on.

use super::guest::Guest;
use super::mailbox;
use super::model::{Init, Script};
use super::notebook::Notebook;
use super::software::{CONDUCTOR_LOST, SCRIPT_ENDED};
use crate::machine::interconnect::{IO_AGENT_ID, Parts};
use crate::machine::{damage, dead_apics, faults_of_cpu, message_faults};
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::Named;
use crate::scenario::{Bus, Fault, Machine};
use kernel_model::{Arch, Kernel, Variant};
use sim::apic::Preset;
use sim::bus::{Interconnect, SerialFault};
use sim::io_apic::IoApicVersion;
use sim::{CpuSettings, Generation, Knobs, MachineSettings, Program, Start, StopRule, Time};
use std::sync::Arc;

/// What a script runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// APIC generation.
    pub generation: Generation,
    /// What connects the APICs.
    pub bus: Bus,
    /// Points at which documents disagree.
    pub knobs: Knobs,
}

impl Default for Board {
    /// What the emulators are: both modes of the APIC, and every message delivered at once.
    fn default() -> Self {
        Self { generation: Generation::X2Apic, bus: Bus::Ideal, knobs: Knobs::default() }
    }
}

impl Board {
    /// The machine for a script, ready to run once.
    ///
    /// # Errors
    /// If the generation cannot sit on the bus, or has no ids for so many CPUs.
    pub(super) fn machine(
        &self,
        script: &Arc<Script>,
        notebook: &Arc<Notebook>,
        limit: Time,
    ) -> Result<MachineSettings, InputError> {
        self.check(script)?;
        let faults = self.faults(script)?;
        // Only names of vectors would be a kernel's, and there are none.
        let kernel = Kernel::new(Arch::I386Default, Variant::Before, script.cpus);
        Ok(MachineSettings::new(self.generation, self.interconnect(script.cpus, &faults, damage(&faults, &kernel))?)
            .with(|machine| {
                machine.knobs = self.knobs;
                machine.words = vec![0; mailbox::words(script.cpus)];
                machine.cpus = (0..script.cpus).map(|cpu| self.cpu(cpu, script, notebook, &faults)).collect();
                machine.dead_apics = dead_apics(&faults);
                machine.message_faults = message_faults(&faults, &kernel);
                machine.io_apic = self.has_io_apic(script.cpus).then(|| self.io_apic());
                machine.limit = limit;
                machine.stop = StopRule::Any(vec![SCRIPT_ENDED, CONDUCTOR_LOST]);
            }))
    }

    /// The I/O APIC of the time: a part of its own beside a 3-wire bus, later one in the south bridge.
    const fn io_apic(&self) -> IoApicVersion {
        if self.generation.profile().serial { IoApicVersion::I82093Aa } else { IoApicVersion::I82801 }
    }

    /// On the 3-wire bus the I/O APIC needs an id of its own.
    const fn has_io_apic(&self, cpus: u16) -> bool {
        !matches!(self.bus, Bus::Serial) || cpus <= IO_AGENT_ID as u16
    }

    /// Has the generation that bus, and ids for so many CPUs?
    pub(super) fn check(&self, script: &Script) -> Result<(), InputError> {
        let Self { generation, bus, .. } = *self;
        if !bus.seats(generation) {
            let seats: Vec<&str> = Bus::ALL.iter().filter(|bus| bus.seats(generation)).map(|bus| bus.name()).collect();
            return Err(InputError::new(format!("APICs of generation {generation} have no {bus} bus"))
                .help(format!("--bus for {generation}: {}", seats.join(", "))));
        }
        let most = match script.init {
            Init::X2Apic => u32::from(script.cpus), // ids of 32 bits
            Init::Std | Init::Raw => generation.profile().highest_id() + 1,
        };
        if u32::from(script.cpus) > most {
            let error = InputError::new(format!("generation {generation} has APIC ids for {most} CPUs only"))
                .help(format!("`cpus` up to {most}, or another --generation"));
            return Err(match &script.cpus_place {
                Some(place) => error.at(place, "too many"),
                None => error,
            });
        }
        Ok(())
    }

    /// What the script says goes wrong.
    pub(super) fn faults(&self, script: &Script) -> Result<Vec<Fault>, InputError> {
        let machine = self.plain(script.cpus);
        let mut faults = Vec::new();
        for (index, line) in script.faults.iter().enumerate() {
            faults.extend(line.on(&machine)?.into_iter().map(|fault| Fault { index, ..fault }));
        }
        faults.sort_by_key(|fault| (fault.at_ps, fault.index));
        Ok(faults)
    }

    fn plain(&self, cpus: u16) -> Machine {
        Machine { cpus: u32::from(cpus), io_agent: self.has_io_apic(cpus), ..Machine::plain(self.generation, self.bus) }
    }

    fn interconnect(
        &self,
        cpus: u16,
        faults: &[Fault],
        damage: Vec<SerialFault>,
    ) -> Result<Box<dyn Interconnect>, InputError> {
        let machine = self.plain(cpus);
        let parts = Parts {
            machine: &machine,
            ids: (0..u32::from(cpus)).collect(),
            knobs: self.knobs,
            faults,
            damage,
            transaction_cycles: 12,
            ideal_delivery_ps: 100_000,
            cluster_hop_ps: None,
        };
        parts.build().map_err(|error| InputError::new(error.to_string()))
    }

    /// A CPU after reset: its APIC disabled by software, interrupts off (SDM vol. 3 §10.4.7.1).
    fn cpu(
        &self,
        number: u16,
        script: &Arc<Script>,
        notebook: &Arc<Notebook>,
        faults: &[Fault],
    ) -> (CpuSettings, Program) {
        // Where no start-up message exists, the other CPUs run from the start.
        let starts_others = self.generation.profile().start_up;
        let settings = CpuSettings::default().with(|cpu| {
            cpu.apic_id = u32::from(number);
            cpu.apic = Preset::RESET.with(|preset| preset.mode = script.init.mode());
            cpu.interrupts_enabled = false;
            cpu.start = if number > 0 && starts_others { Start::WaitForStartUp } else { Start::Running };
            cpu.local_events = faults_of_cpu(faults, u32::from(number));
        });
        let guest = Guest { number, script: Arc::clone(script), notebook: Arc::clone(notebook), starts_others };
        (settings, Program::open(guest))
    }
}
