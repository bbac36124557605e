//! Pages that a site serves twice, as HTML and as Markdown.
//!
//! The one of HTML stays: its address is what a visitor can be sent to, and it holds what a generator adds to the
//! source: tables of an API, included files, the contents of components. The Markdown stands in where that is no document.

use std::collections::HashSet;

use crate::store::Member;

/// Gives pages of Markdown that name no canonical form the page of HTML as one, where that is known.
pub(super) fn name_twins(members: &mut [Member]) {
    let known: HashSet<String> = members.iter().map(|member| member.key.to_string()).collect();
    for member in members.iter_mut().filter(|member| member.canonical.is_none()) {
        member.canonical = pages_of(member.key.as_ref()).into_iter().find(|page| known.contains(page));
    }
}

/// The addresses under which the page of a Markdown file is found, by the usual conventions: `page.md` and
/// `page/index.md` beside `page`, `page.html.md` as <https://llmstxt.org> has it.
fn pages_of(key: &str) -> Vec<String> {
    let endings = [".md", ".mdx", ".markdown"];
    let Some(page) = endings.iter().find_map(|ending| key.strip_suffix(ending)) else { return Vec::new() };
    let mut pages = vec![page.to_owned()];
    if let Some(page) = page.strip_suffix(".html") {
        pages.extend(page.strip_suffix("index").map(str::to_owned));
        return pages;
    }
    pages.extend([format!("{page}/"), format!("{page}.html")]);
    if let Some(folder) = page.strip_suffix("/index") {
        pages.extend([format!("{folder}/"), folder.to_owned()]);
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_markdown_file_is_found_by_its_address() {
        let check = |key: &str, page: &str, expected: bool| {
            assert_eq!(pages_of(key).contains(&page.to_owned()), expected, "{key} {page}");
        };
        check("https://a.test/b.md", "https://a.test/b", true);
        check("https://a.test/b.md", "https://a.test/b/", true);
        check("https://a.test/b.mdx", "https://a.test/b.html", true);
        check("https://a.test/b/index.md", "https://a.test/b/", true);
        check("https://a.test/b/index.md", "https://a.test/b", true);
        check("https://a.test/b.html.md", "https://a.test/b.html", true);
        check("https://a.test/b/index.html.md", "https://a.test/b/", true);
        check("https://a.test/b.md?raw=1", "https://a.test/b", false);
        check("https://a.test/b.md", "https://a.test/b.md", false);
    }
}
