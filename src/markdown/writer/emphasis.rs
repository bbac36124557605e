//! Which spans of a line can be read as such where they stand (`CommonMark` 6.2, delimiter runs).

use super::line::{Line, Piece};

/// Spans that cannot be read are left out in so many rounds, since each changes what stands beside others.
const ROUNDS: usize = 8;

/// Takes out of the line the spans that cannot be read; what stood apart by them is one piece.
pub(super) fn settle(line: &mut Line) {
    if line.spans.is_empty() {
        return;
    }
    let written = readable(line);
    let mut settled: Vec<Piece> = Vec::with_capacity(line.pieces.len());
    for piece in line.pieces.drain(..) {
        match (settled.last_mut(), piece) {
            (_, Piece::Open(span) | Piece::Close(span)) if !written[span] => {}
            (Some(Piece::Text(last)), Piece::Text(next)) | (Some(Piece::Code(last)), Piece::Code(next)) => {
                last.end = next.end;
            }
            (_, piece) => settled.push(piece),
        }
    }
    line.pieces = settled;
}

/// Says for each span of the line whether it is written.
fn readable(line: &Line) -> Vec<bool> {
    let mut written = vec![true; line.spans.len()];
    if let Some(&Piece::Open(span)) = line.pieces.first()
        && defines(line, span)
    {
        written[span] = false;
    }
    for _ in 0..ROUNDS {
        if !leave_out(line, &mut written) {
            return written;
        }
    }
    written.iter().zip(&line.spans).map(|(written, span)| *written && span.is_link()).collect()
}

/// Whether a link that a paragraph begins with would be read as a definition: code in it holds `]:`.
fn defines(line: &Line, span: usize) -> bool {
    let inside = line.pieces.iter().take_while(|piece| **piece != Piece::Close(span));
    line.spans[span].is_link()
        && inside
            .filter_map(|piece| if let Piece::Code(range) = piece { Some(range) } else { None })
            .any(|code| line.text[code.clone()].contains("]:"))
}

/// Leaves out what cannot be read; says whether there was any.
fn leave_out(line: &Line, written: &mut [bool]) -> bool {
    let live: Vec<&Piece> = line
        .pieces
        .iter()
        .filter(|piece| !matches!(piece, Piece::Open(span) | Piece::Close(span) if !written[*span]))
        .collect();
    let mut changed = false;
    // Spans open here, by their delimiter: of `*` and of `~`.
    let mut open = [0_usize; 2];
    let mut at = 0;
    while at < live.len() {
        let Some(run) = run(line, &live[at..]) else {
            at += 1;
            continue;
        };
        let end = at + run;
        let before = at.checked_sub(1).and_then(|i| last(line, live[i]));
        let after = live.get(end).and_then(|piece| first(line, piece));
        let reads = match live[at] {
            // `*a***b**`: two runs side by side would be read as one.
            Piece::Open(span) => {
                let depth = &mut open[usize::from(line.spans[*span].closer() == '~')];
                let apart = !(at > 0 && ends_like(line, live[at - 1], *span));
                let ends_outer = *depth > 0 && may_close(before, after);
                *depth += run;
                apart && !ends_outer && flanks(after, before)
            }
            Piece::Close(span) => {
                let depth = &mut open[usize::from(line.spans[*span].closer() == '~')];
                *depth = depth.saturating_sub(run);
                flanks(before, after)
            }
            _ => true,
        };
        if !reads {
            for piece in &live[at..end] {
                if let Piece::Open(span) | Piece::Close(span) = piece {
                    written[*span] = false;
                }
            }
            changed = true;
        }
        at = end;
    }
    changed
}

/// How many of the pieces are one run of delimiters: emphasis that begins, or ends, with the same character.
fn run(line: &Line, pieces: &[&Piece]) -> Option<usize> {
    let first = pieces.first()?;
    let (Piece::Open(span) | Piece::Close(span)) = first else { return None };
    if line.spans[*span].is_link() {
        return None;
    }
    let delimiter = line.spans[*span].closer();
    let same = |piece: &&&Piece| match (first, piece) {
        (Piece::Open(_), Piece::Open(other)) | (Piece::Close(_), Piece::Close(other)) => {
            line.spans[*other].closer() == delimiter
        }
        _ => false,
    };
    Some(pieces.iter().take_while(same).count())
}

fn ends_like(line: &Line, piece: &Piece, span: usize) -> bool {
    matches!(piece, Piece::Close(other) if line.spans[*other].closer() == line.spans[span].closer())
}

/// Whether a run is flanking: next to text on its inner side, and beside punctuation only where the outer side is no
/// letter.
fn flanks(inner: Option<char>, outer: Option<char>) -> bool {
    let Some(inner) = inner.filter(|c| !c.is_whitespace()) else { return false };
    let punctuation = !inner.is_alphanumeric();
    !punctuation || outer.is_none_or(|c| c.is_whitespace() || is_punctuation(c))
}

/// Whether a run that begins spans could be taken for the end of one.
fn may_close(before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before.filter(|c| !c.is_whitespace()) else { return false };
    before.is_alphanumeric() || after.is_none_or(|c| !c.is_alphanumeric())
}

/// Punctuation in every reader's view; of symbols and combining marks opinions differ.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
}

/// The character that a piece is written with first.
pub(super) fn first(line: &Line, piece: &Piece) -> Option<char> {
    match piece {
        Piece::Text(range) => line.text[range.clone()].chars().next(),
        Piece::Code(_) => Some('`'),
        Piece::Break => Some('\n'),
        Piece::Open(span) => line.spans[*span].opener().chars().next(),
        Piece::Close(span) => Some(line.spans[*span].closer()),
    }
}

fn last(line: &Line, piece: &Piece) -> Option<char> {
    match piece {
        Piece::Text(range) => line.text[range.clone()].chars().next_back(),
        Piece::Close(span) if line.spans[*span].is_link() => Some(')'),
        other => first(line, other),
    }
}
