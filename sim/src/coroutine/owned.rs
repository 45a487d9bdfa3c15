//! A core and its coroutine under one owner, on one home thread.

use super::Stacks;
#[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
use super::own_stack::OwnStack;
use super::sides::{Engine, Guest};
use super::threads::Twin;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;
use std::thread::ThreadId;

thread_local! {
    /// This thread, asked for once.
    static HERE: ThreadId = std::thread::current().id();
}

enum Flow {
    #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
    Own(OwnStack),
    Thread(Twin),
}

impl Flow {
    fn is_live(&self) -> bool {
        match self {
            #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
            Self::Own(stack) => stack.is_live(),
            Self::Thread(twin) => twin.is_live(),
        }
    }
}

/// One CPU: its core at a stable address, and the coroutine of its software.
///
/// Between visits anybody may hold it and look at the core. It is resumed, unwound and dropped on one thread, that of its
/// first resumption.
pub(crate) struct Owned<E: Engine> {
    core: NonNull<E>,
    flow: Flow,
    home: Option<ThreadId>,
    cpu: u16,
}

// SAFETY: the core is `Send` but for addresses that only its coroutine uses; the coroutine is used on its home thread only,
// which every entry asserts.
unsafe impl<E: Engine> Send for Owned<E> {}

impl<E: Engine> std::fmt::Debug for Owned<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owned").field("cpu", &self.cpu).field("home", &self.home).finish_non_exhaustive()
    }
}

impl<E: Engine> Owned<E> {
    /// `core`, CPU number `cpu`, on which `guest` will run.
    pub(crate) fn new(core: E, cpu: u16, guest: Arc<dyn Guest>, stacks: Stacks) -> Self {
        let core = Box::leak(Box::new(core));
        let address = std::ptr::from_ref(core).addr();
        assert!(std::ptr::from_ref(core.hot()).addr() == address, "the boundary finds the block at the core's address");
        let core = NonNull::from(core);
        let flow = match stacks {
            #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
            Stacks::Own => Flow::Own(OwnStack::new(core.as_ptr(), cpu, guest)),
            _ => Flow::Thread(Twin::new(cpu, guest)),
        };
        Self { core, flow, home: None, cpu }
    }

    #[inline]
    fn assert_home(&mut self) {
        let here = HERE.with(|here| *here);
        assert!(*self.home.get_or_insert(here) == here, "CPU{} runs on its home thread only", self.cpu);
    }

    /// Runs the core until it waits; it may look at what is `lent` meanwhile.
    ///
    /// # Panics
    /// On another thread than the first time, and if an invariant of the simulator breaks.
    pub(crate) fn resume(&mut self, lent: &E::Lent) {
        self.assert_home();
        struct TakeBack<E: Engine>(NonNull<E>);
        impl<E: Engine> Drop for TakeBack<E> {
            fn drop(&mut self) {
                // SAFETY: the core is alive, and software does not run.
                unsafe { self.0.as_ref() }.lent().take_back();
            }
        }
        // SAFETY: the core is ours; what is lent outlives the guard, which takes it back.
        unsafe { self.core.as_ref().lent().lend(lent) };
        let _guard = TakeBack(self.core);
        match &mut self.flow {
            #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
            Flow::Own(stack) => stack.run(self.core.as_ptr()),
            // SAFETY: the core is ours, and nobody else looks at it now.
            Flow::Thread(twin) => twin.run(unsafe { self.core.as_mut() }),
        }
    }

    /// Unwinds whatever frames software still has. On the home thread.
    ///
    /// # Panics
    /// On another thread.
    pub(crate) fn finish(&mut self) {
        if !self.flow.is_live() {
            return;
        }
        self.assert_home();
        let returned = self.has_returned();
        self.end();
        match &mut self.flow {
            #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
            Flow::Own(stack) if returned => stack.leave(),
            #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
            Flow::Own(stack) => stack.unwind(self.core.as_ptr()),
            Flow::Thread(twin) if returned => twin.leave(),
            // SAFETY: the core is ours, and nobody else looks at it now.
            Flow::Thread(twin) => twin.unwind(unsafe { self.core.as_mut() }),
        }
    }
}

impl<E: Engine> Deref for Owned<E> {
    type Target = E;
    #[inline]
    fn deref(&self) -> &E {
        // SAFETY: the core is ours, and its software does not run: `resume` has `&mut self`.
        unsafe { self.core.as_ref() }
    }
}

impl<E: Engine> DerefMut for Owned<E> {
    #[inline]
    fn deref_mut(&mut self) -> &mut E {
        // SAFETY: as above, exclusively.
        unsafe { self.core.as_mut() }
    }
}

impl<E: Engine> Drop for Owned<E> {
    /// Live frames that cannot be unwound here, because this is not their thread, are leaked with all that they use.
    fn drop(&mut self) {
        if self.flow.is_live() && self.home != Some(std::thread::current().id()) {
            let nothing = Flow::Thread(Twin::new(self.cpu, Arc::new(Nobody)));
            return std::mem::forget(std::mem::replace(&mut self.flow, nothing));
        }
        self.finish();
        // SAFETY: made from a leaked box, dropped once; no frame of software is left.
        drop(unsafe { Box::from_raw(self.core.as_ptr()) });
    }
}

/// Who runs where nothing runs any more.
struct Nobody;

impl Guest for Nobody {
    fn live(&self, _: super::Handle, _: u16, _: u32) {}
    fn handle(&self, _: super::Handle, _: u16, _: u32) {}
}
