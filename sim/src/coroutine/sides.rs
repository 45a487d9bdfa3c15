//! The two sides of the boundary, as it calls them.

use super::handle::Handle;
use super::hot::Hot;
use super::lent::Lent;
use super::site::Site;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
use super::steps::Steps;
use super::turn::Turn;
use std::any::Any;

/// The simulated side: a core. Its [`Hot`] block is at its own address (`Owned::new` asserts it).
pub(crate) trait Engine {
    /// What it may look at while it runs.
    type Lent;
    /// Who begins its operations.
    #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
    const STEPS: &'static Steps;
    /// Where that is put.
    fn lent(&self) -> &Lent<Self::Lent>;
    /// The block that the boundary finds at the core's address.
    fn hot(&mut self) -> &mut Hot;
    /// Software begins an operation.
    fn begin(&mut self, operation: u64, value: u64, site: Site) -> Turn;
    /// The same, with the registers saved: a checkpoint may be due.
    fn begin_watched(&mut self, operation: u64, value: u64, site: Site) -> Turn;
    /// Software begins an operation with next to nothing left of its stack.
    fn exhausted(&mut self, site: Site) -> Turn;
    /// The handler that ran on top has returned.
    fn handler_returned(&mut self) -> Turn;
    /// The same where nothing is special, as for a [`StraightWay`]. `None`: something is, and nothing has been done.
    fn handler_returned_straight(&mut self) -> Option<Turn>;
    /// Goes on with what is pending: a window has been opened.
    fn advance(&mut self) -> Turn;
    /// Are frames of software being unwound?
    fn is_unwinding(&self) -> bool;
    /// The run is over: from now on every operation is inert.
    fn end(&mut self);
    /// Nothing of software is left on the stack: it was unwound, or abandoned.
    fn unwound(&mut self);
    /// Software panicked, all the way.
    fn panicked(&mut self, payload: Box<dyn Any + Send>);
    /// Has its program returned, so that no frame of it is left?
    fn has_returned(&self) -> bool;
}

/// How operations of one kind begin.
pub(crate) trait Way<E> {
    /// Software begins one.
    fn begin(core: &mut E, operation: u64, value: u64, site: Site) -> Turn;
}

/// How operations of one kind begin where nothing is special. It calls nothing that is not inlined, so that few registers are
/// saved for it, and it is not guarded: a panic in it would end the process. Whoever asks for such an operation has looked
/// whether his thread panics.
pub(crate) trait StraightWay<E> {
    /// Software begins one. `None`: something is special, and nothing has been done.
    fn begin(core: &mut E, operation: u64, value: u64, site: Site) -> Option<Turn>;
}

/// The software side.
pub(crate) trait Guest: Send + Sync {
    /// Runs the life that [`Turn::start`] named on CPU `cpu`, to its end.
    fn live(&self, handle: Handle, cpu: u16, entry: u32);
    /// Runs the handler that [`Turn::handle`] named.
    fn handle(&self, handle: Handle, cpu: u16, context: u32);
}
