//! The encoding that a document declares in itself: the WHATWG prescan for `<meta>`, else the XML declaration
//! (HTML, section 13.2.3.2).
//!
//! Reads bytes, not a tree: it runs before anything can be decoded.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// Bytes that are looked at. Browsers stop at 1,024, yet some generators print their banner first.
const WINDOW: usize = 4096;

/// The encoding that the beginning of `body` declares.
pub(super) fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let bytes = &body[..body.len().min(WINDOW)];
    let meta = Prescan { bytes, at: 0 }.meta();
    meta.unwrap_or(None).or_else(|| xml_declaration(bytes))
}

/// An encoding named from within: whoever could read the name was not reading UTF-16.
fn readable(label: &[u8]) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label)?;
    Some(if encoding == UTF_16BE || encoding == UTF_16LE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    })
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window.eq_ignore_ascii_case(needle))
}

/// The window ended within markup, so nothing there can be trusted.
struct OutOfBytes;

struct Attribute<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

struct Prescan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Prescan<'a> {
    fn meta(mut self) -> Result<Option<&'static Encoding>, OutOfBytes> {
        while let Some(rest) = self.bytes.get(self.at..).filter(|rest| !rest.is_empty()) {
            match rest {
                [b'<', b'!', b'-', b'-', ..] => {
                    // The dashes that open a comment may also close it.
                    let end = find(&rest[2..], b"-->").ok_or(OutOfBytes)?;
                    self.at += 2 + end + 2;
                }
                [b'<', name @ ..] if is_meta(name) => {
                    self.at += "<meta".len();
                    if let Some(encoding) = self.meta_element()? {
                        return Ok(Some(encoding));
                    }
                }
                [b'<', b'/', letter, ..] | [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                    self.skip_while(|byte| !is_space(byte) && byte != b'>')?;
                    while self.attribute()?.is_some() {}
                }
                [b'<', b'!' | b'/' | b'?', ..] => self.skip_while(|byte| byte != b'>')?,
                _ => {}
            }
            self.at += 1;
        }
        Ok(None)
    }

    /// The attributes of a `<meta>`, up to its `>`.
    fn meta_element(&mut self) -> Result<Option<&'static Encoding>, OutOfBytes> {
        let (mut pragma, mut content, mut charset) = (None, None, None);
        while let Some(Attribute { name, value }) = self.attribute()? {
            // Of a repeated attribute the first counts.
            if name.eq_ignore_ascii_case(b"http-equiv") {
                pragma.get_or_insert(value);
            } else if name.eq_ignore_ascii_case(b"content") {
                content.get_or_insert(value);
            } else if name.eq_ignore_ascii_case(b"charset") {
                charset.get_or_insert(value);
            }
        }
        if let Some(label) = charset {
            return Ok(readable(label));
        }
        let is_content_type = pragma.is_some_and(|value| value.eq_ignore_ascii_case(b"content-type"));
        Ok(content.filter(|_| is_content_type).and_then(charset_in).and_then(readable))
    }

    /// The next attribute, `None` at the `>` of the tag.
    fn attribute(&mut self) -> Result<Option<Attribute<'a>>, OutOfBytes> {
        self.skip_while(|byte| is_space(byte) || byte == b'/')?;
        if self.peek()? == b'>' {
            return Ok(None);
        }
        let start = self.at;
        // A `=` that comes first belongs to the name.
        self.at += 1;
        self.skip_while(|byte| !is_space(byte) && !matches!(byte, b'=' | b'/' | b'>'))?;
        let name = &self.bytes[start..self.at];
        self.skip_while(is_space)?;
        if self.peek()? != b'=' {
            return Ok(Some(Attribute { name, value: b"" }));
        }
        self.at += 1;
        self.skip_while(is_space)?;
        let quote = self.peek()?;
        let value = if matches!(quote, b'"' | b'\'') {
            self.at += 1;
            let value = self.take_while(|byte| byte != quote)?;
            self.at += 1;
            value
        } else {
            self.take_while(|byte| !is_space(byte) && byte != b'>')?
        };
        Ok(Some(Attribute { name, value }))
    }

    fn peek(&self) -> Result<u8, OutOfBytes> {
        self.bytes.get(self.at).copied().ok_or(OutOfBytes)
    }

    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> Result<&'a [u8], OutOfBytes> {
        let start = self.at;
        self.skip_while(belongs)?;
        Ok(&self.bytes[start..self.at])
    }

    /// Stops at the first byte that does not belong; there has to be one.
    fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) -> Result<(), OutOfBytes> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| !belongs(*byte)).ok_or(OutOfBytes)?;
        Ok(())
    }
}

