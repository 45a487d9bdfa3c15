//! A wait, or a whole send function, that this crate does not have: handed to a kernel by whoever builds it.
//!
//! Not modelled: own code in kernels that are not Linux, and a wait in x2APIC mode, which has no delivery status. Where code of
//! one's own keeps something outside its stack, nothing can be proven of it; who hands it over says whether it does.

use crate::bound::Site;
use crate::cpumask::CpuMask;
use crate::kernel::Kernel;
use crate::plan::PlannedWait;
use crate::processor::Processor;
use core::fmt::Debug;
use core::panic::{RefUnwindSafe, UnwindSafe};

/// What a wait for the ICR came to.
///
/// ```
/// use kernel_model::Waited;
/// use kernel_model::apicdef::APIC_ICR_BUSY;
///
/// assert_eq!((Waited::of(0), Waited::of(APIC_ICR_BUSY)), (Waited::Idle, Waited::Busy));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Waited {
    /// The ICR is idle, or nobody looked.
    Idle,
    /// It is still busy, and the kernel goes on all the same.
    Busy,
    /// It is still busy, and the message that was to follow is given up.
    GivenUp,
}

impl Waited {
    /// From the raw busy bit.
    pub const fn of(send_status: u32) -> Self {
        if send_status == 0 { Self::Idle } else { Self::Busy }
    }
}

/// A message that a kernel function is about to write.
///
/// ```
/// use kernel_model::{Message, Site};
///
/// let nmi = Message { site: Site::DestFieldNmi, icr2: Some(1 << 24), icr: 0x400 };
/// assert!(nmi.icr2.is_some());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Which message that is.
    pub site: Site,
    /// The high half of the ICR; none where a shorthand says who is meant.
    pub icr2: Option<u32>,
    /// The low half.
    pub icr: u32,
}

/// Code that stands where the kernel's own waits and sends stand.
///
/// Implement [`OwnWait::wait`], and the others only where a send function is to be replaced whole. Helpers of this crate take
/// `&impl Processor`: give them `&cpu`. The kernel that it gets is the one without this code: what is called with it waits and
/// sends as that does. Say with [`Processor::wait_begin`] and [`Processor::wait_end`] where a loop
/// waits, and reports have it.
///
/// ```
/// use kernel_model::apicdef::APIC_ICR_BUSY;
/// use kernel_model::{Kernel, OwnWait, Processor, Register, Site, Wait, WaitOutcome, Waited};
///
/// /// Looks once, whatever it sees.
/// #[derive(Debug)]
/// struct OneLook;
///
/// impl OwnWait for OneLook {
///     fn name(&self) -> &'static str {
///         "one-look"
///     }
///     fn wait(&self, _: &Kernel, cpu: &dyn Processor, site: Site) -> Option<Waited> {
///         if site != Site::DestFieldNmi {
///             return None;
///         }
///         cpu.wait_begin(Wait::IcrIdle);
///         let send_status = cpu.read(Register::ICR) & APIC_ICR_BUSY;
///         cpu.wait_end(if send_status == 0 { WaitOutcome::Done } else { WaitOutcome::TimedOut });
///         Some(Waited::of(send_status))
///     }
/// }
/// ```
pub trait OwnWait: Debug + Sync {
    /// The name by which it is chosen.
    fn name(&self) -> &'static str;

    /// Waits for the ICR at `site`. None, without an access: here the kernel waits as without this code.
    fn wait(&self, kernel: &Kernel, cpu: &dyn Processor, site: Site) -> Option<Waited>;

    /// Sends `message`, its wait and its writes. False, without an access: the kernel's function does, after its wait.
    fn send(&self, kernel: &Kernel, cpu: &dyn Processor, message: Message) -> bool {
        let _ = (kernel, cpu, message);
        false
    }

    /// Sends to each CPU of `mask`. False, without an access: the sub-architecture's function does.
    fn send_mask(&self, kernel: &Kernel, cpu: &dyn Processor, mask: CpuMask, vector: u8) -> bool {
        let _ = (kernel, cpu, mask, vector);
        false
    }
}

/// What a kernel has instead of its variant's waits.
///
/// ```
/// use kernel_model::{Arch, Kernel, Own, OwnWait, Processor, Site, Variant, Waited};
///
/// #[derive(Debug)]
/// struct Never;
/// impl OwnWait for Never {
///     fn name(&self) -> &'static str {
///         "never"
///     }
///     fn wait(&self, _: &Kernel, _: &dyn Processor, _: Site) -> Option<Waited> {
///         Some(Waited::of(0)) // idle, without a look
///     }
/// }
/// let kernel = Kernel::new(Arch::I386Default, Variant::Before, 4).with(|kernel| kernel.own = Some(Own::Code(&Never)));
/// assert_eq!(kernel.own, Some(Own::Code(&Never))); // code is known by its name
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Own {
    /// A wait that is described.
    Planned(PlannedWait),
    /// Code.
    Code(&'static dyn OwnWait),
}

impl PartialEq for Own {
    /// Code is known by its name.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Planned(one), Self::Planned(other)) => one == other,
            (Self::Code(one), Self::Code(other)) => one.name() == other.name(),
            _ => false,
        }
    }
}

impl Eq for Own {}

// A panic of own code ends the run: nobody sees what it has left half done.
impl UnwindSafe for Own {}
impl RefUnwindSafe for Own {}

impl Own {
    /// May the wait at `site` come to its end by itself, as far as one can say?
    pub(crate) const fn is_bounded(&self, site: Site) -> Option<bool> {
        match self {
            Self::Planned(plan) if !plan.at.has(site) => None,
            Self::Planned(plan) => Some(plan.rounds != 0),
            Self::Code(_) => Some(true),
        }
    }
}
