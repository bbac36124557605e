//! The four codings behind one shape: some input in, at most one buffer of output out.
//!
//! Knows nothing about limits: it never produces more than the buffer it is given, and holds no more than the
//! window of its format (32 KiB for deflate, 16 MiB for brotli, 8 MiB for zstd).

use brotli::writer::StandardAlloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use zstd::stream::raw::{DParameter, Operation};

use super::deflate::Deflate;
use super::gzip::Gzip;
use super::step::{Malformed, Step};

/// The largest window that a decoder supports in HTTP, as a power of two: 8 MiB (RFC 9659).
const ZSTD_WINDOW_LOG: u32 = 23;

/// One decoder, at some place in its stream. Bytes after the end of a gzip, deflate or brotli stream are read
/// and ignored: servers do send them.
pub(super) enum Codec {
    Gzip(Box<Gzip>),
    Deflate(Deflate),
    Brotli(Box<Brotli>),
    Zstd(Zstd),
}

impl Codec {
    /// The codec that `coding` names in HTTP, in any case.
    pub(super) fn named(coding: &str) -> Option<Codec> {
        match coding.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Codec::Gzip(Box::new(Gzip::new()))),
            "deflate" => Some(Codec::Deflate(Deflate::new())),
            "br" => Some(Codec::Brotli(Box::new(Brotli::new()))),
            "zstd" => Zstd::new().map(Codec::Zstd),
            _ => None,
        }
    }

    /// The coding as HTTP names it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Codec::Gzip(_) => "gzip",
            Codec::Deflate(_) => "deflate",
            Codec::Brotli(_) => "br",
            Codec::Zstd(_) => "zstd",
        }
    }

    /// Decodes some of `input` into `output`.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Malformed> {
        match self {
            Codec::Gzip(gzip) => gzip.step(input, output),
            Codec::Deflate(deflate) => deflate.step(input, output),
            Codec::Brotli(brotli) => brotli.step(input, output),
            Codec::Zstd(zstd) => zstd.step(input, output),
        }
    }

    /// Whether the body may end here. A body without a byte may: that is how an empty page is often sent.
    pub(super) fn may_end(&self) -> bool {
        match self {
            Codec::Gzip(gzip) => gzip.may_end(),
            Codec::Deflate(deflate) => deflate.may_end(),
            Codec::Brotli(brotli) => brotli.may_end(),
            Codec::Zstd(zstd) => zstd.may_end(),
        }
    }
}

/// One brotli stream (RFC 7932).
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    begun: bool,
    ended: bool,
}

impl Brotli {
    fn new() -> Brotli {
        // Strict: the "large window" extension would let a header of a few bytes ask for 1 GiB.
        let state = BrotliState::new_strict(
            StandardAlloc::default(),
            StandardAlloc::default(),
            StandardAlloc::default(),
        );
        Brotli { state, begun: false, ended: false }
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Malformed> {
        if self.ended {
            return Ok(Step { consumed: input.len(), produced: 0 });
        }
        self.begun |= !input.is_empty();
        let (mut left, mut room) = (input.len(), output.len());
        let (mut consumed, mut produced, mut total) = (0, 0, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut consumed,
            input,
            &mut room,
            &mut produced,
            output,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure => return Err(Malformed),
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        if self.ended && consumed == 0 && produced == 0 {
            // An end without a byte must not look like a halt.
            consumed = input.len();
        }
        Ok(Step { consumed, produced })
    }

    fn may_end(&self) -> bool {
        self.ended || !self.begun
    }
}

/// Frames one after another (RFC 8878).
pub(super) struct Zstd {
    decoder: zstd::stream::raw::Decoder<'static>,
    between_frames: bool,
}

impl Zstd {
    /// `None` if the C library cannot allocate a context.
    fn new() -> Option<Zstd> {
        let mut decoder = zstd::stream::raw::Decoder::new().ok()?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG)).ok()?;
        Some(Zstd { decoder, between_frames: true })
    }

    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Malformed> {
        if input.is_empty() && self.between_frames {
            // Asked now, the library would say that it waits for the header of another frame.
            return Ok(Step::default());
        }
        let status = self.decoder.run_on_buffers(input, output).map_err(|_| Malformed)?;
        self.between_frames = status.remaining == 0;
        Ok(Step { consumed: status.bytes_read, produced: status.bytes_written })
    }

    fn may_end(&self) -> bool {
        self.between_frames
    }
}
