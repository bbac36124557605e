//! What can be chosen of the one thing that a page sells, where only a list to choose from says it: sizes, colours, what
//! an extra costs. Such a list is no text of the page, but nobody else names what is in it.

use crate::html::{Element, NodeId, Tree, local_name};
use crate::markdown::{Block, clean_line, fact};

use super::chrome::Page;
use super::cleaning::Asked;
use super::facts::has_price;
use super::structured::Shown;
use super::subject::Subject;

/// Lists of one page, and options of one list: more are countries, or years.
const MAX_LISTS: usize = 12;
const MAX_OPTIONS: usize = 60;
/// Bytes of an option, and of what a list is called.
const MAX_TEXT: usize = 120;
/// Elements around a list in which its label stands.
const AROUND: usize = 3;

/// A fact for each list of choices below `roots` that `blocks` do not tell.
pub(super) fn unshown(page: Page<'_>, roots: &[NodeId], asked: &Asked<'_>, blocks: &[Block]) -> Vec<Block> {
    let tree = page.tree;
    let mut lists = Vec::new();
    for &root in roots {
        let mut nodes = tree.descendants(root);
        while let Some(id) = nodes.next() {
            let Some(element) = tree.element(id) else { continue };
            if *element.name() == local_name!("select") && lists.len() < MAX_LISTS {
                lists.extend((!is_for_visitor(element)).then_some(id));
            }
            if is_beside(element) || asked.removes(tree, id) {
                nodes.skip_children();
            }
        }
    }
    if lists.is_empty() {
        return Vec::new();
    }
    let mut shown = Shown::new(blocks);
    let mut found: Vec<Block> = Vec::new();
    for list in lists {
        let options = options(tree, list);
        let is_told = page.subject == Subject::Product || options.iter().any(|option| has_price(option));
        if !is_told || !(2..=MAX_OPTIONS).contains(&options.len()) || are_numbers(&options) {
            continue;
        }
        let Some(label) = label(tree, list) else { continue };
        if options.iter().all(|option| shown.holds(option)) {
            continue;
        }
        let block = fact(&label, &options.join("; "));
        if !found.contains(&block) {
            found.push(block);
        }
    }
    found
}

/// Whether a list is about the visitor or about how the page is shown, not about what is sold.
fn is_for_visitor(list: &Element) -> bool {
    const WORDS: &[&str] = &[
        "sort", "sorting", "orderby", "order", "filter", "qty", "quantity", "country", "region", "state",
        "province", "city", "currency", "lang", "language", "locale", "limit", "page", "year", "month",
        "day", "rating", "category", "store", "time", "date", "title", "subject", "reason",
    ];
    let names = [list.attr(&local_name!("name")), list.id(), list.attr(&local_name!("class"))];
    let mut words =
        names.into_iter().flatten().flat_map(|name| name.split(|c: char| !c.is_ascii_alphanumeric()));
    words.any(|word| WORDS.contains(&&*word.to_ascii_lowercase()))
}

/// Whether what is inside is not about the page.
fn is_beside(element: &Element) -> bool {
    matches!(
        *element.name(),
        local_name!("nav") | local_name!("footer") | local_name!("aside") | local_name!("header")
    )
}

/// What can be chosen, without what asks to choose.
fn options(tree: &Tree, list: NodeId) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (id, element) in tree.descendants(list).filter_map(|id| Some((id, tree.element(id)?))) {
        let asks = element.attr(&local_name!("value")).is_some_and(|value| value.trim_ascii().is_empty())
            || element.attr(&local_name!("disabled")).is_some();
        if *element.name() == local_name!("option") && !asks {
            let text = clean_line(&tree.text_of(id));
            if !text.is_empty() && text.len() <= MAX_TEXT && !found.contains(&text) {
                found.push(text);
            }
        }
    }
    found
}

/// How many there are to be, and whom it says that nobody has to be told.
fn are_numbers(options: &[String]) -> bool {
    let number = |n: usize| options.get(n).and_then(|option| option.parse::<u32>().ok());
    options
        .iter()
        .enumerate()
        .skip(1)
        .all(|(n, _)| number(n).is_some() && number(n) == number(n - 1).map(|n| n + 1))
}

/// What a list is called: by its own attribute, or by the `label` for it, or around or before it.
fn label(tree: &Tree, list: NodeId) -> Option<String> {
    let element = tree.element(list)?;
    let is_label = |n: &NodeId| tree.name(*n) == Some(&local_name!("label"));
    let named = || {
        let id = element.id()?;
        let of_list = |n: &NodeId| is_label(n) && tree.attr(*n, &local_name!("for")) == Some(id);
        let around = tree.ancestors(list).take(AROUND);
        around.filter_map(|up| tree.descendants(up).find(of_list)).next()
    };
    let around = || tree.ancestors(list).take(AROUND).find(is_label);
    let before = || {
        let mut siblings = std::iter::successors(tree.previous_sibling(list), |&n| tree.previous_sibling(n));
        siblings.find(|n| tree.element(*n).is_some()).filter(is_label)
    };
    let text = |label: NodeId| {
        let mut text = String::new();
        let mut nodes = tree.descendants(label);
        while let Some(n) = nodes.next() {
            text.push_str(tree.text(n).unwrap_or_default());
            if n == list {
                nodes.skip_children();
            }
        }
        clean_line(&text)
    };
    let by_label = named().or_else(around).or_else(before).map(text);
    let own = || element.attr_named("aria-label").map(clean_line);
    let label = by_label.filter(|label| !label.is_empty()).or_else(own)?;
    let label = label.trim_end_matches([':', '*', ' ']);
    (!label.is_empty() && label.len() <= MAX_TEXT).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::extract::{Asked, extract};
    use crate::html::{links, parse};

    fn check(list: &str, expected: &str) {
        let page = format!(
            "<meta property=og:type content=product><main><h1>Buckle</h1><p>A buckle of silver.</p><form>{list}</form></main>"
        );
        let tree = parse(&page).unwrap();
        let article = extract(&tree, &links(&tree, &"https://a.test/p".parse().unwrap()), &Asked::default());
        let told = article.markdown();
        assert_eq!(
            told.trim_start_matches("# Buckle\n\nA buckle of silver.").trim_start(),
            expected,
            "{list}"
        );
    }

    #[test]
    fn what_only_a_list_of_choices_says_is_told() {
        let list =
            "<option value=''>Choose</option><option>Crystal</option><option>Topaz (+$5)</option></select>";
        check(
            &format!("<label for=a>Stone:</label><select id=a name=attribute_stone>{list}"),
            "Stone: Crystal; Topaz (+$5)",
        );
        check(&format!("<label>Stone * <select name=stone>{list}</label>"), "Stone: Crystal; Topaz (+$5)");
        check(&format!("<select aria-label=Stone>{list}"), "Stone: Crystal; Topaz (+$5)");
        check(&format!("<select>{list}"), "");
        check(&format!("<label>Sort <select name=orderby>{list}</label>"), "");
        check("<label>How many <select name=n><option>1<option>2<option>3</select></label>", "");
        check("<label>Kind <select name=kind><option>Buckle<option>Silver</select></label>", "");
    }
}
