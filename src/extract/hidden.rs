//! What a visitor cannot see: `hidden`, and styles that take an element out of sight.
//!
//! Class names prove nothing: accordions, tabs and screen-reader texts are content that somebody opens or hears.

use crate::html::{Element, Measure, NodeId, Tree, is_silent, local_name};
use crate::markdown::{NodeSet, clean_line, spells_invisibly};

use super::colour::{Colour, alike, colour};
use super::flags::{FlagKind, Flags, instructions};
use super::opener::{Controls, Opener, before, is_in_slide, is_panel, unfolds};
use super::style::{self, Means, Sight, colours};
use super::stylesheet::Stylesheet;

/// Characters of a picture's description that is one.
const MAX_DESCRIPTION: usize = 200;
/// Bytes of text for screen readers that is one.
const MAX_SPOKEN: usize = 200;
/// Bytes of a word that stands for a mark.
const MAX_WORD: usize = 24;
/// Bytes of a style that is read for the colour of what is below it, too.
const MAX_STYLE: usize = 2_000;
/// Nodes, and bytes, of a hidden text that are reported.
const MAX_NODES: usize = 500;
const MAX_TEXT: usize = 500;
/// Nodes below hidden ones that are looked at for such as are shown again.
const MAX_LOOKS: usize = 300_000;
/// Elements around a text whose ground is looked at.
const AROUND: usize = 8;

/// Adds the hidden elements below `root` to `dropped`, and what a person should look at to `flags`.
pub(super) fn mark(
    tree: &Tree,
    measure: &Measure,
    stylesheet: &Stylesheet,
    root: NodeId,
    dropped: &mut NodeSet,
    flags: &mut Flags,
) {
    let mut controls: Option<Controls<'_>> = None;
    let mut left = MAX_LOOKS;
    let mut nodes = tree.descendants(root);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else {
            if let Some(text) = tree.text(id).filter(|text| spells_invisibly(text)) {
                flags.add(FlagKind::InvisibleCharacters, &clean_line(text));
            }
            continue;
        };
        if *element.name() == local_name!("img") {
            let alt = element.attr(&local_name!("alt")).unwrap_or_default();
            if alt.len() > MAX_DESCRIPTION && alt.chars().count() > MAX_DESCRIPTION {
                flags.add(FlagKind::LongDescription, &clean_line(alt));
            }
        }
        if is_ligature(tree, id, element) || is_untold(tree, id, element) {
            dropped.insert(id);
            nodes.skip_children();
            continue;
        }
        let by_rule = || {
            // What hides nearly all of a page hides it until it is loaded.
            let hides = stylesheet.hides(tree, id)?;
            let own = || style::says(element.attr(&local_name!("style"))?, hides.means);
            if !hides.is_important && own() == Some(false) {
                return None;
            }
            let is_part = measure.text(id) * 5 <= measure.text(root) * 4;
            // The gaps between parts are of no size, which other sheets give their letters.
            let is_gap = || hides.means == Means::Letters && holds_parts(tree, measure, id);
            (is_part && !is_gap() && before(tree, id).is_none()).then(|| hides.means.sight())
        };
        // A picture whose alternative text is see-through is seen.
        let by_colour = || (measure.text(id) > 0).then(|| by_colour(tree, id, element)).flatten();
        let sight = own_sight(element).or_else(by_colour).or_else(by_rule);
        let Some(sight) = sight else { continue };
        let opens = is_panel(tree, id, element)
            || before(tree, id) == Some(Opener::Told)
            || (sight == Sight::Folded && before(tree, id).is_some())
            || unfolds(tree, id)
            || is_in_slide(tree, id)
            || controls.get_or_insert_with(|| Controls::of(tree)).open(element);
        if opens || (matches!(sight, Sight::Away | Sight::Clipped) && names_a_mark(tree, measure, id)) {
            continue;
        }
        if let Sight::Inherited(means) = sight {
            let restores = |n: NodeId| {
                let own = tree.attr(n, &local_name!("style")).and_then(|own| style::says(own, means));
                own.map_or_else(|| stylesheet.shows(tree, n, means), |hides| !hides)
            };
            if let Some((hidden, text)) = around_restored(tree, id, restores, &mut left) {
                for n in hidden {
                    dropped.insert(n);
                }
                if !text.is_empty() {
                    flags.add(FlagKind::HiddenText, &text);
                }
                continue;
            }
        }
        if measure.text(id) > 0 && !flags.is_full() {
            report(tree, measure, id, sight, flags);
        }
        if sight != Sight::Faint {
            dropped.insert(id);
            nodes.skip_children();
        }
    }
}

