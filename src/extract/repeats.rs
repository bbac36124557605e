//! What a page says twice: the copy for small screens, the button under each card.
//!
//! Blocks that repeat over several pages are `template`'s.

use std::collections::{HashMap, HashSet};

use crate::markdown::Block;

use super::facts::has_facts;
use super::subject::Subject;

/// Bytes from which a block says something; a shorter one may well be said again.
pub(super) const STATEMENT: usize = 80;
/// Bytes of the text of a link that can be a button.
pub(super) const BUTTON: usize = 40;
/// How often such a link must stand alone to be the button of cards.
const BUTTONS: usize = 3;
/// Words of a link that calls to an action.
const WORDS: usize = 4;
/// Words of links to where something is done.
#[rustfmt::skip]
const ERRANDS: &[&str] = &[
    "book", "booking", "appointment", "reserve", "reservation", "register", "registration", "enrol", "enroll", "apply",
    "application", "order", "download", "schedule", "pay", "portal",
    // German, French.
    "buchen", "termin", "reservieren", "anmelden", "anmeldung", "bewerben", "bestellen", "herunterladen", "réserver",
    "inscription", "inscrire", "rendez", "commander", "télécharger", "postuler",
    // Spanish, Italian, Portuguese, Dutch.
    "reservar", "reserva", "inscripción", "cita", "pedir", "descargar", "solicitar", "prenota", "prenotare", "iscriviti",
    "ordina", "scarica", "agendar", "inscrição", "baixar", "boeken", "reserveren", "afspraak", "inschrijven", "bestel",
    "downloaden",
];
/// Labels of what is pressed, where they are no buttons by their element.
#[rustfmt::skip]
const CONTROLS: &[&str] = &[
    "read more", "show more", "show less", "see more", "see less", "view more", "load more", "see all", "view all", "shop now",
    "sort by", "compare", "add to compare", "add to cart", "add to bag", "add to wishlist", "add to wish list", "wishlist",
    "quick view", "copy link", "loading",
    // German, French, Spanish, Italian.
    "weiterlesen", "mehr lesen", "mehr anzeigen", "weniger anzeigen", "alle anzeigen", "sortieren nach", "in den warenkorb",
    "lire la suite", "voir plus", "voir tout", "trier par", "ajouter au panier", "leer más", "ver más", "ver todo",
    "ordenar por", "añadir al carrito", "leggi tutto", "mostra di più", "ordina per", "aggiungi al carrello",
];
/// So many such links in a row are a list of what there is.
const LIST: usize = 4;
/// Bytes of Markdown that may be a price or a date below a title.
const LABEL: usize = 60;
/// Blocks from which a page of which a third are such links is an index.
const INDEX: usize = 6;

/// Removes the repetitions among a page's blocks, and the headings that only repeat with them; gives what is removed.
///
/// A page about one product says even a few words twice only because it is laid out twice.
pub(super) fn remove(blocks: &mut Vec<Block>, subject: Subject) -> Vec<String> {
    let statement = if subject == Subject::Product { 1 } else { STATEMENT };
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for block in blocks.iter() {
        *counts.entry(block.fingerprint).or_default() += 1;
    }
    let mut seen = HashSet::new();
    let mut repeats: Vec<bool> = blocks
        .iter()
        .map(|block| {
            let again = !seen.insert(block.fingerprint);
            let times = counts.get(&block.fingerprint).copied().unwrap_or(1);
            (again && (is_heading(block) || is_statement(block, statement)))
                || (times >= BUTTONS && is_link(block))
                || is_control(block)
        })
        .collect();
    mark_neighbours(blocks, &mut repeats);
    mark_buttons(blocks, &mut repeats);
    // A heading said again is a repetition only if what stands below it is.
    for at in (0..blocks.len()).rev() {
        if is_heading(&blocks[at]) && !repeats.get(at + 1).copied().unwrap_or(false) {
            repeats[at] = false;
        }
    }
    let mut repeats = repeats.into_iter();
    let removed = blocks.extract_if(.., |_| repeats.next().unwrap_or(false));
    removed.map(|block| block.markdown).collect()
}

/// What stands beside a repeated statement as it stood beside the first is repeated with it: who said it, its label.
/// Not a fact: another place may be open at the same hours. Nor right below a heading of its own: it answers something else.
fn mark_neighbours(blocks: &[Block], removed: &mut [bool]) {
    let mut first = HashMap::new();
    for (at, block) in blocks.iter().enumerate() {
        first.entry(block.fingerprint).or_insert(at);
    }
    // Where a heading stands above nothing but copies of what stood below another one.
    let mut answers = false;
    for seed in 0..blocks.len() {
        let of = first.get(&blocks[seed].fingerprint).copied().filter(|&of| of < seed);
        answers = is_heading(&blocks[seed]) && of.is_none() || answers && of.is_some();
        let Some(of) = of.filter(|_| !answers && is_statement(&blocks[seed], STATEMENT)) else { continue };
        let (mut after, mut before) =
            ((seed + 1..blocks.len()).zip(of + 1..), (0..seed).rev().zip((0..of).rev()));
        for pairs in [&mut after as &mut dyn Iterator<Item = (usize, usize)>, &mut before] {
            // What is removed already has its own neighbours.
            for (at, _) in pairs.take_while(|&(at, of)| of < at && is_copy(&blocks[at], &blocks[of])) {
                if std::mem::replace(&mut removed[at], true) {
                    break;
                }
            }
        }
    }
}

