//! The pages of the book that are printed from tables and runs.

pub mod late_retries;
pub mod other_kernels;
pub mod prices;
pub mod tables;
pub mod who_crashes;
