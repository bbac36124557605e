//! Pages that are Markdown already: `text/markdown`, `.md` twins, `llms.txt`. They are cleaned of what their generator
//! would have made of them, and then read and written as every page is, so that both forms of a page are one text.

use pulldown_cmark::{Options, Parser, html::push_html};
use url::Url;

use crate::html::{self, Base, Links, Measure, ParseLimit, Tree};
use crate::markdown::{Page, render};

use super::cleaning::Asked;
use super::container::{self, Choice};
use super::flags::Flags;
use super::removal::Removals;
use super::stylesheet::Stylesheet;
use super::{Article, Container, Explanation, Extraction, hidden, metadata};
use front::Front;

mod components;
mod front;
mod tag;

/// Reads a Markdown page that came from `url`: its tree, where it leads, and its content with absolute links.
///
/// Front matter gives title, description and language; components of MDX and directives of other generators go, and
/// what they hold stays; HTML inside is converted. What the pipeline asks for is looked for in what a visitor would get
/// to see: `h2`, `table`, and the HTML inside.
///
/// # Errors
/// [`ParseLimit`] where the page is more than a tree may hold.
pub fn native(text: &str, url: &Url, asked: &Asked<'_>) -> Result<(Tree, Links, Article), ParseLimit> {
    let source = Source::parse(text, url)?;
    let article = source.extraction(url, asked).article;
    Ok((source.tree, source.links, article))
}

/// The same, and how it came about.
///
/// # Errors
/// [`ParseLimit`] where the page is more than a tree may hold.
pub fn explain_native(
    text: &str,
    url: &Url,
    asked: &Asked<'_>,
) -> Result<(Article, Explanation), ParseLimit> {
    let source = Source::parse(text, url)?;
    Ok(source.extraction(url, asked).explained(&source.tree))
}

/// A Markdown page as the tree that a visitor would get to see.
struct Source {
    front: Front,
    tree: Tree,
    links: Links,
}

impl Source {
    fn parse(text: &str, url: &Url) -> Result<Self, ParseLimit> {
        let (front, body) = front::split(text);
        let mut page = String::with_capacity(body.len() * 2);
        let body = components::clean(body);
        push_html(&mut page, Parser::new_ext(&body, options(&body)));
        let tree = html::parse(&page)?;
        let links = html::links(&tree, url);
        Ok(Self { front, tree, links })
    }

    fn extraction(&self, url: &Url, asked: &Asked<'_>) -> Extraction {
        let tree = &self.tree;
        let measure = Measure::new(tree);
        let found = metadata::read(tree);
        let stylesheet = Stylesheet::read(tree, &found.styles);
        let whole = || Choice::new(Container::Rule("markdown".to_owned()), vec![Tree::ROOT]);
        let choice = container::by_request(tree, asked).unwrap_or_else(whole);
        let mut removals = Removals::new(tree.len());
        let mut flags = Flags::default();
        for &root in &choice.roots {
            removals.hide(tree, &measure, root, |hidden| {
                hidden::mark(tree, &measure, &stylesheet, root, hidden, &mut flags);
            });
            removals.ask(tree, root, asked);
        }
        let base = Base::new(url);
        let page = Page { tree, measure: &measure, base: &base, dropped: removals.set() };
        let blocks = render(page, &choice.roots);
        let heading = found.headings.into_iter().next().map(|(_, text)| text);
        let article = Article {
            title: self.front.title.clone().or(heading).unwrap_or_default(),
            language: self.front.language.clone(),
            description: self.front.description.clone(),
            breadcrumbs: Vec::new(),
            modified: None,
            container: choice.container.clone(),
            flags: flags.of(&blocks),
            blocks,
        };
        Extraction { article, measure, choice, removals, repeated: Vec::new() }
    }
}

