//! Devices that CPUs reach by uncached accesses and ports.

/// Is there a device at I/O port `port`?
pub(crate) const fn is_port(port: u32) -> bool {
    let _ = port;
    false
}