/// The leaves below an element around the parts that `restores` tells, and how their text begins; `None` where no part is
/// shown again.
fn around_restored(
    tree: &Tree,
    id: NodeId,
    restores: impl Fn(NodeId) -> bool,
    left: &mut usize,
) -> Option<(Vec<NodeId>, String)> {
    let (mut hidden, mut begin) = (Vec::new(), String::new());
    let mut is_restored = false;
    let mut nodes = tree.descendants(id);
    while let Some(n) = nodes.next() {
        *left = left.checked_sub(1)?;
        if restores(n) {
            is_restored = true;
            nodes.skip_children();
        } else if tree.first_child(n).is_none() {
            hidden.push(n);
            if begin.len() < MAX_TEXT {
                begin.push_str(tree.text(n).unwrap_or_default());
            }
        }
    }
    is_restored.then(|| (hidden, clean_line(&begin)))
}

/// Whether a word for readers of the screen says what a mark in the cell of a table means to all others.
fn names_a_mark(tree: &Tree, measure: &Measure, id: NodeId) -> bool {
    let is_cell = |&up: &NodeId| matches!(tree.name(up), Some(&(local_name!("td") | local_name!("th"))));
    let text = measure.text(id);
    (1..=MAX_WORD).contains(&text)
        && tree.ancestors(id).take(AROUND).find(is_cell).is_some_and(|cell| measure.text(cell) == text)
}

/// Whether elements below this one hold text.
fn holds_parts(tree: &Tree, measure: &Measure, id: NodeId) -> bool {
    tree.children(id).any(|n| tree.element(n).is_some() && measure.text(n) > 0)
}

/// Flags what is out of sight. Short text for screen readers, the sources of formulas and what a page says about its
/// own controls are so by custom.
fn report(tree: &Tree, measure: &Measure, id: NodeId, sight: Sight, flags: &mut Flags) {
    let is_formula = tree.descendants(id).take(4).any(|n| tree.name(n) == Some(&local_name!("math")));
    let (text, with_controls) = begin(tree, id);
    let spoken = sight == Sight::Clipped && measure.text(id) <= MAX_SPOKEN;
    let customary = is_formula || ((spoken || with_controls) && instructions(&text).is_none());
    if !text.is_empty() && !customary {
        let kind = if sight == Sight::Faint { FlagKind::FaintText } else { FlagKind::HiddenText };
        flags.add(kind, &text);
    }
}

/// How the text of an element begins, and whether controls of a form or buttons stand in it.
fn begin(tree: &Tree, id: NodeId) -> (String, bool) {
    let mut begin = String::new();
    let mut with_controls = false;
    let mut nodes = tree.descendants(id);
    for _ in 0..MAX_NODES {
        let Some(n) = nodes.next() else { break };
        if let Some(text) = tree.text(n) {
            begin.push(' ');
            begin.push_str(text);
            if begin.len() > MAX_TEXT {
                break;
            }
        } else if let Some(element) = tree.element(n)
            && is_silent(element)
        {
            with_controls |= matches!(
                *element.name(),
                local_name!("input")
                    | local_name!("textarea")
                    | local_name!("select")
                    | local_name!("button")
            );
            nodes.skip_children();
        }
    }
    (clean_line(&begin), with_controls)
}

/// Whether a font shows the element's text as a picture: `local_offer` is seen as a price tag.
fn is_ligature(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let is_icon =
        |class: &str| ["material-icons", "material-symbols"].iter().any(|font| class.starts_with(font));
    let is_name =
        |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    element.classes().any(is_icon)
        && tree.descendants(id).all(|n| tree.text(n).is_none_or(|text| is_name(text.trim_ascii())))
}

