//! The index against a plain look at everybody, on random directories.

use super::*;
use crate::bus::{PhysicalScope, ShorthandScope};
use crate::generation::ClusterFifteen;

const CPUS: u32 = 90;

/// Small and a plain function of its state.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32 % limit
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.below(many) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    /// An id as machines have it, or a rare one: twice the same, beyond a mode's width, beyond the index.
    fn id(&mut self) -> u32 {
        match self.below(8) {
            0 => self.below(16),
            1 => self.below(0x300),
            2 => self.of(&[0xF, 0xFE, 0xFF, 0x1FF, u32::MAX, 0x10_0003, 0xF_FFFF]),
            3 => self.below(64) << 8,
            _ => self.below(CPUS),
        }
    }

    fn identity(&mut self, modes: &[ApicMode]) -> Identity {
        let cluster = self.below(16) << 4 | 1 << self.below(4);
        let ldr = match self.below(4) {
            0 => self.below(256),
            1 => 1 << self.below(8),
            _ => cluster,
        };
        Identity {
            mode: if self.one_in(10) { ApicMode::Off } else { self.of(modes) },
            id: self.id(),
            ldr: ldr << 24,
            dfr: self.of(&[u32::MAX, u32::MAX, 0x0FFF_FFFF, 0x0FFF_FFFF, 0x7FFF_FFFF]),
            software_enabled: !self.one_in(8),
            spurious_vector: 0xFF,
            in_reset: self.one_in(8),
        }
    }

    fn message(&mut self) -> Message {
        use DeliveryMode::{ExtInt, Fixed, Init, LowestPriority, Nmi, RemoteRead, Smi, StartUp};
        use Shorthand::{AllExcludingSelf, AllIncludingSelf, None, Own};
        Message {
            source: self.below(CPUS + 2) as Agent,
            number: 0,
            mode: self.of(&[Fixed, Fixed, Fixed, LowestPriority, Smi, RemoteRead, Nmi, Init, StartUp, ExtInt]),
            vector: 0x41,
            destination_mode: self.of(&[DestinationMode::Physical, DestinationMode::Logical]),
            destination: match self.below(4) {
                0 => self.below(256),
                1 => self.below(8) << 16 | self.below(0x1_0000),
                _ => self.id(),
            },
            shorthand: self.of(&[None, None, None, None, None, Own, AllIncludingSelf, AllExcludingSelf]),
            level_triggered: self.one_in(4),
            asserted: !self.one_in(4),
            written_at: Time::from_us(self.below(4).into()),
            queues: false,
        }
    }

    fn domains(&mut self) -> Option<Domains> {
        let homes = (0..CPUS + 1).map(|agent| (agent / 20) as u8).collect();
        let (physical, shorthands) = (PhysicalScope::Cluster, ShorthandScope::Machine);
        self.one_in(4).then_some(Domains { homes, physical, shorthands })
    }
}

#[test]
fn the_index_finds_whom_asking_everybody_finds() {
    use Generation::{I82489Dx, P6, X2Apic, XApic};
    let mut random = Random(1);
    let mut addressed = 0;
    for round in 0..400 {
        let generation = random.of(&[I82489Dx, P6, XApic, X2Apic, X2Apic]);
        let fifteen = random.of(&[ClusterFifteen::Exact, ClusterFifteen::EveryCluster]);
        let modes = random.of(&[&[ApicMode::XApic][..], &[ApicMode::X2Apic], &[ApicMode::XApic, ApicMode::X2Apic]]);
        let mut directory = Directory::new(Rules::new(generation, fifteen), CPUS as Agent);
        if let Some(domains) = random.domains() {
            directory.set_domains(domains);
        }
        for step in 0..400 {
            let agent = random.below(CPUS) as Agent;
            directory.set(agent, random.identity(modes), Time::from_us(random.below(3).into()));
            if random.one_in(100) {
                directory.exempt(agent);
            }
            if step >= 100 {
                addressed += compare(&directory, &random.message(), &format!("round {round} step {step}"));
            }
        }
    }
    assert!(addressed > 100_000, "{addressed}");
}

/// Both ways to enrol against asking each agent; gives how many are addressed.
fn compare(directory: &Directory, message: &Message, context: &str) -> usize {
    let sender = directory.sender(message.source);
    let [mut now, mut since] = [(); 2].map(|()| Standings::default());
    directory.enrol_now(sender, message, &mut now);
    directory.enrol_since(sender, message, &mut since);
    let mut found = 0;
    for agent in 0..CPUS as Agent {
        let asked = Standing::from(directory.addressed(sender, message, agent));
        assert_eq!(now.get(agent), asked, "{context}: {message:?} to {agent}, {:?}", directory.identity(agent));
        found += usize::from(asked != Standing::Stranger);
        let asked_since = Standing::from(directory.addressed_since(sender, message, agent));
        assert_eq!(since.get(agent), asked_since, "{context}: {message:?} to {agent}");
    }
    let counted = [Standing::Due, Standing::Allowed].map(|standing| now.any(standing));
    let asked = (0..CPUS as Agent).map(|agent| now.get(agent)).collect::<Vec<_>>();
    assert_eq!(counted, [Standing::Due, Standing::Allowed].map(|standing| asked.contains(&standing)), "{context}");
    found
}

/// Unicasts of a large machine ask one agent or two, however many there are.
#[test]
fn a_unicast_asks_few() {
    for cpus in [64_u32, 4096] {
        for stride in [1, 2, 16, 256] {
            let mut directory = Directory::new(Rules::new(Generation::X2Apic, ClusterFifteen::Exact), cpus as Agent);
            let identity = Identity { mode: ApicMode::X2Apic, software_enabled: true, ..Identity::OFF };
            for agent in 0..cpus {
                directory.set(agent as Agent, Identity { id: agent * stride % 0xF_FFFF, ..identity }, Time::ZERO);
            }
            let mut asked = 0;
            for agent in 0..cpus {
                directory.physical(agent * stride % 0xF_FFFF, &mut |_| asked += 1);
            }
            assert!((cpus..3 * cpus).contains(&asked), "{asked} for {cpus} CPUs with ids {stride} apart");
        }
    }
}
