//! A request as HTTP/1.1 has it (RFC 9112), as little of it as a form needs, and no more bytes than that.

use super::reply::Status;
use std::io::Read;

/// A longer head is no request for a page.
const HEAD_MAX: usize = 32 << 10;

/// A longer body is no scenario that anybody typed.
const BODY_MAX: usize = 256 << 10;

/// More lines than a browser sends.
const FIELDS_MAX: usize = 100;

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) post: bool,
    /// What stands before `?`.
    pub(super) path: String,
    pub(super) query: String,
    fields: Vec<(String, String)>,
    pub(super) body: String,
}

/// Why it is refused.
pub(super) type Refused = (Status, String);

fn bad(why: impl Into<String>) -> Refused {
    (Status::BadRequest, why.into())
}

impl Request {
    /// The value of a header field, by its name in small letters.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| &**value)
    }
}

/// Reads a request.
///
/// # Errors
/// It is none, or too large, or something that is not answered here.
pub(super) fn read(stream: &mut impl Read) -> Result<Request, Refused> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_MAX {
            return Err((Status::HeadTooLarge, format!("a request's head has at most {HEAD_MAX} bytes")));
        }
        more(stream, &mut bytes)?;
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| bad("the head is no text"))?;
    let mut request = head_of(head)?;
    if request.field("transfer-encoding").is_some() {
        return Err(bad("a body comes with its length"));
    }
    let length: usize = match request.field("content-length") {
        None => 0,
        Some(text) if text.len() <= 9 && text.bytes().all(|c| c.is_ascii_digit()) => text.parse().unwrap_or(usize::MAX),
        Some(_) => return Err((Status::TooLarge, "the length of the body is no length".to_owned())),
    };
    if length > BODY_MAX {
        return Err((Status::TooLarge, format!("a form has at most {BODY_MAX} bytes")));
    }
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        more(stream, &mut body)?;
    }
    body.truncate(length);
    request.body = String::from_utf8(body).map_err(|_| bad("the body is no text"))?;
    Ok(request)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> Result<(), Refused> {
    let mut part = [0; 4096];
    match stream.read(&mut part) {
        Ok(0) => Err(bad("the request ends before its end")),
        Ok(length) => {
            bytes.extend_from_slice(&part[..length]);
            Ok(())
        }
        Err(_) => Err((Status::TimedOut, "the request did not come".to_owned())),
    }
}

fn head_of(head: &str) -> Result<Request, Refused> {
    let mut lines = head.split("\r\n");
    let words: Vec<&str> = lines.next().unwrap_or_default().split(' ').collect();
    let [method, target, version] = words[..] else { return Err(bad("that is no request")) };
    if !["HTTP/1.1", "HTTP/1.0"].contains(&version) {
        return Err(bad("this is HTTP/1.1"));
    }
    let post = match method {
        "GET" => false,
        "POST" => true,
        _ => return Err((Status::NotAllowed, "pages are asked for by GET and POST".to_owned())),
    };
    if !target.starts_with('/') {
        return Err(bad("what is asked for begins with /"));
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| bad("a line of the head is no field"))?;
        let name = name.to_ascii_lowercase();
        if name.is_empty() || name.bytes().any(|c| c <= b' ' || c > b'~') {
            return Err(bad("a line of the head is no field"));
        }
        // Said twice, they could mean two things.
        if ["host", "origin", "content-length"].contains(&&*name) && fields.iter().any(|(field, _)| *field == name) {
            return Err(bad(format!("{name} is said twice")));
        }
        fields.push((name, value.trim().to_owned()));
        if fields.len() > FIELDS_MAX {
            return Err((Status::HeadTooLarge, format!("a request has at most {FIELDS_MAX} fields")));
        }
    }
    Ok(Request { post, path: path.to_owned(), query: query.to_owned(), fields, body: String::new() })
}

/// The names and values of a form (`application/x-www-form-urlencoded`).
///
/// # Errors
/// It is none.
pub(super) fn form(text: &str) -> Result<Vec<(String, String)>, Refused> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let decoded = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(name)?, decode(value)?))
    };
    pairs.map(|pair| decoded(pair).ok_or_else(|| bad("that is no form"))).collect()
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                (digit(rest.next())? * 16 + digit(rest.next())?) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A value as it stands in an address.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn try_read(text: &[u8]) -> Result<Request, Refused> {
        read(&mut &*text)
    }

    #[test]
    fn a_request_is_read() {
        let request =
            try_read(b"POST /run?a=1 HTTP/1.1\r\nHost: x:1\r\ncontent-LENGTH: 3\r\n\r\nb=2rest").expect("good");
        assert_eq!((request.post, &*request.path, &*request.query, &*request.body), (true, "/run", "a=1", "b=2"));
        assert_eq!((request.field("host"), request.field("origin")), (Some("x:1"), None));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        let long = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(HEAD_MAX + 5000));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(101));
        for (text, status) in [
            (&b"GET / HTTP/1.1\r\nHost: x"[..], Status::BadRequest),
            (b"GET / HTTP/2\r\n\r\n", Status::BadRequest),
            (b"GET http://x/ HTTP/1.1\r\n\r\n", Status::BadRequest),
            (b"GET  / HTTP/1.1\r\n\r\n", Status::BadRequest),
            (b"DELETE / HTTP/1.1\r\n\r\n", Status::NotAllowed),
            (b"GET / HTTP/1.1\r\nnofield\r\n\r\n", Status::BadRequest),
            (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", Status::BadRequest),
            (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", Status::BadRequest),
            (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", Status::TooLarge),
            (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", Status::TooLarge),
            (b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", Status::TooLarge),
            (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", Status::BadRequest),
            (b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", Status::BadRequest),
            (b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\xFF", Status::BadRequest),
            (b"\xFF\xFE\r\n\r\n", Status::BadRequest),
            (long.as_bytes(), Status::HeadTooLarge),
            (many.as_bytes(), Status::HeadTooLarge),
        ] {
            assert_eq!(
                try_read(text).expect_err("refused").0,
                status,
                "{}",
                String::from_utf8_lossy(&text[..text.len().min(60)])
            );
        }
    }

    #[test]
    fn forms_are_read_back() {
        let pairs = form("a=1&b=x%20y+z&c&d=%C2%B5%26%3D").expect("a form");
        let is: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(is, [("a", "1"), ("b", "x y z"), ("c", ""), ("d", "µ&=")]);
        for wrong in ["a=%", "a=%g0", "a=%FF", "a=%4"] {
            assert!(form(wrong).is_err(), "{wrong}");
        }
        assert_eq!(form(&format!("a={}", encode("knobs.x=\"µ &\"\n%"))).expect("a form")[0].1, "knobs.x=\"µ &\"\n%");
    }
}