/// Whether a shop's theme does not say it here: that a variant is sold out stands beside each of them, and is shown
/// only where the variant's button is off.
fn is_untold(tree: &Tree, id: NodeId, element: &Element) -> bool {
    if is_other_price(tree, id, element) || is_before_counting(element) {
        return true;
    }
    if !element.has_class("label-unavailable") {
        return false;
    }
    let before = |label| std::iter::successors(tree.previous_sibling(label), |&n| tree.previous_sibling(n));
    let label = tree.ancestors(id).find(|&up| tree.name(up) == Some(&local_name!("label")));
    let button = label.and_then(|label| before(label).find_map(|n| tree.element(n)));
    button.is_some_and(|button| {
        *button.name() == local_name!("input")
            && !button.has_class("disabled")
            && button.attr(&local_name!("disabled")).is_none()
    })
}

/// What the theme that shops start from (Dawn) writes beside every price, and what the price is to show it.
const PRICE_PARTS: &[(&str, &str, bool)] = &[
    ("price__badge-sold-out", "price--sold-out", true),
    ("price__badge-sale", "price--on-sale", true),
    ("price__sale", "price--on-sale", true),
    ("price__regular", "price--on-sale", false),
];

/// Whether a part of a price is what it would say if the product were on sale, or sold out.
fn is_other_price(tree: &Tree, id: NodeId, element: &Element) -> bool {
    let part = element.classes().find_map(|class| PRICE_PARTS.iter().find(|(part, ..)| *part == class));
    let Some((_, state, shown)) = part else { return false };
    let price =
        tree.ancestors(id).take(AROUND).filter_map(|up| tree.element(up)).find(|e| e.has_class("price"));
    price.is_some_and(|price| price.has_class(state) != *shown)
}

/// Whether a number counts up from here to the one it tells.
fn is_before_counting(element: &Element) -> bool {
    element.has_class("elementor-counter-number") && element.attr_named("data-to-value").is_some()
}

/// What an element's own attributes do to its text.
fn own_sight(element: &Element) -> Option<Sight> {
    let mut hidden = None;
    let mut styled = None;
    for (name, value) in element.attrs() {
        match *name {
            local_name!("hidden") if !value.trim_ascii().eq_ignore_ascii_case("until-found") => {
                hidden = Some(Sight::Gone);
            }
            local_name!("style") => styled = Some(value),
            _ if &**name == "popover" => hidden = Some(Sight::Gone),
            _ => {}
        }
    }
    // `hidden` is no more than the weakest of all styles.
    let hidden = hidden.filter(|_| styled.and_then(|own| style::says(own, Means::Display)) != Some(false));
    hidden.or_else(|| style::inline(styled?))
}

/// Text in the colour of its ground is not seen. White text whose ground is not known may be.
fn by_colour(tree: &Tree, id: NodeId, element: &Element) -> Option<Sight> {
    const WHITE: Colour = Some([255; 3]);
    const HIDDEN: Option<Sight> = Some(Sight::Inherited(Means::Colour));
    let style = |element: &'_ Element| {
        element.attr(&local_name!("style")).filter(|style| style.len() <= MAX_STYLE).map(colours)
    };
    let own = style(element).unwrap_or_default();
    if own.clipped_to_text {
        return None;
    }
    let is_font = *element.name() == local_name!("font");
    let by_font = || element.attr(&local_name!("color")).filter(|_| is_font);
    let around = || tree.ancestors(id).take(AROUND).filter_map(|up| style(tree.element(up)?));
    // A ground of its own may be that of the text around.
    let inherited = || own.ground.flatten().and_then(|_| around().find_map(|colours| colours.text));
    let text = own.text.or_else(|| colour(&by_font()?.to_ascii_lowercase())).or_else(inherited)?;
    let Some(text) = text else { return HIDDEN };
    let ground = std::iter::once(id).chain(tree.ancestors(id)).take(AROUND).find_map(|up| {
        let element = tree.element(up)?;
        let styled = style(element).and_then(|colours| {
            // A picture or a gradient is a ground of no one colour.
            if colours.clipped_to_text { Some(None) } else { colours.ground }
        });
        styled.or_else(|| element.attr(&local_name!("bgcolor")).and_then(|v| colour(&v.to_ascii_lowercase())))
    });
    match ground {
        Some(Some(ground)) if alike(ground, text) => HIDDEN,
        Some(_) => None,
        None => (Some(text) == WHITE).then_some(Sight::Faint),
    }
}

#[cfg(test)]
mod tests;