/// The dialect of a text. Definitions are read only where one stands: the parser takes any line for one that begins
/// with a colon, as none does that goes on with a word.
fn options(text: &str) -> Options {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let is_definition = |line: &str| line.trim_start_matches(' ').starts_with(": ");
    if text.lines().any(is_definition) { options | Options::ENABLE_DEFINITION_LIST } else { options }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Selector;

    fn read(text: &str) -> (Links, Article) {
        let url = Url::parse("https://a.test/docs/guide/page.md").unwrap();
        let (_, links, article) = native(text, &url, &Asked::default()).unwrap();
        (links, article)
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(read(text).1.markdown(), expected, "{text}");
    }

    #[test]
    fn front_matter_is_metadata() {
        let text = "---\ntitle: \"Set up: the hub\"\ndescription: >-\n  How to set\n  it up.\nlang: de_DE\ntags: [a]\n---\n\nText.";
        let (_, article) = read(text);
        assert_eq!(article.title, "Set up: the hub");
        assert_eq!(article.description.as_deref(), Some("How to set it up."));
        assert_eq!(article.language.as_deref(), Some("de-DE"));
        assert_eq!(article.markdown(), "Text.");
        assert_eq!(read("\u{FEFF}+++\r\ntitle = 'A'\r\n+++\r\nText").1.title, "A");
        assert_eq!(read("# Heading\n\nText").1.title, "Heading");
        check("---\n\nno front matter\n\n---\n", "no front matter\n\n---");
    }

    #[test]
    fn the_pipeline_says_what_content_is() {
        let text =
            "# T\n\n<div class=ad>Buy now.</div>\n\n## A\n\ntext\n\n<section id=s>\n\nmore\n\n</section>";
        let url = Url::parse("https://a.test/page.md").unwrap();
        let read = |content: Option<&str>, remove: &[&str]| {
            let parsed = |text: &str| text.parse::<Selector>().unwrap();
            let content: Vec<_> = content.into_iter().map(parsed).collect();
            let remove: Vec<_> = remove.iter().map(|text| parsed(text)).collect();
            let asked = Asked { content: content.iter().collect(), remove: remove.iter().collect() };
            native(text, &url, &asked).unwrap().2
        };
        assert_eq!(read(None, &[".ad", "h1"]).markdown(), "## A\n\ntext\n\nmore");
        let part = read(Some("#s"), &[]);
        assert_eq!((part.markdown().as_str(), part.container), ("more", Container::Asked));
        assert_eq!(read(Some("#none"), &["#s"]).container, Container::Rule("markdown".to_owned()));
    }

    #[test]
    fn links_are_absolute_and_followed() {
        let (links, article) = read("[a](../b.md#c) ![d](e.png) <https://x.test/> [f][g]\n\n[g]: /h");
        assert_eq!(
            article.markdown(),
            "[a](https://a.test/docs/b.md#c) d [https://x.test/](https://x.test/) [f](https://a.test/h)"
        );
        let follow: Vec<_> = links.follow.iter().map(Url::as_str).collect();
        assert_eq!(follow, ["https://a.test/docs/b.md", "https://x.test/", "https://a.test/h"]);
    }

    #[test]
    fn components_go_and_what_they_hold_stays() {
        check(
            "import Tabs from '@theme/Tabs';\nexport const x = {\n  a: 1,\n};\n\n# T\n\n<Tabs items={['npm', 'yarn']}>\n  <TabItem value=\"npm\" label=\"npm\">\n\n    ```bash\n    npm i\n    ```\n\n  </TabItem>\n  <TabItem\n    label=\"Yarn\"\n  >\n    yarn add\n  </TabItem>\n</Tabs>\n\nEnd <Badge text=\"x\" /> here. {/* a\ncomment */}",
            "# T\n\n**npm**\n\n```bash\nnpm i\n```\n\n**Yarn**\n\nyarn add\n\nEnd here.",
        );
        check("<Note>\n  Be **careful**.\n</Note>", "> **Note**\n>\n> Be **careful**.");
        check(
            "<Callout type=\"warning\" title=\"Hot\">Do not touch.</Callout>",
            "> **Warning: Hot**\n>\n> Do not touch.",
        );
        check(
            "<Card title=\"Start\" href=\"./start\">Go.</Card>",
            "**[Start](https://a.test/docs/guide/start)**\n\nGo.",
        );
        check("<Accordion title=\"Why?\">\nBecause.\n</Accordion>", "## Why?\n\nBecause.");
        check(
            "Use `<Tabs>` and\n\n```jsx\nimport A from 'a';\n<Tabs/>\n```",
            "Use `<Tabs>` and\n\n```jsx\nimport A from 'a';\n<Tabs/>\n```",
        );
        check(
            "<ParamField query=\"limit\" type=\"integer\" default=\"10\" required>\n  How many.\n</ParamField>\n<ResponseField name=\"id\" type=\"string\">The id, required=no.</ResponseField>",
            "**limit** (integer, required, default: 10)\n\nHow many.\n\n**id** (string)\n\nThe id, required=no.",
        );
        check("A Vec<String> is a list.", "A Vec\\<String> is a list.");
    }

    #[test]
    fn directives_of_generators_are_callouts() {
        check(
            "[[toc]]\n\n::: code-group\n```sh [npm]\nnpm i\n```\n:::\n\nAfter",
            "```sh\nnpm i\n```\n\nAfter",
        );
        check(":::tip Short\nText\n:::\n\nAfter", "> **Tip: Short**\n>\n> Text\n\nAfter");
        check(
            "!!! note \"Mind\"\n    Text\n\n    - a\n\nAfter",
            "> **Note: Mind**\n>\n> Text\n>\n> - a\n\nAfter",
        );
        check("> [!WARNING]\n> Text", "> **Warning**\n>\n> Text");
        check("{% hint style=\"info\" %}\nText\n{% endhint %}", "> **Info**\n>\n> Text");
        check("=== \"npm\"\n\n    text\n", "**npm**\n\ntext");
    }

    #[test]
    fn what_markdown_holds_besides_is_kept() {
        check("- [x] done\n- [ ] open", "- [x] done\n- [ ] open");
        check("a[^n]\n\n[^n]: the note here", "a[^1]\n\n[^1]: the note here");
        check(
            "## Title {#id}\n\n<div align=center><b>x</b></div>\n\na<br>b <kbd>c</kbd>",
            "## Title\n\n**x**\n\na  \nb `c`",
        );
        check(
            "Hub\n: The middle.\n: Has lights.\n\nPort\n\n: A *hole*.",
            "**Hub**\n\nThe middle.\n\nHas lights.\n\n**Port**\n\nA *hole*.",
        );
        check(
            "Hub\n: Dark.\n\n| a | b |\n|:---|---:|\n| 1 | 2 |\n\na | b\n:--|:--\n1 | 2",
            "**Hub**\n\nDark.\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n| a | b |\n| --- | --- |\n| 1 | 2 |",
        );
        check("Mind\n:the colon", "Mind :the colon");
        check("<p hidden>secret</p>\n\n<!-- note -->\n\ntext", "text");
        check("| a | b |\n|---|---|\n| 1 | `x\\|y` |", "| a | b |\n| --- | --- |\n| 1 | `x\\|y` |");
    }
}
