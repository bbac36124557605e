//! What the declarations of a style do to the sight of an element.

use std::borrow::Cow;

/// How text is out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Takes no space at all, or is where nobody sees it.
    Gone,
    /// `visibility: hidden`, which a child may take back.
    Invisible,
    /// Clipped away where it stands: texts for screen readers.
    Clipped,
    /// Perhaps to be seen at times, or on some ground: the style alone does not tell.
    Faint,
}

/// The means by which a style hides or shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Means {
    /// `display`
    Display,
    /// `visibility`
    Visibility,
    /// Position, indent, clipping.
    Place,
    /// A height of nothing.
    Size,
}

/// What a rule of a style sheet does to what it selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Hides(Means),
    Shows(Means),
}

/// What an inline style does to an element's text.
pub(super) fn inline(style: &str) -> Option<Sight> {
    let lower = without_comments(style).to_ascii_lowercase();
    let (mut clipped, mut small, mut absolute) = (false, 0, false);
    let mut moving = false;
    let mut sight = None;
    let mut see_through = false;
    for (property, value) in declarations(&lower) {
        match property {
            "display" if value == "none" => sight = Some(Sight::Gone),
            "content-visibility" if value == "hidden" => sight = Some(Sight::Gone),
            "visibility" if matches!(value, "hidden" | "collapse") => {
                sight = sight.or(Some(Sight::Invisible));
            }
            "opacity" if number(value).is_some_and(|n| n <= 0.05) => see_through = true,
            "filter" if value.replace(' ', "").starts_with("opacity(0)") => see_through = true,
            "font-size" if is_tiny(value) => sight = Some(Sight::Gone),
            "font" if value.split(['/', ' ']).any(is_tiny_length) => sight = Some(Sight::Gone),
            "text-indent" | "left" | "top" | "right" | "bottom" | "margin-left" | "margin-top"
                if far_away(value) =>
            {
                sight = Some(Sight::Gone);
            }
            "transform" if moves_away(value) => sight = Some(Sight::Gone),
            "clip" if is_clip(value) => clipped = true,
            "clip-path" if is_clip(value) => sight = sight.or(Some(Sight::Clipped)),
            "width" | "height" | "max-height" | "max-width"
                if number(value).is_some_and(|n| n <= 1.0)
                    && (!value.ends_with('%') || number(value) == Some(0.0)) =>
            {
                small += 1;
            }
            "overflow" if value == "hidden" => small += 1,
            "position" if matches!(value, "absolute" | "fixed") => absolute = true,
            _ => moving |= is_motion(property),
        }
    }
    if sight == Some(Sight::Gone) {
        return sight;
    }
    if clipped && absolute {
        return Some(Sight::Clipped);
    }
    if small >= 3 || (see_through && !moving) {
        return Some(Sight::Gone);
    }
    sight.or(see_through.then_some(Sight::Faint))
}

/// The text's colour and the ground's, as far as an inline style names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) text: Option<Colour>,
    pub(super) ground: Option<Colour>,
    /// The ground shows through the letters: a colour gradient as text.
    pub(super) clipped_to_text: bool,
}

/// A colour as red, green and blue; `None` for one that lets all through.
pub(super) type Colour = Option<[u8; 3]>;

/// The colours that an inline style names.
pub(super) fn colours(style: &str) -> Colours {
    let lower = without_comments(style).to_ascii_lowercase();
    let mut found = Colours::default();
    for (property, value) in declarations(&lower) {
        match property {
            "color" => found.text = colour(value),
            "background-color" => found.ground = colour(value),
            "background" => {
                found.clipped_to_text |= value.contains("gradient") || value.contains("url(");
                found.ground = value.split(' ').find_map(colour).or(found.ground);
            }
            "background-clip" | "-webkit-background-clip" => found.clipped_to_text |= value == "text",
            "background-image" | "-webkit-text-stroke" | "text-shadow" => found.clipped_to_text = true,
            _ => {}
        }
    }
    found
}

