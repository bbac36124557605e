//! Lengths of styles, and the shapes that leave nothing.

/// How much a width or a height leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Nothing,
    /// One pixel, by which readers of the screen are told from all others.
    Dot,
    Some,
}

/// Whether letters of this size are none; `None` where they are as large as those around, or as a part of them.
pub(super) fn is_tiny(value: &str) -> Option<bool> {
    let tiny = number(value).is_some_and(|n| n <= 0.0) || is_tiny_length(value);
    let relative = (value.ends_with("em") && !value.ends_with("rem"))
        || value.ends_with('%')
        || matches!(value, "inherit" | "smaller" | "larger");
    (tiny || !relative).then_some(tiny)
}

/// Whether a part of a `font` is a size, perhaps with the height of a line, that leaves no letters.
pub(super) fn is_tiny_size(part: &str) -> bool {
    let size = part.split('/').next().unwrap_or_default();
    size == "0" || is_tiny_length(size)
}

/// A length of letters that nobody can read.
fn is_tiny_length(value: &str) -> bool {
    let Some(n) = number(value) else { return false };
    let least = if value.ends_with("px") {
        3.0
    } else if value.ends_with("pt") {
        2.5
    } else if value.ends_with("em") {
        0.2
    } else if value.ends_with('%') {
        20.0
    } else {
        return false;
    };
    n < least
}

pub(super) fn extent(value: &str) -> Extent {
    match number(value) {
        Some(n) if n <= 0.0 => Extent::Nothing,
        Some(n) if n <= 1.0 && value.ends_with("px") => Extent::Dot,
        _ => Extent::Some,
    }
}

/// What stands in the parentheses of a function of a value.
pub(super) fn argument<'v>(value: &'v str, function: &str) -> Option<&'v str> {
    let (_, rest) = value.split_once(function)?;
    Some(rest.strip_prefix('(')?.split(')').next().unwrap_or_default().trim())
}

/// Whether a transform leaves nothing, or puts it where nobody sees it. What is moved by less may be a strip of slides.
pub(super) fn moves_away(property: &str, value: &str) -> bool {
    let is_nothing = |part: &str| number(part.trim()) == Some(0.0);
    let is_away = |part: &str| beyond(part.trim(), STRIP).is_some();
    match property {
        "scale" => value.split(' ').any(is_nothing),
        "translate" => value.split(' ').any(is_away),
        _ => {
            let scaled = ["scale", "scalex", "scaley"].iter().any(|name| {
                argument(value, name).is_some_and(|parts| parts.split(',').take(2).any(is_nothing))
            });
            let flat =
                || argument(value, "scale3d").is_some_and(|parts| parts.split(',').take(2).any(is_nothing));
            let matrix =
                || argument(value, "matrix").is_some_and(|parts| parts.split(',').take(4).all(is_nothing));
            let moved = || {
                let (_, rest) = value.split_once("translate")?;
                let (_, parts) = rest.split_once('(')?;
                parts.split(')').next()?.split(',').any(is_away).then_some(())
            };
            scaled || flat() || matrix() || moved().is_some()
        }
    }
}

/// Whether a value of `clip` or `clip-path` leaves nothing.
pub(super) fn is_clip(value: &str) -> bool {
    let numbers = |parts: &str| -> Vec<f32> {
        parts.split([',', ' ']).filter(|part| !part.is_empty()).map_while(number).collect()
    };
    let first = |name| numbers(argument(value, name).unwrap_or_default());
    // The sides of a rectangle are where they are, those of an inset how far they are in.
    let rectangle =
        || matches!(first("rect")[..], [top, right, bottom, left] if right <= left && bottom <= top);
    let inset = || first("inset").first().is_some_and(|n| *n >= 50.0) && value.contains('%');
    let round = |name| first(name).first() == Some(&0.0);
    let corners = || {
        let corners = first("polygon");
        corners.len() >= 6 && corners.iter().all(|n| *n == 0.0)
    };
    rectangle() || inset() || round("circle") || round("ellipse") || corners()
}

/// The number that a CSS length starts with.
pub(in crate::extract) fn number(value: &str) -> Option<f32> {
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    value[..end].parse().ok()
}

/// Whether a length leads out of sight to the left or upwards, where nobody scrolls.
pub(super) fn far_away(value: &str) -> bool {
    beyond(value, [999.0, 99.0, 100.0]).is_some_and(|n| n < 0.0)
}

/// Whether it leads out of sight to the right.
pub(super) fn far_off(value: &str) -> bool {
    beyond(value, STRIP).is_some_and(|n| n > 0.0)
}

/// Farther than strips of slides reach: in pixels and shares, in letters, in screens.
const STRIP: [f32; 3] = [5_000.0, 500.0, 200.0];

/// A length if it is at least so long either way: in pixels, in letters, in hundredths of a screen.
fn beyond(value: &str, [pixels, letters, screens]: [f32; 3]) -> Option<f32> {
    let value = value.strip_prefix("calc(").map_or(value, |inner| inner.trim_end_matches(')').trim());
    let n = number(value)?;
    let least = match value.trim_start_matches(|c: char| !c.is_ascii_alphabetic()) {
        "em" | "rem" | "ch" | "ex" => letters,
        "vw" | "vh" | "vmin" | "vmax" => screens,
        _ => pixels,
    };
    (n.abs() >= least).then_some(n)
}
