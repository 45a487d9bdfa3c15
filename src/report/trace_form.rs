//! What every form of a trace does. A form writes as the run goes on, and keeps what does not grow with it.

use sim::Told;

/// What writes a trace.
pub(crate) trait TraceForm: Send {
    /// What stands first.
    fn begin(&mut self) -> Vec<u8>;
    /// What is written of the next event.
    fn event(&mut self, told: &Told) -> Vec<u8>;
    /// What stands last, of a trace that is whole.
    fn end(&mut self) -> Vec<u8> {
        Vec::new()
    }
}
