//! E-mail addresses that Cloudflare writes as digits, and a script of its makes readable again in every browser.

use html5ever::local_name;
use html5ever::tendril::StrTendril;

use super::super::tree::{Data, NodeId, Tree};

/// Where its links lead; the digits follow in the fragment.
const LINK: &str = "/cdn-cgi/l/email-protection";
/// The attribute whose digits stand for the text of an element.
const DIGITS: &str = "data-cfemail";

/// Whether a page may hold such addresses.
pub(super) fn is_used(html: &str) -> bool {
    html.contains(LINK) || html.contains(DIGITS)
}

/// Writes the addresses where a visitor reads them: into the text, and as `mailto:` links.
pub(super) fn show(tree: &mut Tree) {
    let mut named = Vec::new();
    for (node, index) in tree.nodes.iter_mut().zip(0..) {
        let Data::Element(element) = &mut node.data else { continue };
        let address = element.attr_named(DIGITS).and_then(address);
        if let Some(href) = element.attributes.iter_mut().find(|a| a.name.local == local_name!("href"))
            && let Some((_, after)) = href.value.split_once(LINK)
            && let Some(linked) = after.strip_prefix('#').and_then(self::address).or_else(|| address.clone())
        {
            href.value = StrTendril::from(format!("mailto:{linked}"));
        }
        named.extend(address.map(|address| (NodeId(index), address)));
    }
    for (id, address) in named {
        // What stands there is a notice, for who has no scripts.
        let texts: Vec<NodeId> = tree.descendants(id).filter(|&n| tree.text(n).is_some()).collect();
        let mut address = StrTendril::from(address);
        for text in texts {
            tree.nodes[text.index()].data = Data::Text(std::mem::take(&mut address));
        }
    }
}

/// The address that hexadecimal digits stand for: the first byte is the key of those that follow.
fn address(digits: &str) -> Option<String> {
    let (pairs, rest) = digits.trim_ascii().as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?));
    let bytes = bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())?;
    let (key, hidden) = bytes.split_first()?;
    let address = String::from_utf8(hidden.iter().map(|byte| byte ^ key).collect()).ok()?;
    (address.contains('@') && !address.contains(char::is_control)).then_some(address)
}
