//! What a chipset has been told of a CPU's task priority, and whether it is told anything.
//!
//! Not modelled: see `priority_messages.rs`, which says when messages go, and what follows.

/// Messages about the task priority. INIT leaves this as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PriorityMessages {
    /// Software has turned them off.
    pub(super) off: bool,
    /// What the chipset heard last, where it may be another than the TPR.
    pub(super) heard: Option<u8>,
}

impl PriorityMessages {
    /// Software wrote the TPR.
    pub(super) const fn task_priority_written(&mut self) {
        if !self.off {
            self.heard = None;
        }
    }
}
