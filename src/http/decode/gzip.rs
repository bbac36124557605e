//! The gzip format around deflate data (RFC 1952).
//!
//! Read here, because flate2 offers it only around a reader or a writer, where a step has no bound. The check
//! sum of the header is passed over: what it protects is not used.

use flate2::{Crc, Decompress};

use super::deflate::inflate;
use super::step::{Malformed, Step};

/// One member after another.
pub(super) struct Gzip {
    part: GzipPart,
    /// Whether a whole member has been decoded: what follows and is no member is ignored.
    complete: bool,
    stream: Decompress,
    crc: Crc,
}

enum GzipPart {
    Header(Header),
    Data,
    Trailer { bytes: [u8; 8], filled: usize },
    Garbage,
}

impl Gzip {
    pub(super) fn new() -> Gzip {
        Gzip {
            part: GzipPart::Header(Header::default()),
            complete: false,
            stream: Decompress::new(false),
            crc: Crc::new(),
        }
    }

    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Malformed> {
        match &mut self.part {
            GzipPart::Header(header) => {
                for (at, byte) in input.iter().enumerate() {
                    match header.accept(*byte) {
                        Ok(false) => {}
                        Ok(true) => {
                            self.part = GzipPart::Data;
                            return Ok(Step { consumed: at + 1, produced: 0 });
                        }
                        Err(Malformed) if self.complete && header.in_magic() => {
                            self.part = GzipPart::Garbage;
                            break;
                        }
                        Err(Malformed) => return Err(Malformed),
                    }
                }
                Ok(Step { consumed: input.len(), produced: 0 })
            }
            GzipPart::Data => {
                let (step, ended) = inflate(&mut self.stream, input, output)?;
                self.crc.update(&output[..step.produced]);
                if ended {
                    self.part = GzipPart::Trailer { bytes: [0; 8], filled: 0 };
                    if step == Step::default() {
                        // An end without a byte must not look like a halt.
                        return self.step(input, output);
                    }
                }
                Ok(step)
            }
            GzipPart::Trailer { bytes, filled } => {
                let consumed = input.len().min(bytes.len() - *filled);
                bytes[*filled..*filled + consumed].copy_from_slice(&input[..consumed]);
                *filled += consumed;
                if *filled == bytes.len() {
                    // CRC-32, then the length modulo 2^32.
                    let expected = u64::from(self.crc.amount()) << 32 | u64::from(self.crc.sum());
                    if u64::from_le_bytes(*bytes) != expected {
                        return Err(Malformed);
                    }
                    self.stream.reset(false);
                    self.crc.reset();
                    self.complete = true;
                    self.part = GzipPart::Header(Header::default());
                }
                Ok(Step { consumed, produced: 0 })
            }
            GzipPart::Garbage => Ok(Step { consumed: input.len(), produced: 0 }),
        }
    }

    pub(super) fn may_end(&self) -> bool {
        match &self.part {
            GzipPart::Header(header) if self.complete => header.in_magic(),
            GzipPart::Header(header) => header.at_start(),
            GzipPart::Data | GzipPart::Trailer { .. } => false,
            GzipPart::Garbage => true,
        }
    }
}

const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const HEADER_CRC: u8 = 1 << 1;
const RESERVED: u8 = 0b1110_0000;

/// The header of a gzip member, a byte at a time. Nothing of it is kept.
#[derive(Default)]
struct Header {
    field: Field,
    /// Flags of the fields still to come.
    flags: u8,
}

enum Field {
    /// The ten bytes that every header has; the value is the number seen.
    Fixed(u8),
    ExtraLow,
    ExtraHigh(u8),
    Skip(u16),
    /// Up to a NUL.
    Text,
}

impl Default for Field {
    fn default() -> Field {
        Field::Fixed(0)
    }
}

impl Header {
    fn at_start(&self) -> bool {
        matches!(self.field, Field::Fixed(0))
    }

    /// Whether the magic number and the method have not all been seen.
    fn in_magic(&self) -> bool {
        matches!(self.field, Field::Fixed(0..=2))
    }

    /// Takes the next byte; true if it was the last one of the header.
    fn accept(&mut self, byte: u8) -> Result<bool, Malformed> {
        match self.field {
            Field::Fixed(at) => {
                match at {
                    0 if byte != 0x1f => return Err(Malformed),
                    1 if byte != 0x8b => return Err(Malformed),
                    // Deflate is the only method there is.
                    2 if byte != 8 => return Err(Malformed),
                    3 if byte & RESERVED != 0 => return Err(Malformed),
                    3 => self.flags = byte,
                    _ => {}
                }
                if at == 9 {
                    return Ok(self.next_field());
                }
                self.field = Field::Fixed(at + 1);
            }
            Field::ExtraLow => self.field = Field::ExtraHigh(byte),
            Field::ExtraHigh(low) => match u16::from_le_bytes([low, byte]) {
                0 => return Ok(self.next_field()),
                length => self.field = Field::Skip(length),
            },
            Field::Skip(1) => return Ok(self.next_field()),
            Field::Skip(left) => self.field = Field::Skip(left - 1),
            Field::Text if byte == 0 => return Ok(self.next_field()),
            Field::Text => {}
        }
        Ok(false)
    }

    /// Moves to the next field that the flags announce; true if there is none.
    fn next_field(&mut self) -> bool {
        let announced = [
            (EXTRA, Field::ExtraLow),
            (NAME, Field::Text),
            (COMMENT, Field::Text),
            (HEADER_CRC, Field::Skip(2)),
        ];
        for (flag, field) in announced {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                self.field = field;
                return false;
            }
        }
        true
    }
}
