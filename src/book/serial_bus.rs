//! `docs/serial-bus.md` and its picture: the refused message of `nmi-stall` on the two data wires, from its run.
//!
//! Not modelled: what others drive, in arbitration and status cycles; the page says in words what they do.

use crate::failure::Failure;
use crate::run::{Settings, observe};
use crate::scenario::{self, Request};
use sim::bus::{AttemptOutcome, FIRST_STATUS, Message, WireCycle, wire_cycles};
use sim::{Recording, Time, What};
use std::fmt::Write;

/// A cycle of PICCLK in the built-in machines, in picoseconds.
const CYCLE_PS: u64 = 60_000;

/// The first refused message of the story: when its first attempt was decided, what it is, and its cycles.
struct Refused {
    decided: Time,
    message: Message,
    cycles: Vec<WireCycle>,
}

impl Refused {
    /// When the first cycle began: the outcome is decided at the end of the first status cycle.
    fn began_ps(&self) -> u64 {
        self.decided.as_ps() - FIRST_STATUS * CYCLE_PS
    }
}

/// # Errors
/// None on the built-in machine.
fn refused() -> Result<Refused, Failure> {
    let scenario = scenario::load(&Request::new("nmi-stall"))?;
    let mut recording = Recording::default();
    observe(&scenario, &Settings::seeded(0), &mut recording)?;
    let first = recording.told.iter().find_map(|told| match told.event.what {
        What::Attempts { message, outcome: AttemptOutcome::Retry, .. } => Some((told.event.time, message)),
        _ => None,
    });
    let (decided, message) = first.expect("a message of the story is refused");
    let cycles = wire_cycles(&message, message.source as u8, scenario.knobs.hardware.checksum);
    Ok(Refused { decided, message, cycles })
}

fn wires(symbol: Option<u8>) -> [&'static str; 2] {
    match symbol {
        Some(symbol) => [symbol >> 1 & 1, symbol & 1].map(|bit| if bit == 1 { "1" } else { "0" }),
        None => ["", ""],
    }
}

/// The table of cycles.
fn table(refused: &Refused) -> String {
    let mut out =
        String::from("| cycle | begins, µs | PICD1 | PICD0 | what it is for |\n|---:|---:|:---:|:---:|---|\n");
    for (number, cycle) in (1_u64..).zip(&refused.cycles) {
        let begins = Time::from_ps(refused.began_ps() + (number - 1) * CYCLE_PS);
        let [high, low] = wires(cycle.symbol);
        let _ = writeln!(out, "| {number} | {begins} | {high} | {low} | {} |", cycle.what);
    }
    out
}

/// The page.
///
/// # Errors
/// None on the built-in machine; its run would have to fail.
pub(super) fn serial_bus() -> Result<String, Failure> {
    let refused = refused()?;
    let Message { source, vector, destination, .. } = refused.message;
    Ok(format!(
        "# The serial bus, cycle by cycle\n\n\
         Up to the P6, APICs speak over three wires of their own: a clock, PICCLK, and two data wires, PICD1 and PICD0, that\n\
         every agent may pull (SDM vol. 3 §10.13; Intel 82801BA datasheet §5.8.3). All that a kernel sees of it is one bit, the\n\
         [delivery status](glossary.md#delivery-status) of its ICR. This page shows what is behind that bit: the message of\n\
         [the hang](hang-of-2007.md) that its target refuses. Printed from the run of `nmi-stall` on `i386/default`\n\
         (`src/book/serial_bus.rs`, and so is the picture).\n\n\
         ![The message on the two data wires: start, arbitration, payload, status](pictures/serial-bus.svg)\n\n\
         ## The message on the wires\n\n\
         CPU{source} has written `{vector:02X}` with the logical destination `{destination:02X}` to its ICR at {} µs. A 1 is a wire that is\n\
         pulled, whatever its voltage. Cells are empty where not the sender drives the wires, but others, or the moment.\n\n\
         {}\n\
         ## How a sender gets the bus\n\n\
         Whoever has a message waits until the wires are idle, and begins with the next cycle. Several may begin at once: in cycles 2 to 5\n\
         each shows its *arbitration id*, bit by bit, and who pulls the wire beats who does not. Who loses steps back, and\n\
         tries again after this message. The winner's id becomes 0, and all others go up by one, so that everybody gets\n\
         the bus in turn (SDM vol. 3 §10.7): a sender can wait for the others, but not for ever. EOI messages pull both\n\
         wires in their first cycle, and beat all others: see `jabbering-agent` in the [mechanisms](mechanisms.md).\n\n\
         ## How a target refuses\n\n\
         In cycle {FIRST_STATUS} receivers say whether the message arrived undamaged, in cycle {} whether they take it. Who takes it pulls\n\
         PICD1; who is addressed and has no room pulls both, which reads *retry* for everybody, even if nine others would take it\n\
         (status table, SDM vol. 3 §10.13.2.3). If nobody is there, nobody pulls, and the sender gets an *accept error*. Here the\n\
         status is decided at {} µs: CPU2 holds FB and FD, both of class F, of which a P6 keeps two (knob `slots`, a rule that\n\
         [documents dispute](knobs.md)), and answers *retry*.\n\n\
         ## Why the bit stays set\n\n\
         A refused message goes out again as soon as the bus is free, {} cycles later. The delivery status reads *send pending*\n\
         until it is taken. CPU2 makes room when it has taken FD or FB, for which it must have its interrupts on; it is in an\n\
         NMI handler that spins for ever. So the same {} cycles repeat, every {} µs, until the end of the world:\n\n\
         ```console\n\
         $ apicsim messages nmi-stall --to 2 --fate retried\n\
         ...\n\
         \x20   CPU2: retried since {} µs, CPU2 answers Retry: class F holds FB in IRR, FD\n\
         ```\n\n\
         That these cycles repeat is not believed but [proven](verdicts.md): the state of the bus in its own clock recurs, every CPU that\n\
         it samples repeats itself, and nothing else is on its way.\n\n\
         ## On other buses\n\n\
         A front-side bus (Pentium 4 and later) carries interrupts as transactions; a target cannot refuse one, and the bit clears with\n\
         the transaction, unless the chipset holds it up (`back-pressure`, `locked-bus`). Cluster managers (NUMA-Q, Summit) take a\n\
         message off the sender's bus and pass it on. In x2APIC mode there is no delivery status at all. [Mechanisms](mechanisms.md) has\n\
         what can keep the bit set on each.\n\n\
         ## See it move\n\n\
         `apicsim run nmi-stall --html hang.html` writes [a page](page.md) on which each cycle of a message is a step.\n\
         `apicsim run nmi-stall --trace waves.vcd` has the wires for a viewer of waves ([command line](command-line.md)).\n",
        refused.message.written_at,
        table(&refused),
        FIRST_STATUS + 1,
        refused.decided,
        refused.cycles.len(),
        refused.cycles.len(),
        Time::from_ps(refused.cycles.len() as u64 * CYCLE_PS),
        refused.decided,
    ))
}

