//! Whether a page is about one thing (a product, an article) or about many, as it declares itself.
//!
//! Cards that lead to other pages are the content of a shop's category and lie beside the content of a product.

use serde_json::Value;

use crate::html::{NodeId, Tree};
use crate::markdown::clean_line;

use super::metadata::day;
use super::structured::plain;

/// Bytes of a JSON-LD script that are looked at; larger ones carry catalogues.
const MAX_SCRIPT: usize = 256 * 1024;
/// Steps of breadcrumbs that are read.
const MAX_STEPS: usize = 32;

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Subject {
    /// One product.
    Product,
    /// One article.
    Article,
    /// Nothing says it.
    #[default]
    Unknown,
}

/// What a page says of itself in JSON-LD.
#[derive(Debug, Default)]
pub(super) struct Declared {
    pub(super) subject: Subject,
    /// The headline of an article.
    pub(super) headline: String,
    /// The days of its last change and of its publication.
    pub(super) modified: Option<String>,
    pub(super) published: Option<String>,
    /// The names and addresses of its breadcrumbs, from the top.
    pub(super) trail: Vec<(String, String)>,
}

/// Reads the subject off `og:type` and the top-level types of JSON-LD, and what else these say of the page.
pub(super) fn read(tree: &Tree, og_type: &str, scripts: &[NodeId]) -> Declared {
    let mut found = Declared::default();
    if matches!(og_type, "product" | "og:product" | "product.item") {
        found.subject = Subject::Product;
    }
    for &script in scripts {
        let text = tree.children(script).find_map(|id| tree.text(id)).unwrap_or_default();
        if text.len() > MAX_SCRIPT {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        for top in tops(&value) {
            found.add(top);
        }
    }
    found
}

impl Declared {
    fn add(&mut self, top: &Value) {
        let text = |key: &str| top.get(key).and_then(Value::as_str);
        for name in types(top) {
            let subject = subject(name);
            if let Some(subject) = subject.filter(|_| self.subject != Subject::Product) {
                self.subject = subject;
            }
            if subject == Some(Subject::Article) {
                self.published = self.published.take().or_else(|| day(text("datePublished")?));
                if self.headline.is_empty() {
                    self.headline = clean_line(&plain(text("headline").unwrap_or_default()));
                }
            }
            if subject == Some(Subject::Article) || name.ends_with("Page") {
                self.modified = self.modified.take().or_else(|| day(text("dateModified")?));
            }
            if name == "BreadcrumbList" && self.trail.is_empty() {
                self.trail = steps(top);
            }
        }
    }
}

/// The steps of breadcrumbs in their order.
fn steps(list: &Value) -> Vec<(String, String)> {
    let Some(Value::Array(items)) = list.get("itemListElement") else { return Vec::new() };
    let position = |item: &Value| match item.get("position") {
        Some(Value::String(position)) => position.parse().ok(),
        position => position.and_then(Value::as_u64),
    };
    let mut items: Vec<&Value> = items.iter().take(MAX_STEPS).collect();
    items.sort_by_key(|item| position(item));
    let step = |item: &&Value| {
        let page = item.get("item").unwrap_or(&Value::Null);
        let name = item.get("name").or_else(|| page.get("name")).and_then(Value::as_str)?;
        let address = page.as_str().or_else(|| page.get("@id")?.as_str()).unwrap_or_default();
        Some((clean_line(&plain(name)), address.to_owned()))
    };
    items.iter().filter_map(step).collect()
}

/// The top-level objects: of a list, of `@graph`, or the one.
fn tops(value: &Value) -> Vec<&Value> {
    let list = match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    list.into_iter()
        .flat_map(|top| match top.get("@graph") {
            Some(Value::Array(graph)) => graph.iter().collect(),
            _ => vec![top],
        })
        .collect()
}

fn types(object: &Value) -> Vec<&str> {
    match object.get("@type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn subject(name: &str) -> Option<Subject> {
    match name {
        "Product" | "ProductGroup" | "IndividualProduct" | "ProductModel" => Some(Subject::Product),
        "Article" | "BlogPosting" | "NewsArticle" | "TechArticle" | "Report" => Some(Subject::Article),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::{local_name, parse};

    #[test]
    fn the_subject_is_what_the_page_declares() {
        let check = |og: &str, json: &str, expected: Subject| {
            let tree = parse(&format!("<script type=application/ld+json>{json}</script>")).unwrap();
            let script =
                tree.descendants(Tree::ROOT).find(|&id| tree.name(id) == Some(&local_name!("script")));
            assert_eq!(read(&tree, og, &[script.unwrap()]).subject, expected, "{json}");
        };
        check("product", "", Subject::Product);
        check("article", "{", Subject::Unknown);
        check("", r#"{"@type":"Product","name":"Pump"}"#, Subject::Product);
        check("", r#"[{"@type":"BreadcrumbList"},{"@type":["Thing","Product"]}]"#, Subject::Product);
        check("", r#"{"@graph":[{"@type":"WebPage"},{"@type":"NewsArticle"}]}"#, Subject::Article);
        check("", r#"{"@type":"ItemList","itemListElement":[{"@type":"Product"}]}"#, Subject::Unknown);
    }
}
