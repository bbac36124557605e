//! Pages whose content is in `<noscript>`.

use html5ever::{QualName, local_name, ns};

use super::super::measure::is_silent;
use super::super::tree::{Data, NodeId, Tree};

/// Bytes of text that make a `<noscript>` more than a notice.
const ENOUGH: usize = 400;
/// How many times the text of the rest of the page it must hold.
const TIMES: usize = 4;

/// Whether what a visitor without scripts sees is the page, and the rest next to nothing.
pub(super) fn is_the_page(tree: &Tree) -> bool {
    let mut hidden = 0;
    for (index, node) in tree.nodes.iter().enumerate() {
        if let Data::Element(element) = &node.data
            && *element.name() == local_name!("noscript")
        {
            let id = NodeId(u32::try_from(index).unwrap_or(0));
            hidden +=
                tree.children(id).filter_map(|child| tree.text(child)).map(text_between_tags).sum::<usize>();
        }
    }
    hidden >= ENOUGH && visible(tree) * TIMES < hidden
}

fn visible(tree: &Tree) -> usize {
    let mut nodes = tree.descendants(Tree::ROOT);
    let mut bytes = 0;
    while let Some(id) = nodes.next() {
        if tree.element(id).is_some_and(is_silent) {
            nodes.skip_children();
        }
        bytes += tree.text(id).map_or(0, |text| text.trim_ascii().len());
    }
    bytes
}

/// Bytes outside of anything that looks like a tag.
fn text_between_tags(markup: &str) -> usize {
    markup.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text).trim_ascii().len()).sum()
}

/// Makes the `<noscript>` elements of a page parsed without scripting plain boxes.
pub(super) fn show(tree: &mut Tree) {
    for node in &mut tree.nodes {
        if let Data::Element(element) = &mut node.data
            && *element.name() == local_name!("noscript")
        {
            element.name = QualName::new(None, ns!(html), local_name!("div"));
        }
    }
}