/// Width of a cycle, heights of the wires and of a wave, in units of the picture.
const STEP: usize = 44;
const LEFT: usize = 64;
const ROWS: [(usize, &str); 2] = [(72, "PICD1"), (120, "PICD0")];
const HIGH: usize = 26;

/// Parts of the message, as brackets above the wires: first and last cycle, and a name.
const PARTS: [(usize, usize, &str); 6] =
    [(1, 1, "start"), (2, 5, "arbitration"), (6, 16, "payload"), (17, 18, ""), (19, 20, "status"), (21, 21, "idle")];

/// The picture.
///
/// # Errors
/// None on the built-in machine; its run would have to fail.
pub(super) fn picture() -> Result<String, Failure> {
    let cycles = refused()?.cycles;
    let width = LEFT + cycles.len() * STEP + 12;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} 168\" role=\"img\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<title>A message of {} cycles on PICD1 and PICD0</title>\n\
         <rect width=\"{width}\" height=\"168\" fill=\"#fff\"/>\n",
        cycles.len()
    );
    let at = |cycle: usize| LEFT + (cycle - 1) * STEP;
    for (first, last, name) in PARTS {
        let (from, to) = (at(first) + 2, at(last + 1) - 2);
        let _ = writeln!(out, "<path d=\"M{from} 34v-6H{to}v6\" fill=\"none\" stroke=\"#555\"/>");
        let _ = writeln!(out, "<text x=\"{}\" y=\"20\" text-anchor=\"middle\">{name}</text>", from.midpoint(to));
    }
    for (index, (base, name)) in ROWS.into_iter().enumerate() {
        let _ = writeln!(out, "<text x=\"8\" y=\"{}\">{name}</text>", base - 8);
        for (number, cycle) in (1..).zip(&cycles) {
            let x = at(number);
            match cycle.symbol.map(|symbol| symbol >> (1 - index) & 1) {
                Some(bit) => {
                    let y = if bit == 1 { base - HIGH } else { base };
                    let _ = writeln!(out, "<path d=\"M{x} {y}h{STEP}\" stroke=\"#0b5394\" stroke-width=\"3\"/>");
                    let text = x + STEP / 2;
                    let _ = writeln!(out, "<text x=\"{text}\" y=\"{}\" text-anchor=\"middle\">{bit}</text>", base + 15);
                }
                None => {
                    let y = base - HIGH;
                    let _ = writeln!(
                        out,
                        "<rect x=\"{x}\" y=\"{y}\" width=\"{STEP}\" height=\"{HIGH}\" fill=\"#eee\" stroke=\"#bbb\"/>"
                    );
                }
            }
        }
    }
    for number in 1..=cycles.len() {
        let x = at(number) + STEP / 2;
        let _ = writeln!(out, "<text x=\"{x}\" y=\"160\" text-anchor=\"middle\" fill=\"#555\">{number}</text>");
    }
    out += "</svg>\n";
    Ok(out)
}

/// The wires by hand, from SDM vol. 3 §10.13 and 82801BA §5.8.3: vector FC, logical destination 04, fixed, edge, and a level
/// bit of 0, of which Linux sends none.
#[test]
fn the_refused_message_is_on_the_wires_as_documents_say() {
    let refused = refused().expect("a built-in scenario runs");
    assert_eq!((refused.message.vector, refused.message.destination), (0xFC, 4));
    let symbols: Vec<u8> = refused.cycles[5..16].iter().map(|cycle| cycle.symbol.expect("the sender drives")).collect();
    // DM 1 and M2 0; M1 M0 00; L and TM; FC = 11 11 11 00; 04 = 00 00 01 00
    assert_eq!(symbols[..2], [0b10, 0b00]);
    assert_eq!(symbols[3..7], [0b11, 0b11, 0b11, 0b00]);
    assert_eq!(symbols[7..11], [0b00, 0b00, 0b01, 0b00]);
    assert_eq!(refused.decided.as_ps() - refused.began_ps(), 19 * CYCLE_PS);
}
