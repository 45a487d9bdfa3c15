//! Kernels that never were: a sub-architecture, a wait and a release that nobody ever had in one.

use crate::machine::kernel;
use crate::scenario::Scenario;
use kernel_model::{Kernel, was_one_kernel};

/// The mark of a kernel that never was, and what it means.
pub(crate) const HYPOTHETICAL_MARK: char = '‡';
pub(crate) const HYPOTHETICAL: &str = "hypothetical: no such release had this sub-architecture and this wait";

/// Was there never one kernel with this code, this wait and of this release?
pub(crate) fn is_hypothetical(scenario: &Scenario) -> bool {
    let Kernel { arch, variant, release, own, .. } = kernel(scenario);
    own.is_some() || !was_one_kernel(arch, variant, release)
}
