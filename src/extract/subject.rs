//! Whether a page is about one thing (a product, an article) or about many, as it declares itself.
//!
//! Cards that lead to other pages are the content of a shop's category and lie beside the content of a product.

use serde_json::Value;

use crate::html::{NodeId, Tree};

/// Bytes of a JSON-LD script that are looked at; larger ones carry catalogues.
const MAX_SCRIPT: usize = 256 * 1024;

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

/// Reads the subject off `og:type` and the top-level types of JSON-LD.
pub(super) fn read(tree: &Tree, og_type: &str, scripts: &[NodeId]) -> Subject {
    let mut found = match og_type {
        "product" | "og:product" | "product.item" => Subject::Product,
        _ => Subject::Unknown,
    };
    for &script in scripts {
        let text = tree.children(script).find_map(|id| tree.text(id)).unwrap_or_default();
        if text.len() > MAX_SCRIPT {
            continue;
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        for name in tops(&value).into_iter().flat_map(types) {
            match subject(name) {
                Some(Subject::Product) => return Subject::Product,
                Some(subject) => found = subject,
                None => {}
            }
        }
    }
    found
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
            assert_eq!(read(&tree, og, &[script.unwrap()]), expected, "{json}");
        };
        check("product", "", Subject::Product);
        check("article", "{", Subject::Unknown);
        check("", r#"{"@type":"Product","name":"Pump"}"#, Subject::Product);
        check("", r#"[{"@type":"BreadcrumbList"},{"@type":["Thing","Product"]}]"#, Subject::Product);
        check("", r#"{"@graph":[{"@type":"WebPage"},{"@type":"NewsArticle"}]}"#, Subject::Article);
        check("", r#"{"@type":"ItemList","itemListElement":[{"@type":"Product"}]}"#, Subject::Unknown);
    }
}