/// A colour by its usual spellings.
pub(super) fn colour(value: &str) -> Option<Colour> {
    let value = value.trim();
    let named = match value {
        "white" => Some([255, 255, 255]),
        "black" => Some([0, 0, 0]),
        "red" => Some([255, 0, 0]),
        "blue" => Some([0, 0, 255]),
        "green" => Some([0, 128, 0]),
        "gray" | "grey" => Some([128, 128, 128]),
        "silver" => Some([192, 192, 192]),
        "yellow" => Some([255, 255, 0]),
        "transparent" => return Some(None),
        _ => None,
    };
    if named.is_some() {
        return named.map(Some);
    }
    if let Some(hex) = value.strip_prefix('#') {
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let digit = |at: usize, len: usize| u8::from_str_radix(hex.get(at..at + len)?, 16).ok();
        return match hex.len() {
            3 | 4 => {
                let shown = hex.len() == 3 || digit(3, 1)? > 0;
                Some(shown.then_some([digit(0, 1)? * 17, digit(1, 1)? * 17, digit(2, 1)? * 17]))
            }
            6 | 8 => {
                let shown = hex.len() == 6 || digit(6, 2)? > 0;
                Some(shown.then_some([digit(0, 2)?, digit(2, 2)?, digit(4, 2)?]))
            }
            _ => None,
        };
    }
    let inner = value.strip_prefix("rgba(").or_else(|| value.strip_prefix("rgb("))?.strip_suffix(')')?;
    let parts: Vec<&str> = inner.split([',', ' ', '/']).filter(|part| !part.is_empty()).collect();
    if parts.get(3).is_some_and(|alpha| number(alpha) == Some(0.0)) {
        return Some(None);
    }
    let channel = |part: &str| part.split('.').next()?.parse().ok();
    match parts[..] {
        [red, green, blue, ..] => Some(Some([channel(red)?, channel(green)?, channel(blue)?])),
        _ => None,
    }
}

