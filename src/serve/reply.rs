//! What is answered.

use std::io::{self, Write};

/// How a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    SeeOther,
    BadRequest,
    Forbidden,
    NotFound,
    NotAllowed,
    TimedOut,
    TooLarge,
    HeadTooLarge,
    OurFault,
    Busy,
}

impl Status {
    const fn line(self) -> &'static str {
        match self {
            Self::Good => "200 OK",
            Self::SeeOther => "303 See Other",
            Self::BadRequest => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::NotFound => "404 Not Found",
            Self::NotAllowed => "405 Method Not Allowed",
            Self::TimedOut => "408 Request Timeout",
            Self::TooLarge => "413 Content Too Large",
            Self::HeadTooLarge => "431 Request Header Fields Too Large",
            Self::OurFault => "500 Internal Server Error",
            Self::Busy => "503 Service Unavailable",
        }
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: Status,
    /// Where to go instead.
    pub(super) location: Option<String>,
    /// A page, or a line of text.
    pub(super) html: bool,
    pub(super) text: String,
}

impl Reply {
    /// A line for whoever asked in a way that is not answered.
    pub(super) fn refusal(status: Status, why: &str) -> Self {
        Self { status, location: None, html: false, text: format!("{why}\n") }
    }

    pub(super) const fn page(status: Status, text: String) -> Self {
        Self { status, location: None, html: true, text }
    }

    /// All of it. A page may run its own scripts and send its form back to where it came from, and nothing else. (It says
    /// from where: with the policy `no-referrer` a browser calls the origin of a form `null`, and that is refused.)
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let kind = if self.html { "text/html" } else { "text/plain" };
        let location = self.location.as_ref().map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
        let retry = if self.status == Status::Busy { "Retry-After: 1\r\n" } else { "" };
        write!(
            out,
            "HTTP/1.1 {}\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\n{location}{retry}Connection: close\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\n\
             Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; \
             form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n\r\n{}",
            self.status.line(),
            self.text.len(),
            self.text
        )?;
        out.flush()
    }
}
