//! A token says some things in a field of their own, and its settings may say them again: damaged, it may contradict itself.

use super::Token;
use crate::scenario::Scenario;
use crate::scenario::decimal;
use crate::scenario::diagnostic::InputError;
use crate::scenario::named::Named;

impl Token {
    /// Is `scenario`, which was loaded from all that the token says, what its fields say?
    ///
    /// # Errors
    /// A setting has changed what a field says.
    pub(super) fn check(&self, scenario: &Scenario) -> Result<(), InputError> {
        let machine = &scenario.machine;
        let (limit, its_limit) = (decimal::microseconds(self.limit_ps), decimal::microseconds(scenario.limit_ps));
        let (cpus, its_cpus) = (self.cpus.to_string(), machine.cpus.to_string());
        let fields: [(&str, &str, &str); 7] = [
            ("arch", &self.arch, machine.arch),
            ("variant", &self.variant, &machine.variant),
            ("release", &self.release, machine.release),
            ("bus", self.bus.name(), machine.bus.name()),
            ("generation", self.generation.name(), machine.generation.name()),
            ("cpus", &cpus, &its_cpus),
            ("limit", &limit, &its_limit),
        ];
        match fields.into_iter().find(|(_, field, setting)| field != setting) {
            None => Ok(()),
            Some((name, field, setting)) => Err(InputError::new(format!(
                "the token contradicts itself: its {name} field says {field}, its settings say {setting}"
            ))
            .help("copy it again, whole")),
        }
    }
}