fn is_meta(name: &[u8]) -> bool {
    name.split_at_checked("meta".len()).is_some_and(|(name, after)| {
        name.eq_ignore_ascii_case(b"meta")
            && after.first().is_some_and(|byte| is_space(*byte) || *byte == b'/')
    })
}

/// The label after `charset=` in a `content` attribute.
fn charset_in(content: &[u8]) -> Option<&[u8]> {
    let mut rest = content;
    let value = loop {
        let name = find(rest, b"charset")?;
        rest = rest[name + "charset".len()..].trim_ascii_start();
        if let Some(value) = rest.strip_prefix(b"=") {
            break value.trim_ascii_start();
        }
    };
    match value.first()? {
        quote @ (b'"' | b'\'') => {
            let value = &value[1..];
            Some(&value[..value.iter().position(|byte| byte == quote)?])
        }
        _ => value.split(|byte| is_space(*byte) || *byte == b';').next(),
    }
}

/// The label in `<?xml version="1.0" encoding="…"?>`.
fn xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..declaration.iter().position(|byte| *byte == b'>')?];
    let after = &declaration[find(declaration, b"encoding")? + "encoding".len()..];
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let quote = value.first().copied().filter(|byte| matches!(byte, b'"' | b'\''))?;
    readable(value[1..].split(|byte| *byte == quote).next()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(markup: &str, expected: Option<&str>) {
        assert_eq!(declared(markup.as_bytes()).map(Encoding::name), expected, "{markup}");
    }

    #[test]
    fn both_forms_of_meta_are_read() {
        check("<meta charset=shift_jis>", Some("Shift_JIS"));
        check("<META CharSet = 'ISO-8859-2' />", Some("ISO-8859-2"));
        check("<!doctype html><html lang=\"a>b\"><head><meta charset=\"gb2312\">", Some("GBK"));
        check("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", Some("KOI8-R"));
        check("<meta content='charset charset = \"big5\" x' http-equiv=content-type>", Some("Big5"));
        check("<meta/charset=euc-kr>", Some("EUC-KR"));
        check("<meta name=a content=b><meta charset=euc-jp>", Some("EUC-JP"));
        check("<meta charset=nonsense><meta charset=euc-jp>", Some("EUC-JP"));
        check("<meta charset=euc-jp charset=big5>", Some("EUC-JP"));
        check("<meta charset=iso-2022-kr>", Some("replacement"));
        check("<meta charset=utf-16le>", Some("UTF-8"));
        check("<meta charset=x-user-defined>", Some("windows-1252"));
    }

    #[test]
    fn what_only_looks_like_a_declaration_is_passed_over() {
        check("", None);
        check("<meta content='text/html; charset=koi8-r'>", None);
        check("<meta name=keywords content='charset=big5'>", None);
        check("<!-- <meta charset=big5> --><meta charset=euc-jp>", Some("EUC-JP"));
        check("<!--><meta charset=euc-jp>", Some("EUC-JP"));
        check("<!-- <meta charset=big5>", None);
        check("<? <meta charset=big5><meta charset=euc-jp>", Some("EUC-JP"));
        check("<a title='<meta charset=big5>'><meta charset=euc-jp>", Some("EUC-JP"));
        check("<metal charset=big5>", None);
        check("<meta charset=big", None);
        check("<meta charset='big5", None);
        check("<meta http-equiv=content-type content='charset=\"big5'>", None);
        check("<meta http-equiv=content-type content='charset'>", None);
        check("<meta http-equiv=content-type content='charset='>", None);
    }

    #[test]
    fn an_xml_declaration_counts_where_no_meta_does() {
        check("<?xml version=\"1.0\" encoding=\"iso-8859-15\"?><urlset>", Some("ISO-8859-15"));
        check("<?xml version='1.0' encoding = 'utf-16'?>", Some("UTF-8"));
        check("<?xml version='1.0'?><a encoding='big5'>", None);
        check("<?xml version='1.0' encoding='big5'?><html><meta charset=euc-jp>", Some("EUC-JP"));
    }

    #[test]
    fn the_search_ends_with_its_window() {
        check(&format!("{}<meta charset=big5>", " ".repeat(1500)), Some("Big5"));
        check(&format!("{}<meta charset=big5>", " ".repeat(WINDOW)), None);
        check(&format!("{}<meta charset=big5>", " ".repeat(WINDOW - 10)), None);
    }

    proptest! {
        #[test]
        fn no_markup_panics(pieces in proptest::collection::vec(proptest::sample::select(vec![
            "<", "meta", " ", "charset", "=", "\"", "'", ">", "/", "!--", "--", "?xml", "encoding", "content",
            "http-equiv", "content-type", "utf-8", ";", "a", "é",
        ]), 0..40)) {
            declared(pieces.concat().as_bytes());
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            declared(&bytes);
        }
    }
}
