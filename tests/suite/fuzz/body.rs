//! Bodies: content codings and charsets, within their limits, in any pieces, there and back.

use std::io::Write;

use corpusd::http::charset;
use corpusd::http::decode::{DecodeError, DecodeLimit, Decoder};
use encoding_rs::Encoding;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

const CODINGS: [&str; 6] = ["", "gzip", "deflate", "raw deflate", "br", "zstd"];

/// Single-byte encodings give each character back; of the others, several write two characters alike.
const LABELS: [&str; 12] = [
    "utf-8",
    "windows-1252",
    "koi8-r",
    "iso-8859-2",
    "windows-1251",
    "gb18030",
    "shift_jis",
    "euc-jp",
    "iso-2022-jp",
    "big5",
    "utf-16",
    "utf-16be",
];
const REVERSIBLE: usize = 5;

/// The first two octets of `input` choose coding and charset, the third the size of the pieces; the rest is the body.
pub(super) fn check(input: &[u8]) {
    let [coding, label, size, body @ ..] = input else { return };
    let coding = CODINGS[usize::from(*coding) % CODINGS.len()];
    let label = usize::from(*label) % LABELS.len();
    let decoded = unpacked(coding, body, usize::from(*size) + 1);
    packed(coding, body, usize::from(*size) + 1);
    text(LABELS[label], &decoded);
    if label < REVERSIBLE {
        written(LABELS[label], &String::from_utf8_lossy(body));
    }
}

fn decode(coding: &str, wire: &[u8], size: usize, limit: DecodeLimit) -> (Vec<u8>, Result<(), DecodeError>) {
    let mut decoder = Decoder::new(coding.trim_start_matches("raw "), limit).unwrap();
    let mut out = Vec::new();
    let pushed = wire.chunks(size).try_for_each(|piece| decoder.push(piece, &mut out));
    let result = pushed.and_then(|()| decoder.finish());
    (out, result)
}

/// Whatever the octets are, the limits hold and the pieces do not matter.
fn unpacked(coding: &str, wire: &[u8], size: usize) -> Vec<u8> {
    let most = 64 * 1024;
    let small = DecodeLimit { max_bytes: most, max_ratio: 10 };
    let (whole, result) = decode(coding, wire, usize::MAX, small);
    let (pieces, result_of_pieces) = decode(coding, wire, size, small);
    assert!(whole.len() as u64 <= most);
    assert_eq!(result, result_of_pieces, "{coding}, {size} at a time");
    // How much comes out before a fault may differ.
    assert!(whole == pieces || matches!(result, Err(DecodeError::Corrupt(_))), "{coding}, {size} at a time");
    assert!(whole.starts_with(&pieces) || pieces.starts_with(&whole));

    let dense = DecodeLimit { max_bytes: u64::MAX, max_ratio: 10 };
    let (out, _) = decode(coding, wire, usize::MAX, dense);
    let slack = 16 * 1024;
    assert!(out.len() <= (wire.len() * 10).max(1024 * 1024) + slack, "{} from {}", out.len(), wire.len());
    whole
}

/// What was encoded comes back.
fn packed(coding: &str, plain: &[u8], size: usize) {
    fn through<W: Write>(mut writer: W, plain: &[u8]) -> W {
        writer.write_all(plain).unwrap();
        writer
    }
    let fast = Compression::fast();
    let wire = match coding {
        "gzip" => through(GzEncoder::new(Vec::new(), fast), plain).finish().unwrap(),
        "deflate" => through(ZlibEncoder::new(Vec::new(), fast), plain).finish().unwrap(),
        "raw deflate" => through(DeflateEncoder::new(Vec::new(), fast), plain).finish().unwrap(),
        "br" => through(brotli::CompressorWriter::new(Vec::new(), 1024, 1, 16), plain).into_inner(),
        "zstd" => zstd::encode_all(plain, 1).unwrap(),
        _ => plain.to_vec(),
    };
    let wide = DecodeLimit { max_bytes: 1 << 24, max_ratio: u32::MAX };
    let (out, result) = decode(coding, &wire, size, wide);
    assert!(out == plain && result == Ok(()), "{coding}, {size} at a time: {result:?}");
}

/// Whatever the label, a body is text or refused.
fn text(label: &str, body: &[u8]) {
    for content_type in [None, Some("text/html"), Some(&*format!("text/plain; charset={label}"))] {
        let Ok(decoded) = charset::decode(content_type, body.to_vec()) else { continue };
        assert_ne!(decoded.encoding, "replacement");
        assert!(decoded.text.len() <= body.len() * 3, "{} from {}", decoded.text.len(), body.len());
        if !decoded.text.starts_with('\u{feff}')
            && let Ok(again) =
                charset::decode(Some("text/html; charset=utf-8"), decoded.text.clone().into_bytes())
        {
            assert_eq!((again.text, again.doubtful), (decoded.text, false));
        }
    }
}

/// A text comes back as it was written, or doubtful.
fn written(label: &str, text: &str) {
    let encoding = Encoding::for_label(label.as_bytes()).unwrap();
    let (body, _, is_lossy) = encoding.encode(text);
    if is_lossy || Encoding::for_bom(&body).is_some() {
        return;
    }
    if let Ok(decoded) = charset::decode(Some(&format!("text/html; charset={label}")), body.into_owned()) {
        assert!(decoded.text == text || decoded.doubtful, "{label}: {text:?} became {decoded:?}");
    }
}
