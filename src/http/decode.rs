//! Undoes one `Content-Encoding` as the body streams in, within limits.
//!
//! A few hundred bytes can decode to gigabytes, so output is made one small buffer at a time and counted
//! before it is kept. Stacked codings are refused: nothing on the web needs them, and each layer multiplies
//! what a bomb can do.

mod step;

mod deflate;
mod gzip;

mod codec;

use codec::Codec;
use step::{Malformed, Step};

/// The size of the piece that is decoded between two looks at the limits.
const PIECE: usize = 16 * 1024;

/// Decoded bytes before the ratio counts: a short page of repeated markup may well shrink a hundredfold.
const RATIO_FROM: u64 = 1024 * 1024;

/// Length to which an unknown coding is quoted in an error.
const QUOTED: usize = 40;

/// How much a body may become.
#[derive(Debug, Clone, Copy)]
pub struct DecodeLimit {
    /// Decoded bytes.
    pub max_bytes: u64,
    /// Decoded bytes for each byte on the wire; applied once more than 1 MiB has been decoded.
    pub max_ratio: u32,
}

/// Why a body could not be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A coding that was not asked for, or more than one layer.
    #[error("content encoding `{0}` is not supported")]
    Unsupported(String),
    /// The bytes are not what the header says.
    #[error("the {0} body is corrupt")]
    Corrupt(&'static str),
    /// The body ended before its coding did.
    #[error("the {0} body is cut short")]
    Truncated(&'static str),
    /// The decoded body passed [`DecodeLimit::max_bytes`].
    #[error("body larger than {limit} bytes")]
    TooLarge {
        /// Decoded bytes allowed.
        limit: u64,
    },
    /// The decoded body passed [`DecodeLimit::max_ratio`].
    #[error("body expands to more than {limit} times its size on the wire")]
    Ratio {
        /// Decoded bytes allowed for each byte on the wire.
        limit: u32,
    },
}

/// A body on its way from the wire.
pub struct Decoder {
    /// `None` for a body that is sent as it is.
    codec: Option<Codec>,
    piece: Box<[u8]>,
    meter: Meter,
}

impl Decoder {
    /// `content_encoding` is the header's value, empty if it is absent: one of gzip, deflate (zlib or, as
    /// some servers send it, raw), br, zstd, or identity.
    ///
    /// # Errors
    /// [`DecodeError::Unsupported`] for any other coding and for more than one.
    pub fn new(content_encoding: &str, limit: DecodeLimit) -> Result<Decoder, DecodeError> {
        let mut codings = content_encoding
            .split(',')
            .map(str::trim)
            .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
        let unsupported = || DecodeError::Unsupported(content_encoding.chars().take(QUOTED).collect());
        let codec = match (codings.next(), codings.next()) {
            (None, _) => None,
            (Some(coding), None) => Some(Codec::named(coding).ok_or_else(unsupported)?),
            (Some(_), Some(_)) => return Err(unsupported()),
        };
        let piece = if codec.is_some() { vec![0; PIECE] } else { Vec::new() };
        let meter = Meter { limit, wire: 0, decoded: 0 };
        Ok(Decoder { codec, piece: piece.into_boxed_slice(), meter })
    }

    /// Decodes `chunk` onto the end of `out`; nothing decoded is held back. After an error the decoder is of
    /// no more use; what it put into `out` is sound, and after [`DecodeError::TooLarge`] it is the first
    /// `max_bytes` of the body.
    ///
    /// # Errors
    /// [`DecodeError::Corrupt`], [`DecodeError::TooLarge`], [`DecodeError::Ratio`].
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let Some(codec) = &mut self.codec else {
            return self.meter.keep(chunk.len(), chunk, out);
        };
        let mut rest = chunk;
        loop {
            let step =
                codec.step(rest, &mut self.piece).map_err(|Malformed| DecodeError::Corrupt(codec.name()))?;
            if step == Step::default() {
                // A codec that can neither read nor write has met something that it cannot understand.
                return if rest.is_empty() { Ok(()) } else { Err(DecodeError::Corrupt(codec.name())) };
            }
            rest = &rest[step.consumed..];
            self.meter.keep(step.consumed, &self.piece[..step.produced], out)?;
        }
    }

    /// Confirms that the body is whole.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if the coding has not come to its end. A body without any byte is whole.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.codec {
            Some(codec) if !codec.may_end() => Err(DecodeError::Truncated(codec.name())),
            _ => Ok(()),
        }
    }
}

/// Counts a body against its limits.
struct Meter {
    limit: DecodeLimit,
    wire: u64,
    decoded: u64,
}

