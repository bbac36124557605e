//! What can be chosen of the one thing that a page sells, where only a list to choose from says it: sizes, colours, what
//! an extra costs. Such a list is no text of the page, but nobody else names what is in it.

use std::collections::HashMap;

use crate::html::{Element, NodeId, Tree, local_name};
use crate::markdown::{Block, NodeSet, clean_line, fact};

use super::chrome::Page;
use super::cleaning::Asked;
use super::facts::has_price;
use super::structured::Shown;
use super::subject::Subject;

/// Lists and buttons of one page, and options of one list: more are countries, or years.
const MAX_CONTROLS: usize = 200;
const MAX_OPTIONS: usize = 60;
/// Bytes of an option, and of what a list is called.
const MAX_TEXT: usize = 120;
/// Nodes of a label.
const MAX_NODES: usize = 64;
/// Elements around a list in which its label stands.
const AROUND: usize = 3;
/// Elements around it of which one may be its group.
const GROUP: usize = 6;

/// Several things of which one can be chosen: a `select`, or buttons of one name.
struct Choice {
    /// The `select`, or the first button.
    at: NodeId,
    label: Option<String>,
    options: Vec<String>,
}

/// A fact for each list of choices below `roots` that `blocks` do not tell. A form is no content, but what stands in
/// other parts that were left out is about other things.
pub(super) fn unshown(
    page: Page<'_>,
    roots: &[NodeId],
    asked: &Asked<'_>,
    dropped: &NodeSet,
    blocks: &[Block],
) -> Vec<Block> {
    let tree = page.tree;
    let is_form = |id| tree.name(id) == Some(&local_name!("form"));
    let mut controls = Vec::new();
    for &root in roots {
        let mut nodes = tree.descendants(root);
        while let Some(id) = nodes.next() {
            let Some(element) = tree.element(id) else { continue };
            let is_out = dropped.contains(id) && !is_form(id) && !is_choice(element);
            if is_out || is_beside(element) || asked.removes(tree, id) {
                nodes.skip_children();
            } else if is_choice(element) && !is_for_visitor(element) && controls.len() < MAX_CONTROLS {
                controls.push((id, element));
            }
        }
    }
    if controls.is_empty() {
        return Vec::new();
    }
    let labels = Labels::of(tree);
    let mut choices: Vec<Choice> = Vec::new();
    for (id, element) in controls {
        labels.read(id, element, &mut choices);
    }
    let mut shown = Shown::new(blocks);
    let mut found: Vec<Block> = Vec::new();
    for Choice { label, options, .. } in choices {
        let is_told = page.subject == Subject::Product || options.iter().any(|option| has_price(option));
        let Some(label) = label.filter(|_| is_told) else { continue };
        if !(2..=MAX_OPTIONS).contains(&options.len())
            || are_numbers(&options)
            || options.iter().all(|option| shown.holds(option))
        {
            continue;
        }
        let block = fact(&label, &options.join("; "));
        if !found.contains(&block) {
            found.push(block);
        }
    }
    found
}

/// Whether something can be chosen by an element: by a list, or by one button of several.
pub(super) fn is_choice(element: &Element) -> bool {
    let kind = || element.attr(&local_name!("type")).unwrap_or_default();
    *element.name() == local_name!("select")
        || (*element.name() == local_name!("input")
            && kind().eq_ignore_ascii_case("radio")
            && element.attr(&local_name!("name")).is_some())
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
        if found.len() > MAX_OPTIONS {
            break;
        }
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

/// What the controls of a page are called.
struct Labels<'t> {
    tree: &'t Tree,
    /// The `label` elements by the ids that they are for.
    by_id: HashMap<&'t str, NodeId>,
}

impl<'t> Labels<'t> {
    fn of(tree: &'t Tree) -> Self {
        let labels = tree.descendants(Tree::ROOT).filter(|&n| is_label(tree, n));
        let by_id = labels.filter_map(|n| Some((tree.attr(n, &local_name!("for"))?, n))).collect();
        Self { tree, by_id }
    }

    /// Reads a list, or adds a button to the others of its name.
    fn read(&self, id: NodeId, element: &Element, choices: &mut Vec<Choice>) {
        let tree = self.tree;
        if *element.name() == local_name!("select") {
            let label = self.label(id, element).or_else(|| group(tree, id));
            choices.push(Choice { at: id, label, options: options(tree, id) });
            return;
        }
        let Some(option) = self.label(id, element) else { return };
        let name = |id| tree.attr(id, &local_name!("name"));
        match choices.last_mut().filter(|choice| name(choice.at) == name(id)) {
            Some(choice) if choice.options.contains(&option) => {}
            Some(choice) => choice.options.push(option),
            None => choices.push(Choice { at: id, label: group(tree, id), options: vec![option] }),
        }
    }

    /// What a control is called: by the `label` for it, around or before it, or by its own attribute.
    fn label(&self, control: NodeId, element: &Element) -> Option<String> {
        let tree = self.tree;
        let named = || self.by_id.get(element.id()?).copied();
        let around = || tree.ancestors(control).take(AROUND).find(|&up| is_label(tree, up));
        let before = || {
            let mut before =
                std::iter::successors(tree.previous_sibling(control), |&n| tree.previous_sibling(n));
            before.find(|&n| tree.element(n).is_some()).filter(|&n| is_label(tree, n))
        };
        let text = |label| {
            let mut text = String::new();
            let mut nodes = tree.descendants(label);
            for _ in 0..MAX_NODES {
                let Some(n) = nodes.next() else { break };
                text.push_str(tree.text(n).unwrap_or_default());
                if n == control {
                    nodes.skip_children();
                }
            }
            brief(&text)
        };
        let own = || brief(element.attr_named("aria-label")?);
        named().or_else(around).or_else(before).and_then(text).or_else(own)
    }
}

fn is_label(tree: &Tree, id: NodeId) -> bool {
    tree.name(id) == Some(&local_name!("label"))
}

/// What the group is called in which a control stands.
fn group(tree: &Tree, control: NodeId) -> Option<String> {
    let is_group = |&up: &NodeId| {
        tree.name(up) == Some(&local_name!("fieldset"))
            || tree.attr(up, &local_name!("role")).is_some_and(|role| matches!(role, "group" | "radiogroup"))
    };
    let group = tree.ancestors(control).take(GROUP).find(is_group)?;
    let legend = tree.children(group).find(|&n| tree.name(n) == Some(&local_name!("legend")));
    let own = || brief(tree.element(group)?.attr_named("aria-label")?);
    legend.and_then(|legend| brief(&tree.text_of(legend))).or_else(own)
}

/// A label without what stands behind it; not one of many words.
fn brief(label: &str) -> Option<String> {
    let label = clean_line(label);
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
        check(
            "<fieldset><legend>Stone</legend><label><input type=radio name=s>Crystal</label><input type=radio name=s id=t><label for=t>Topaz</label></fieldset>",
            "Stone: Crystal; Topaz",
        );
        check(
            &format!("<fieldset><legend>Wrap it?</legend><div><select name=wrap>{list}</div></fieldset>"),
            "Wrap it?: Crystal; Topaz (+$5)",
        );
        check("<label>Kind <select name=kind><option>Buckle<option>Silver</select></label>", "");
    }
}
