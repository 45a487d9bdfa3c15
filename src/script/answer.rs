//! What an operation answers, and how that is printed.

use crate::judgement::Why;
use crate::machine::Found;
use std::fmt;

/// The answer of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// What the operation found.
    Found(Found),
    /// Outside: the number of interrupts.
    OtherCount(u64),
    /// The CPU answers.
    Alive {
        /// From inside its NMI handler?
        in_nmi: bool,
        /// From inside system-management mode?
        in_smm: bool,
    },
    /// It does not answer a ping.
    Dead,
    /// It does not answer an operation.
    TimedOut,
    /// How often a CPU was started, and the vector of the last start-up message.
    Boots {
        /// How often.
        times: usize,
        /// The vector, 0 if it never was.
        vector: u8,
    },
    /// The state of one CPU.
    State(String),
    /// The states of all CPUs, by CPU.
    States(Vec<String>),
    /// Why: the chain of causes, and its root, which is printed.
    Why(Why),
    /// What the handlers of one CPU saw.
    Log(Vec<Seen>),
    /// What the handlers of all CPUs saw, by CPU.
    Logs(Vec<Vec<Seen>>),
}

/// What a handler saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// An interrupt.
    Interrupt {
        /// Its vector.
        vector: u8,
        /// Its ISR bit was clear at entry.
        spurious: bool,
    },
    /// A non-maskable interrupt.
    Nmi,
}

impl Answer {
    /// Done.
    pub const OK: Self = Self::Found(Found::Done);

    /// Is it for information only: does it depend on costs and clocks, so that comparisons leave it out?
    pub const fn for_information(&self) -> bool {
        matches!(self, Self::Found(Found::Identification(_) | Found::Ticks(_)))
    }
}

impl fmt::Display for Answer {
    /// What stands after `=>`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(found) => self::found(*found, f),
            Self::OtherCount(count) => write!(f, "out {count}"),
            Self::Alive { in_nmi, in_smm } => {
                let (nmi, smm) = (if *in_nmi { " in-nmi" } else { "" }, if *in_smm { " in-smm" } else { "" });
                write!(f, "alive{nmi}{smm}")
            }
            Self::State(state) => f.write_str(state),
            Self::States(states) => {
                let states: Vec<String> =
                    states.iter().enumerate().map(|(cpu, state)| format!("{cpu}: {state}")).collect();
                f.write_str(&states.join("; "))
            }
            Self::Why(why) => f.write_str(&why.cause),
            Self::Dead => f.write_str("dead"),
            Self::TimedOut => f.write_str("timeout"),
            Self::Boots { times, vector } => write!(f, "{times} vec={vector:02x}"),
            Self::Log(seen) => log(seen, f),
            Self::Logs(logs) => {
                for (cpu, seen) in logs.iter().enumerate() {
                    write!(f, "{}{cpu}:", if cpu == 0 { "" } else { " " })?;
                    log(seen, f)?;
                }
                Ok(())
            }
        }
    }
}

fn found(found: Found, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match found {
        Found::Done => f.write_str("ok"),
        Found::Byte(value) => write!(f, "{value:#04x}"),
        Found::Word(value) => write!(f, "{value:#010x}"),
        Found::Wide(value) => write!(f, "0x{:08x}:{:08x}", value >> 32, value as u32),
        Found::GeneralProtection => f.write_str("#GP"),
        Found::IsZero(true) => f.write_str("zero"),
        Found::IsZero(false) => f.write_str("nonzero"),
        Found::InRange => f.write_str("in-range"),
        Found::OutOfRange(value) => write!(f, "out {value:#010x}"),
        Found::Vectors(registers) => vectors(&registers, f),
        Found::Tally { hits, times } => write!(f, "{hits}/{times}"),
        Found::Identification([eax, ebx, ecx, edx]) => write!(f, "~ {eax:08x} {ebx:08x} {ecx:08x} {edx:08x}"),
        Found::Ticks(ticks) => write!(f, "~ {ticks}"),
    }
}

impl fmt::Display for Seen {
    /// `31`, `efs` where it is spurious, `NMI`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interrupt { vector, spurious } => write!(f, "{vector:02x}{}", if *spurious { "s" } else { "" }),
            Self::Nmi => f.write_str("NMI"),
        }
    }
}

/// `{31 40}`: vector v is bit v mod 32 of register v / 32 (SDM vol. 3 fig. 10-20).
fn vectors(registers: &[u32; 8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let set = (0..256usize).filter(|vector| registers[vector / 32] >> (vector % 32) & 1 == 1);
    let names: Vec<String> = set.map(|vector| format!("{vector:02x}")).collect();
    write!(f, "{{{}}}", names.join(" "))
}

/// `[31 40*3 NMI]`.
fn log(seen: &[Seen], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let runs: Vec<String> = seen
        .chunk_by(|one, next| one == next)
        .map(|run| if run.len() == 1 { run[0].to_string() } else { format!("{}*{}", run[0], run.len()) })
        .collect();
    write!(f, "[{}]", runs.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_printed_as_the_format_says() {
        let seen = |vector, spurious| Seen::Interrupt { vector, spurious };
        let log = vec![seen(0x31, false), seen(0x40, false), seen(0x40, false), Seen::Nmi, seen(0xEF, true)];
        let mut vectors = [0; 8];
        (vectors[0], vectors[1], vectors[7]) = (1 << 31, 1, 1 << 31);
        let table = [
            (Answer::OK, "ok"),
            (Answer::Found(Found::Byte(5)), "0x05"),
            (Answer::Found(Found::Word(0x4031)), "0x00004031"),
            (Answer::Found(Found::Wide(0x1_FEE0_0900)), "0x00000001:fee00900"),
            (Answer::Found(Found::GeneralProtection), "#GP"),
            (Answer::Found(Found::IsZero(true)), "zero"),
            (Answer::Found(Found::IsZero(false)), "nonzero"),
            (Answer::Found(Found::InRange), "in-range"),
            (Answer::Found(Found::OutOfRange(0x3E8)), "out 0x000003e8"),
            (Answer::OtherCount(12), "out 12"),
            (Answer::Found(Found::Vectors([0; 8])), "{}"),
            (Answer::Found(Found::Vectors(vectors)), "{1f 20 ff}"),
            (Answer::Found(Found::Tally { hits: 3, times: 100 }), "3/100"),
            (Answer::Alive { in_nmi: false, in_smm: false }, "alive"),
            (Answer::Alive { in_nmi: true, in_smm: false }, "alive in-nmi"),
            (Answer::Dead, "dead"),
            (Answer::TimedOut, "timeout"),
            (Answer::Boots { times: 2, vector: 9 }, "2 vec=09"),
            (Answer::Found(Found::Identification([1, 2, 3, 0xF])), "~ 00000001 00000002 00000003 0000000f"),
            (Answer::Found(Found::Ticks(50)), "~ 50"),
            (Answer::Log(log.clone()), "[31 40*2 NMI efs]"),
            (Answer::Logs(vec![vec![], log, vec![Seen::Nmi]]), "0:[] 1:[31 40*2 NMI efs] 2:[NMI]"),
        ];
        for (answer, text) in table {
            assert_eq!(answer.to_string(), text);
            assert_eq!(answer.for_information(), text.starts_with('~'), "{text}");
        }
    }
}