impl Meter {
    /// Appends what `read` bytes from the wire decoded to, as far as the limit allows.
    fn keep(&mut self, read: usize, piece: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let DecodeLimit { max_bytes, max_ratio } = self.limit;
        let room = usize::try_from(max_bytes - self.decoded).unwrap_or(usize::MAX);
        let fits = &piece[..piece.len().min(room)];
        out.extend_from_slice(fits);
        self.wire += read as u64;
        self.decoded += fits.len() as u64;
        if fits.len() < piece.len() {
            return Err(DecodeError::TooLarge { limit: max_bytes });
        }
        if self.decoded > RATIO_FROM && self.decoded > self.wire.saturating_mul(max_ratio.into()) {
            return Err(DecodeError::Ratio { limit: max_ratio });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    const WIDE: DecodeLimit = DecodeLimit { max_bytes: 1 << 30, max_ratio: u32::MAX };
    const CODINGS: [&str; 5] = ["gzip", "deflate", "raw deflate", "br", "zstd"];

    fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
        fn through<W: Write>(mut writer: W, plain: &[u8]) -> W {
            writer.write_all(plain).unwrap();
            writer
        }
        let fast = Compression::fast();
        match coding {
            "gzip" => through(GzEncoder::new(Vec::new(), fast), plain).finish().unwrap(),
            "deflate" => through(ZlibEncoder::new(Vec::new(), fast), plain).finish().unwrap(),
            "raw deflate" => through(DeflateEncoder::new(Vec::new(), fast), plain).finish().unwrap(),
            "br" => through(brotli::CompressorWriter::new(Vec::new(), 4096, 3, 22), plain).into_inner(),
            "zstd" => zstd::encode_all(plain, 1).unwrap(),
            _ => plain.to_vec(),
        }
    }

    fn decode(
        coding: &str,
        wire: &[u8],
        size: usize,
        limit: DecodeLimit,
    ) -> (Vec<u8>, Result<(), DecodeError>) {
        let mut decoder = Decoder::new(coding.trim_start_matches("raw "), limit).unwrap();
        let mut out = Vec::new();
        let pushed = wire.chunks(size).try_for_each(|chunk| decoder.push(chunk, &mut out));
        let result = pushed.and_then(|()| decoder.finish());
        (out, result)
    }

    fn check(coding: &str, wire: &[u8], expected: &[u8]) {
        for size in [1, 7, 4096] {
            let (out, result) = decode(coding, wire, size, WIDE);
            assert_eq!(result, Ok(()), "{coding}, {size} at a time");
            assert!(out == expected, "{coding}, {size} at a time: {} bytes", out.len());
        }
    }

    fn member(plain: &[u8]) -> Vec<u8> {
        encode("gzip", plain)
    }

    #[test]
    fn each_coding_gives_back_what_was_encoded() {
        let text = "The quick brown fox. ".repeat(5000);
        for coding in CODINGS {
            check(coding, &encode(coding, text.as_bytes()), text.as_bytes());
            check(coding, &encode(coding, b""), b"");
            check(coding, b"", b"");
            // A multiple of the buffer: the stream then ends in a step that writes nothing.
            for pieces in [1, 2, 3] {
                let plain = vec![b'x'; PIECE * pieces];
                check(coding, &encode(coding, &plain), &plain);
            }
        }
        check("", b"as it is", b"as it is");
        check("identity", b"as it is", b"as it is");
        check(" GZIP ", &member(b"x"), b"x");
        check("x-gzip, identity", &member(b"x"), b"x");
    }

    #[test]
    fn only_one_layer_of_a_known_coding_is_taken() {
        for coding in ["gzip, gzip", "gzip,br", "compress", "utf-8", "gzip;q=1", "x".repeat(9000).as_str()] {
            match Decoder::new(coding, WIDE).map(|_| ()) {
                Err(DecodeError::Unsupported(quoted)) => assert!(quoted.len() <= QUOTED),
                other => panic!("{coding}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_bomb_of_any_kind_stops_at_the_limit() {
        let zeros = vec![0; 64 << 20];
        for coding in CODINGS {
            let wire = encode(coding, &zeros);
            let limit = DecodeLimit { max_bytes: 5_000_001, max_ratio: u32::MAX };
            for size in [1, usize::MAX] {
                let (out, result) = decode(coding, &wire, size, limit);
                assert_eq!(result, Err(DecodeError::TooLarge { limit: 5_000_001 }), "{coding}");
                assert_eq!(out.len(), 5_000_001, "{coding}");
            }
            let limit = DecodeLimit { max_bytes: u64::MAX, max_ratio: 100 };
            let (out, result) = decode(coding, &wire, 16 * 1024, limit);
            assert_eq!(result, Err(DecodeError::Ratio { limit: 100 }), "{coding}");
            assert!(
                out.len() <= 100 * wire.len() + PIECE || out.len() <= (1 << 20) + PIECE,
                "{coding}: {}",
                out.len()
            );
        }
    }

    #[test]
    fn a_body_of_exactly_the_limit_is_whole() {
        let limit = DecodeLimit { max_bytes: 100_000, max_ratio: 1 };
        for coding in CODINGS.into_iter().chain([""]) {
            let (out, result) = decode(coding, &encode(coding, &vec![b'a'; 100_000]), 512, limit);
            assert_eq!((out.len(), result), (100_000, Ok(())), "{coding}");
            let (out, result) = decode(coding, &encode(coding, &vec![b'a'; 100_001]), 512, limit);
            assert_eq!(
                (out.len(), result),
                (100_000, Err(DecodeError::TooLarge { limit: 100_000 })),
                "{coding}"
            );
        }
    }

    #[test]
    fn a_body_cut_anywhere_is_truncated() {
        for coding in CODINGS {
            let wire = encode(coding, b"some text that is long enough to need a few bytes, some text");
            for end in 1..wire.len() {
                let (_, result) = decode(coding, &wire[..end], 3, WIDE);
                assert!(
                    matches!(result, Err(DecodeError::Truncated(_))),
                    "{coding} cut at {end}: {result:?}"
                );
            }
        }
    }

    #[test]
    fn a_damaged_body_is_corrupt() {
        for coding in CODINGS {
            let (_, result) = decode(coding, &[0xff; 64], 5, WIDE);
            assert!(matches!(result, Err(DecodeError::Corrupt(_))), "{coding}: {result:?}");
        }
        let mut wire = member(b"the checksum is looked at");
        let checksum = wire.len() - 8;
        wire[checksum] ^= 1;
        assert_eq!(decode("gzip", &wire, 5, WIDE).1, Err(DecodeError::Corrupt("gzip")));
    }

    #[test]
    fn gzip_members_follow_one_another_and_what_is_no_member_is_ignored() {
        let two = [member(b"one "), member(b"two")].concat();
        check("gzip", &two, b"one two");
        for garbage in [&b"\0\0\0\0"[..], b"\r\n", b"<!-- cached -->", b"\x1f", b"\x1f\x8b", b"\x1f\x00"] {
            check("gzip", &[&two, garbage].concat(), b"one two");
        }
        let (out, result) = decode("gzip", &two[..two.len() - 3], 5, WIDE);
        assert_eq!((&out[..], result), (&b"one two"[..], Err(DecodeError::Truncated("gzip"))));
    }

    #[test]
    fn the_optional_fields_of_a_gzip_header_are_passed_over() {
        let plain = member(b"text");
        let (fixed, data) = plain.split_at(10);
        let mut header = fixed.to_vec();
        header[3] = 0b0001_1110;
        header.extend_from_slice(b"\x03\x00abcname\0comment\0\xaa\xbb");
        check("gzip", &[&header, data].concat(), b"text");
        header[3] = 0b0010_0000;
        assert_eq!(decode("gzip", &header, 5, WIDE).1, Err(DecodeError::Corrupt("gzip")));
    }

    #[test]
    fn deflate_ignores_what_follows_its_end() {
        for coding in ["deflate", "raw deflate", "br"] {
            check(coding, &[encode(coding, b"text"), b"\r\n".to_vec()].concat(), b"text");
        }
    }

    #[test]
    fn zstd_frames_follow_one_another_and_a_wide_window_is_refused() {
        check("zstd", &[encode("zstd", b"one "), encode("zstd", b"two")].concat(), b"one two");
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.set_parameter(zstd::zstd_safe::CParameter::WindowLog(24)).unwrap();
        encoder.write_all(&[7; 1000]).unwrap();
        let wire = encoder.finish().unwrap();
        assert_eq!(decode("zstd", &wire, 100, WIDE).1, Err(DecodeError::Corrupt("zstd")));
    }

    #[test]
    fn a_decoder_can_move_between_threads() {
        fn sendable<T: Send>() {}
        sendable::<Decoder>();
    }

    proptest! {
        #[test]
        fn feeding_in_any_pieces_gives_the_same(
            plain in proptest::collection::vec(0u8..4, 0..60_000), size in 1usize..5000, which in 0usize..5,
        ) {
            let wire = encode(CODINGS[which], &plain);
            let (out, result) = decode(CODINGS[which], &wire, size, WIDE);
            prop_assert_eq!(result, Ok(()));
            prop_assert!(out == plain);
            let (out, result) = decode(CODINGS[which], &wire, 1, WIDE);
            prop_assert_eq!(result, Ok(()));
            prop_assert!(out == plain);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, size in 1usize..50, which in 0usize..5) {
            let limit = DecodeLimit { max_bytes: 1 << 20, max_ratio: 10 };
            let (out, _) = decode(CODINGS[which], &bytes, size, limit);
            prop_assert!(out.len() <= 1 << 20);
        }

        #[test]
        fn a_damaged_stream_never_panics(
            at: proptest::sample::Index, byte: u8, size in 1usize..50, which in 0usize..5,
        ) {
            let mut wire = encode(CODINGS[which], "some text, and some text again. ".repeat(40).as_bytes());
            let at = at.index(wire.len());
            wire[at] = byte;
            let limit = DecodeLimit { max_bytes: 1 << 20, max_ratio: 10 };
            let (out, _) = decode(CODINGS[which], &wire, size, limit);
            prop_assert!(out.len() <= 1 << 20);
        }
    }
}