/// Whether a block of prose says what another one says, and no fact. The steps of two lists may be the same.
fn is_copy(block: &Block, of: &Block) -> bool {
    let text = block.markdown.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_item =
        text.starts_with("- ") || (text.len() < block.markdown.len() && text.starts_with(['.', ')']));
    block.fingerprint == of.fingerprint
        && !is_item
        && !block.markdown.starts_with(['`', '|'])
        && !has_facts(&block.markdown)
}

/// A link of few words that stands alone calls to an action. Not so several in a row, which are a list, nor one above
/// a few words, which is their title, nor one that is all there is below a heading.
fn mark_buttons(blocks: &[Block], removed: &mut [bool]) {
    if blocks.len() >= INDEX && blocks.iter().filter(|block| is_call(block)).count() * 3 > blocks.len() {
        return;
    }
    let is_label = |block: &Block| !is_heading(block) && block.markdown.len() < LABEL && !is_call(block);
    let mut at = 0_usize;
    for run in blocks.chunk_by(|a, b| is_call(a) == is_call(b)) {
        let (before, after) = (at.checked_sub(1).and_then(|n| blocks.get(n)), blocks.get(at + run.len()));
        let is_section = before.is_some_and(is_heading) && after.is_none_or(is_heading);
        if is_call(&run[0]) && run.len() < LIST && !is_section && !after.is_some_and(is_label) {
            removed[at..at + run.len()].fill(true);
        }
        at += run.len();
    }
}

/// A block that is one link of a few words to another page, where nothing is done that visitors come for.
fn is_call(block: &Block) -> bool {
    let Some((text, rest)) = block.markdown.strip_prefix('[').and_then(|rest| rest.split_once("](")) else {
        return false;
    };
    let Some(target) = rest.strip_suffix(')').filter(|target| !target.contains(')')) else { return false };
    text.split_whitespace().count() <= WORDS && !text.starts_with('!') && !is_file(target) && !is_errand(text)
}

/// Whether a button's text says what one books, orders, applies for or downloads there: that answers a question, as
/// an invitation to read on, or to `Book now`, does not.
fn is_errand(text: &str) -> bool {
    const URGES: &[&str] = &[
        "now",
        "today",
        "here",
        "free",
        "jetzt",
        "heute",
        "hier",
        "ahora",
        "hoy",
        "maintenant",
        "ora",
        "nu",
    ];
    let text = text.to_lowercase();
    let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words().any(|word| ERRANDS.contains(&word)) && words().filter(|word| !URGES.contains(word)).count() > 1
}

/// A block that is nothing but the label of what is pressed.
fn is_control(block: &Block) -> bool {
    // What stands beside the link says more than its label.
    let text: String = written(&block.markdown).collect();
    // In bold it is a term that is explained.
    !is_heading(block) && !text.starts_with("**") && is_label(&text)
}

/// Whether a text is nothing but the label of what is pressed; in code it would be a name.
pub(super) fn is_label(text: &str) -> bool {
    let label = text.trim_matches(|c: char| !c.is_alphanumeric() && c != '`');
    label.len() <= BUTTON && CONTROLS.contains(&&*label.to_lowercase())
}

/// Whether a link leads to something to keep or to use: a file, a mail address, a telephone number.
fn is_file(target: &str) -> bool {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    let is_page =
        matches!(&*extension, "" | "html" | "htm" | "php" | "asp" | "aspx" | "jsp" | "shtml" | "xhtml");
    !target.starts_with("http") || (!is_page && path.matches('/').count() > 2)
}

fn is_heading(block: &Block) -> bool {
    block.markdown.starts_with('#')
}

/// Prose; code, tables and rules may be the same in several places for good reason.
fn is_statement(block: &Block, least: usize) -> bool {
    !block.markdown.starts_with(['`', '|', '#']) && text_len(&block.markdown) >= least
}

/// What is written outside of link destinations, piece by piece.
pub(super) fn written(markdown: &str) -> impl Iterator<Item = &str> {
    let mut pieces = markdown.split("](");
    let first = pieces.next();
    first.into_iter().chain(pieces.map(|piece| piece.split_once(')').map_or("", |(_, beside)| beside)))
}

/// Bytes of Markdown outside of link destinations.
pub(super) fn text_len(markdown: &str) -> usize {
    let destinations = markdown.split("](").skip(1).map(|rest| rest.find(')').unwrap_or(rest.len()));
    markdown.len() - destinations.sum::<usize>()
}

/// A block that is one link with a few words.
fn is_link(block: &Block) -> bool {
    let text = block.markdown.strip_prefix('[').and_then(|rest| rest.split_once("]("));
    text.is_some_and(|(text, rest)| text.len() < BUTTON && rest.find(')') == Some(rest.len() - 1))
}
