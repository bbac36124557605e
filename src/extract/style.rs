//! What the declarations of a style do to the sight of an element.

use std::borrow::Cow;

use super::colour::{Colour, alike, colour, is_see_through};
use length::{Extent, argument, extent, far_away, far_off, is_clip, is_tiny, is_tiny_size, moves_away};

pub(super) use length::number;

mod length;

/// How text is out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Takes no space at all.
    Gone,
    /// Stands where nobody sees it, but may be spoken.
    Away,
    /// What is below takes over the same, and may take it back.
    Inherited(Means),
    /// Clipped away where it stands: texts for screen readers.
    Clipped,
    /// Folded to nothing: a button of any kind before it may unfold it.
    Folded,
    /// Perhaps to be seen at times, or on some ground: the style alone does not tell.
    Faint,
}

/// The means by which a style hides or shows, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Means {
    /// `display`, `content-visibility`.
    Display,
    /// `visibility`
    Visibility,
    /// Position, margin, clipping.
    Place,
    /// A height or a width of nothing.
    Size,
    /// Letters of no size.
    Letters,
    /// Lines that begin far away.
    Indent,
    /// The colour of the ground.
    Colour,
    /// `opacity`
    Opacity,
}

impl Means {
    /// What text is that a rule of a style sheet hides by it.
    pub(super) fn sight(self) -> Sight {
        match self {
            Means::Display | Means::Size => Sight::Gone,
            Means::Place => Sight::Away,
            Means::Visibility | Means::Letters | Means::Indent | Means::Colour => Sight::Inherited(self),
            Means::Opacity => Sight::Faint,
        }
    }
}

/// What a rule of a style sheet does to what it selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Hides(Means),
    Shows(Means),
}

impl Effect {
    pub(super) fn means(self) -> Means {
        match self {
            Effect::Hides(means) | Effect::Shows(means) => means,
        }
    }
}

/// What a list of declarations comes to, as far as it matters here. Each is whether it hides, if anything is declared.
#[derive(Debug, Default)]
pub(super) struct Style {
    display: Option<bool>,
    skipped: Option<bool>,
    visibility: Option<bool>,
    opacity: Option<bool>,
    filter: Option<bool>,
    letters: Option<bool>,
    indent: Option<bool>,
    /// `left`, `right`, `top`, `bottom`, `inset`.
    offsets: [Option<bool>; 5],
    margin: Option<bool>,
    moved: Option<bool>,
    clip: Option<bool>,
    clip_path: Option<bool>,
    /// Of width, height and the most of both, how little is left.
    extents: [Option<Extent>; 4],
    padded: Option<bool>,
    cut: Option<bool>,
    /// `position` takes it out of the text, or lets it be where it is.
    position: Option<bool>,
    /// By its own width: on one line, all of it is cut off.
    indented: Option<bool>,
    unbroken: bool,
    /// It takes what room there is, whatever its width or height says.
    stretched: bool,
    moving: bool,
    colours: Colours,
}

/// The text's colour and the ground's, as far as a style names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) text: Option<Colour>,
    pub(super) ground: Option<Colour>,
    /// The ground shows through the letters: a colour gradient as text. Or it is of no one colour.
    pub(super) clipped_to_text: bool,
}

/// What an inline style does to an element's text.
pub(super) fn inline(style: &str) -> Option<Sight> {
    Style::read(style).sight()
}

/// The colours that an inline style names.
pub(super) fn colours(style: &str) -> Colours {
    Style::read(style).colours
}

/// What an inline style says by these means: whether it hides.
pub(super) fn says(style: &str, means: Means) -> Option<bool> {
    let effects = Style::read(style).effects();
    effects.iter().find_map(|effect| match *effect {
        Effect::Hides(by) => (by == means).then_some(true),
        Effect::Shows(by) => (by == means).then_some(false),
    })
}

/// What the declarations of a rule do.
///
/// Less is believed than of an element's own style: transparent and moved away is what scripts and other rules start
/// from.
pub(super) fn effects(declared: &str) -> Vec<Effect> {
    Style::read(declared).effects()
}

impl Style {
    /// Reads declarations: the last of a property counts, and an important one more than all others.
    pub(super) fn read(declared: &str) -> Self {
        let lower = without_comments(declared).to_ascii_lowercase();
        let mut style = Self::default();
        for important in [false, true] {
            if important && !lower.contains('!') {
                break;
            }
            for (property, value, is_important) in declarations(&lower) {
                if is_important == important {
                    style.declare(property, value);
                }
            }
        }
        style
    }

