//! The `deflate` coding: zlib (RFC 1950) by RFC 9110, section 8.4.1.2, but some servers send raw deflate data
//! (RFC 1951). The first two bytes tell.

use flate2::{Decompress, FlushDecompress, Status};

use super::step::{Malformed, Step};

/// Deflate data: what a step did, and whether the stream ended with it.
pub(super) fn inflate(
    stream: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Step, bool), Malformed> {
    let (read, written) = (stream.total_in(), stream.total_out());
    let status = stream.decompress(input, output, FlushDecompress::None).map_err(|_| Malformed)?;
    // Neither can exceed the length of its slice.
    let difference = |now: u64, before: u64| usize::try_from(now - before).map_err(|_| Malformed);
    let step = Step {
        consumed: difference(stream.total_in(), read)?,
        produced: difference(stream.total_out(), written)?,
    };
    Ok((step, status == Status::StreamEnd))
}

/// One stream, with or without the zlib wrapper.
pub(super) enum Deflate {
    Start { first: Option<u8> },
    Data(Decompress),
    End,
}

impl Deflate {
    pub(super) fn new() -> Deflate {
        Deflate::Start { first: None }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Malformed> {
        match self {
            Deflate::Start { first: None } => {
                let first = input.first().copied();
                *self = Deflate::Start { first };
                Ok(Step { consumed: usize::from(first.is_some()), produced: 0 })
            }
            Deflate::Start { first: Some(first) } => {
                let (first, Some(second)) = (*first, input.first().copied()) else {
                    return Ok(Step::default());
                };
                let mut stream = Decompress::new(is_zlib(first, second));
                // No stream yields anything in its first byte, so no room for output is needed.
                let (step, _) = inflate(&mut stream, &[first], &mut [])?;
                if step.consumed != 1 {
                    return Err(Malformed);
                }
                *self = Deflate::Data(stream);
                self.step(input, output)
            }
            Deflate::Data(stream) => {
                let (step, ended) = inflate(stream, input, output)?;
                if ended {
                    *self = Deflate::End;
                    if step == Step::default() {
                        // An end without a byte must not look like a halt.
                        return self.step(input, output);
                    }
                }
                Ok(step)
            }
            Deflate::End => Ok(Step { consumed: input.len(), produced: 0 }),
        }
    }

    pub(super) fn may_end(&self) -> bool {
        matches!(self, Deflate::Start { first: None } | Deflate::End)
    }
}

/// Whether two bytes are a zlib header (RFC 1950, section 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).is_multiple_of(31)
}
