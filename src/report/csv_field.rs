//! A field of a CSV record (RFC 4180).

/// A field with commas, quotes or line breaks stands in quotes, and its quotes are doubled.
pub(super) fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_have_to_be() {
        let cases = [
            ("", ""),
            ("a b", "a b"),
            ("a,b", "\"a,b\""),
            ("CPU2's \"class\"", "\"CPU2's \"\"class\"\"\""),
            ("a\nb", "\"a\nb\""),
        ];
        for (field, expected) in cases {
            assert_eq!(quoted(field), expected);
        }
    }
}