    fn declare(&mut self, property: &str, value: &str) {
        match property {
            "display" => self.display = Some(value == "none"),
            "content-visibility" => self.skipped = Some(value == "hidden"),
            "visibility" => {
                self.visibility = (value != "inherit").then_some(matches!(value, "hidden" | "collapse"));
            }
            "opacity" => self.opacity = Some(is_see_through(value)),
            "filter" => self.filter = Some(argument(value, "opacity").is_some_and(is_see_through)),
            "font-size" => self.letters = is_tiny(value),
            "font" => self.letters = Some(value.split(' ').any(is_tiny_size)),
            "text-indent" => {
                self.indent = Some(far_away(value));
                self.indented = Some(value == "100%");
            }
            "white-space" => self.unbroken = value == "nowrap",
            "left" | "right" => {
                self.offsets[usize::from(property == "right")] = Some(far_away(value) || far_off(value));
            }
            "top" | "bottom" => self.offsets[2 + usize::from(property == "bottom")] = Some(far_away(value)),
            "inset" | "inset-inline-start" | "inset-block-start" => {
                self.offsets[4] = Some(value.split(' ').any(far_away));
            }
            "margin" | "margin-left" | "margin-top" => self.margin = Some(value.split(' ').any(far_away)),
            "transform" | "translate" | "scale" => {
                self.moved = Some(moves_away(property, value));
                self.moving = true;
            }
            "clip" => self.clip = Some(is_clip(value)),
            "clip-path" | "-webkit-clip-path" => self.clip_path = Some(is_clip(value)),
            "width" | "max-width" => self.extents[usize::from(property == "max-width")] = Some(extent(value)),
            "height" | "max-height" => {
                self.extents[2 + usize::from(property == "max-height")] = Some(extent(value));
            }
            "padding" | "padding-top" | "padding-bottom" => self.padded = Some(number(value) != Some(0.0)),
            "overflow" | "overflow-x" | "overflow-y" => {
                self.cut = Some(value.split(' ').any(|part| matches!(part, "hidden" | "clip")));
            }
            "position" => self.position = Some(matches!(value, "absolute" | "fixed")),
            _ if is_motion(property) => self.moving = true,
            _ if ["flex", "min-", "text-overflow"].iter().any(|of| property.starts_with(of)) => {
                self.stretched = true;
            }
            _ => self.colours.declare(property, value),
        }
    }

    /// What this does to the text of the element that says it of itself.
    fn sight(&self) -> Option<Sight> {
        let is = |hides: Option<bool>| hides == Some(true);
        if is(self.display) || is(self.skipped) || is(self.moved) {
            return Some(Sight::Gone);
        }
        if is(self.margin) || self.is_away() {
            return Some(Sight::Away);
        }
        if is(self.clip_path) || (is(self.clip) && is(self.position)) {
            return Some(Sight::Clipped);
        }
        match self.size() {
            Some((Extent::Nothing, true)) => return Some(Sight::Gone),
            Some((_, true)) => return Some(if is(self.position) { Sight::Clipped } else { Sight::Gone }),
            Some((_, false)) if !self.moving => return Some(Sight::Folded),
            _ => {}
        }
        let see_through = is(self.opacity) || is(self.filter);
        if see_through && !self.moving {
            return Some(Sight::Gone);
        }
        let inherited = [
            (self.visibility, Means::Visibility),
            (self.letters, Means::Letters),
            (self.is_indented(), Means::Indent),
        ];
        let inherited = inherited.into_iter().find(|(hides, _)| is(*hides));
        inherited.map(|(_, means)| Sight::Inherited(means)).or_else(|| see_through.then_some(Sight::Faint))
    }

    fn is_indented(&self) -> Option<bool> {
        let all = self.indented == Some(true) && self.unbroken && self.cut == Some(true);
        if all { Some(true) } else { self.indent }
    }

    fn is_away(&self) -> bool {
        self.offsets.contains(&Some(true))
    }

