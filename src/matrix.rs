//! A scenario on several sub-architectures, under several variants.

use crate::failure::Failure;
use crate::price::{Price, price};
use crate::run::{Settings, run};
use crate::scenario::named::Named;
use crate::scenario::{self, Request};
use crate::verdict::RunReport;

/// One run of the matrix.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Variant.
    pub variant: &'static str,
    /// The run.
    pub report: RunReport,
    /// What an IPI costs under this variant.
    pub price: Price,
}

/// One sub-architecture.
#[derive(Debug, Clone)]
pub struct Row {
    /// Sub-architecture.
    pub arch: &'static str,
    /// APIC generation.
    pub generation: &'static str,
    /// Bus.
    pub bus: &'static str,
    /// Do its runs rest on an injected fault?
    pub injected: bool,
    /// One cell a variant.
    pub cells: Vec<Cell>,
}

/// All of it.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The scenario's name.
    pub scenario: String,
    /// The rows, in the order of the headline.
    pub rows: Vec<Row>,
}

/// Runs `scenario` on each of `arches` under each of `variants`; `request` makes the request for one cell.
///
/// # Errors
/// If the scenario cannot be loaded for, or run on, one of the machines.
pub fn matrix(
    arches: &[&'static str],
    variants: &[&'static str],
    settings: &Settings,
    request: impl Fn(String, String) -> Request,
) -> Result<Matrix, Failure> {
    let mut rows = Vec::new();
    let mut name = String::new();
    for &arch in arches {
        let mut cells = Vec::new();
        let mut machine = None;
        for &variant in variants {
            let scenario = scenario::load(&request(arch.to_owned(), variant.to_owned()))?;
            let (report, _) = run(&scenario, settings)?;
            cells.push(Cell { variant, report, price: price(&scenario)? });
            name.clone_from(&scenario.name);
            machine = Some((scenario.machine.generation.name(), scenario.machine.bus.name(), scenario.is_injected()));
        }
        if let Some((generation, bus, injected)) = machine {
            rows.push(Row { arch, generation, bus, injected, cells });
        }
    }
    Ok(Matrix { scenario: name, rows })
}