fn is_tiny(value: &str) -> bool {
    number(value).is_some_and(|n| n <= 0.0) || is_tiny_length(value)
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

/// Whether a transform leaves nothing, or puts it where nobody sees it.
fn moves_away(value: &str) -> bool {
    let value = value.replace(' ', "");
    let scaled = ["scale(0)", "scale(0,0)", "scalex(0)", "scaley(0)"].iter().any(|none| value.contains(none));
    let moved = value
        .split_once("translate")
        .and_then(|(_, rest)| rest.split_once('('))
        .is_some_and(|(_, rest)| rest.split(')').next().unwrap_or_default().split(',').any(far_away));
    scaled || moved
}

/// What the declarations of a rule do.
///
/// Less is believed than of an element's own style: transparent and tiny are what scripts and other rules start from.
pub(super) fn effects(declared: &str) -> Vec<Effect> {
    let lower = declared.to_ascii_lowercase();
    let (mut absolute, mut away, mut clipped) = (false, false, false);
    let mut effects = Vec::new();
    let (mut placed, mut moving) = (false, false);
    let (mut flat, mut padded, mut cut) = (false, false, false);
    for (property, value) in declarations(&lower) {
        match property {
            "height" | "max-height" if number(value) == Some(0.0) => flat = true,
            "padding" | "padding-top" | "padding-bottom" => padded |= number(value) != Some(0.0),
            "overflow" | "overflow-y" if matches!(value, "hidden" | "clip") => cut = true,
            "height" | "max-height" | "overflow" | "overflow-y" => effects.push(Effect::Shows(Means::Size)),
            "display" if value == "none" => effects.push(Effect::Hides(Means::Display)),
            "display" => effects.push(Effect::Shows(Means::Display)),
            "visibility" if matches!(value, "hidden" | "collapse") => {
                effects.push(Effect::Hides(Means::Visibility));
            }
            "visibility" => effects.push(Effect::Shows(Means::Visibility)),
            "position" if matches!(value, "absolute" | "fixed") => absolute = true,
            "left" | "top" | "right" if far_away(value) => away = true,
            "clip" | "clip-path" if is_clip(value) => clipped = true,
            "position" | "left" | "top" | "right" | "clip" | "clip-path" => placed = true,
            _ => moving |= is_motion(property),
        }
    }
    if absolute && (away || clipped) {
        effects.push(Effect::Hides(Means::Place));
    } else if placed {
        effects.push(Effect::Shows(Means::Place));
    }
    // With padding it is the frame of a film.
    if flat && cut && !padded {
        effects.push(Effect::Hides(Means::Size));
    }
    // What moves when it is hidden is made to be shown.
    if moving {
        effects.retain(|effect| matches!(effect, Effect::Shows(_)));
    }
    effects
}

/// CSS without its comments, which may stand anywhere between words.
pub(super) fn without_comments(css: &str) -> Cow<'_, str> {
    if !css.contains("/*") {
        return Cow::Borrowed(css);
    }
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        rest = rest[start + 2..].split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Properties and values, without `!important`.
fn declarations(style: &str) -> impl Iterator<Item = (&str, &str)> {
    style.split(';').filter_map(|declaration| {
        let (property, value) = declaration.split_once(':')?;
        let value = value.split_once('!').map_or(value, |(value, _)| value);
        Some((property.trim(), value.trim()))
    })
}

/// Whether a property is one by which elements come and go.
fn is_motion(property: &str) -> bool {
    let property = property.trim_start_matches("-webkit-").trim_start_matches("-moz-");
    matches!(property, "transform" | "will-change")
        || property.starts_with("transition")
        || property.starts_with("animation")
}

/// Whether a value of `clip` or `clip-path` leaves nothing.
fn is_clip(value: &str) -> bool {
    value.replace([',', ' '], "").starts_with("rect(0")
        || value.contains("inset(50%")
        || value.contains("inset(100%")
        || value.replace(' ', "").starts_with("circle(0)")
        || value.replace(' ', "").starts_with("polygon(00,00")
}

/// The number that a CSS length starts with.
fn number(value: &str) -> Option<f32> {
    let end =
        value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    value[..end].parse().ok()
}

fn far_away(value: &str) -> bool {
    number(value).is_some_and(|n| n <= if value.ends_with("em") { -99.0 } else { -999.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_style_hides_by_what_it_says() {
        let check = |style: &str, expected: Option<Sight>| assert_eq!(inline(style), expected, "{style}");
        check("DISPLAY : None ! important", Some(Sight::Gone));
        check("visibility:hidden", Some(Sight::Invisible));
        check("color:red;/* off: */display:/**/none", Some(Sight::Gone));
        check("/*display:none;*/color:red", None);
        check("position:absolute; clip: rect(0, 0, 0, 0)", Some(Sight::Clipped));
        check("transform: translateX(-9999px)", Some(Sight::Gone));
        check("transform:scale(0)", Some(Sight::Gone));
        check("font-size:.05em", Some(Sight::Gone));
        check("font-size:80%", None);
        check("height:0;overflow:hidden", None);
        check("opacity:0", Some(Sight::Gone));
        check("opacity:0;transition:opacity 1s", Some(Sight::Faint));
        check("font-size:1px", Some(Sight::Gone));
        check("text-indent:-20px;left:-50px", None);
        check("display", None);
    }

    #[test]
    fn colours_are_read_in_their_usual_spellings() {
        let check = |text: &str, expected: Option<Colour>| assert_eq!(colour(text), expected, "{text}");
        check("white", Some(Some([255; 3])));
        check("#FFF".to_ascii_lowercase().as_str(), Some(Some([255; 3])));
        check("#ff000000", Some(None));
        check("rgb(255, 255, 255)", Some(Some([255; 3])));
        check("rgba(0,0,0,0)", Some(None));
        check("rgb(1 2 3 / 50%)", Some(Some([1, 2, 3])));
        check("var(--x)", None);
        check("#fé", None);
    }

    #[test]
    fn a_rule_hides_or_shows_by_its_means() {
        let check = |rule: &str, expected: &[Effect]| assert_eq!(effects(rule), expected, "{rule}");
        check("display:none;color:red", &[Effect::Hides(Means::Display)]);
        check("display:flex", &[Effect::Shows(Means::Display)]);
        check("position:absolute;left:-999em", &[Effect::Hides(Means::Place)]);
        check("position:fixed;clip-path:inset(50%)", &[Effect::Hides(Means::Place)]);
        check("left:-999em", &[]);
        check("left:0", &[Effect::Shows(Means::Place)]);
        check("opacity:0", &[]);
        check("display:none;-webkit-transition:height 1s", &[]);
        check("height:0;overflow:hidden", &[Effect::Hides(Means::Size)]);
        check("max-height:0px;overflow:hidden;transition:max-height .2s", &[]);
        check("height:0;padding-bottom:56.25%;overflow:hidden", &[]);
        check("height:auto", &[Effect::Shows(Means::Size)]);
    }
}