    /// The greatest extent of a box that cuts off what does not fit in, and whether nothing is left in both directions.
    fn size(&self) -> Option<(Extent, bool)> {
        let least = |of: &[Option<Extent>]| {
            let little = |wanted| of.contains(&Some(wanted)).then_some(wanted);
            little(Extent::Nothing).or_else(|| little(Extent::Dot))
        };
        if self.cut != Some(true) {
            return None;
        }
        match (least(&self.extents[..2]), least(&self.extents[2..])) {
            (Some(width), Some(height)) => {
                let dot = width == Extent::Dot || height == Extent::Dot;
                Some((if dot { Extent::Dot } else { Extent::Nothing }, true))
            }
            _ if self.stretched => None,
            // With padding it is the frame of a film.
            (None, Some(Extent::Nothing)) if self.padded != Some(true) => Some((Extent::Nothing, false)),
            (Some(Extent::Nothing), None) => Some((Extent::Nothing, false)),
            _ => None,
        }
    }

    /// What this does as a rule to what the rule selects.
    fn effects(&self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut add = |means: Means, hides: Option<bool>| {
            effects
                .extend(hides.map(|hides| if hides { Effect::Hides(means) } else { Effect::Shows(means) }));
        };
        add(Means::Display, if self.skipped == Some(true) { self.skipped } else { self.display });
        add(Means::Visibility, self.visibility);
        let away = self.is_away() || self.clip == Some(true) || self.clip_path == Some(true);
        let said = [self.clip, self.clip_path].into_iter().chain(self.offsets);
        let placed = self.position == Some(false) || said.flatten().next().is_some();
        let is_dot = self.position == Some(true) && self.size().is_some_and(|(_, both)| both);
        if (self.position == Some(true) && away) || is_dot || self.margin == Some(true) {
            add(Means::Place, Some(true));
        } else if placed && !away {
            add(Means::Place, Some(false));
        }
        let nothing = self.size().is_some_and(|(extent, _)| extent == Extent::Nothing);
        let some = self.cut == Some(false) || self.extents.contains(&Some(Extent::Some));
        add(Means::Size, (nothing || some).then_some(nothing));
        add(Means::Letters, self.letters);
        // The picture beneath says what the text would.
        add(Means::Indent, self.is_indented().map(|indented| indented && !self.colours.clipped_to_text));
        add(Means::Colour, self.colours.hides());
        add(Means::Opacity, self.opacity);
        // What moves when it is hidden is made to be shown.
        if self.moving {
            effects.retain(|effect| matches!(effect, Effect::Shows(_)));
        }
        effects
    }
}

impl Colours {
    fn declare(&mut self, property: &str, value: &str) {
        match property {
            "color" | "-webkit-text-fill-color" => self.text = colour(value),
            "background-color" => self.ground = colour(value),
            "background" => {
                let pictured = value.contains("gradient") || value.contains("url(");
                self.clipped_to_text |= pictured;
                self.ground = colour(value).or_else(|| value.split(' ').find_map(colour)).or(self.ground);
            }
            "background-clip" | "-webkit-background-clip" => self.clipped_to_text |= value == "text",
            "background-image" | "-webkit-text-stroke" | "text-shadow" => self.clipped_to_text = true,
            _ => {}
        }
    }

    /// Whether text of these colours is not to be seen, if any are named.
    fn hides(&self) -> Option<bool> {
        match (self.text, self.ground) {
            (None, None) => None,
            (Some(None), _) => Some(!self.clipped_to_text),
            (Some(Some(text)), Some(Some(ground))) => Some(!self.clipped_to_text && alike(text, ground)),
            _ => Some(false),
        }
    }
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

/// Whether one of the declarations by these means is important.
pub(super) fn is_important(declared: &str, means: Means) -> bool {
    let lower = declared.to_ascii_lowercase();
    declared.contains('!')
        && declarations(&lower).any(|(property, value, important)| {
            let mut style = Style::default();
            style.declare(property, value);
            important && style.effects().iter().any(|effect| effect.means() == means)
        })
}

/// Properties and values, and whether they are important.
fn declarations(style: &str) -> impl Iterator<Item = (&str, &str, bool)> {
    style.split(';').filter_map(|declaration| {
        let (property, value) = declaration.split_once(':')?;
        let (value, important) = value.split_once('!').map_or((value, false), |(value, _)| (value, true));
        Some((property.trim(), value.trim(), important))
    })
}

/// Whether a property is one by which elements come and go.
fn is_motion(property: &str) -> bool {
    let property = property.trim_start_matches("-webkit-").trim_start_matches("-moz-");
    property == "will-change" || property.starts_with("transition") || property.starts_with("animation")
}

#[cfg(test)]
mod tests;
