//! What the declarations of a style do to the sight of an element.

/// How text is out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Takes no space at all, or is where nobody sees it.
    Gone,
    /// `visibility: hidden`, which a child may take back.
    Invisible,
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
}

/// What a rule of a style sheet does to what it selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Hides(Means),
    Shows(Means),
}

/// What an inline style does to an element's text.
pub(super) fn inline(style: &str) -> Option<Sight> {
    let lower = style.to_ascii_lowercase();
    let (mut clipped, mut small, mut absolute) = (false, 0, false);
    let mut moving = false;
    let mut sight = None;
    let mut see_through = false;
    for (property, value) in declarations(&lower) {
        match property {
            "display" if value == "none" => sight = Some(Sight::Gone),
            "visibility" if matches!(value, "hidden" | "collapse") => {
                sight = sight.or(Some(Sight::Invisible));
            }
            "opacity" if number(value) == Some(0.0) => see_through = true,
            "font-size"
                if number(value).is_some_and(|n| n < 3.0)
                    && (value.ends_with("px") || number(value) == Some(0.0)) =>
            {
                sight = Some(Sight::Gone);
            }
            "text-indent" | "left" | "top" | "right" | "margin-left" if far_away(value) => {
                sight = Some(Sight::Gone);
            }
            "clip" | "clip-path" if is_clip(value) => clipped = true,
            "width" | "height" | "max-height"
                if number(value).is_some_and(|n| n <= 1.0) && !value.ends_with('%') =>
            {
                small += 1;
            }
            "overflow" if value == "hidden" => small += 1,
            "position" if matches!(value, "absolute" | "fixed") => absolute = true,
            _ => moving |= is_motion(property),
        }
    }
    if (clipped && absolute) || small >= 3 || (see_through && !moving) {
        return Some(Sight::Gone);
    }
    sight
}

/// What the declarations of a rule do.
///
/// Less is believed than of an element's own style: transparent and tiny are what scripts and other rules start from.
pub(super) fn effects(declared: &str) -> Vec<Effect> {
    let lower = declared.to_ascii_lowercase();
    let (mut absolute, mut away, mut clipped) = (false, false, false);
    let mut effects = Vec::new();
    let (mut placed, mut moving) = (false, false);
    for (property, value) in declarations(&lower) {
        match property {
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
    // What moves when it is hidden is made to be shown.
    if moving {
        effects.retain(|effect| matches!(effect, Effect::Shows(_)));
    }
    effects
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
        check("position:absolute; clip: rect(0, 0, 0, 0)", Some(Sight::Gone));
        check("opacity:0", Some(Sight::Gone));
        check("opacity:0;transition:opacity 1s", None);
        check("font-size:1px", Some(Sight::Gone));
        check("text-indent:-20px;left:-50px", None);
        check("display", None);
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
    }
}
