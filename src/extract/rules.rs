//! Where site generators put content: one ordered table of names and selectors.
//!
//! A rule is tried where its `on` (if any) and its `content` are found on the page. To add one: a line here, a golden
//! page under `tests/fixtures/pages`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::html::{Element, NodeId, Tree};

use super::selector::{Key, Selector};

/// The content of one generator, theme or help desk.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Something that must be on the page, so that common names are not mistaken.
    on: Option<Selector>,
    content: Selector,
    /// What inside the content is not content.
    pub(super) remove: Option<Selector>,
    pub(super) take: Take,
}

/// name, on, content, remove
type Row = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // Documentation generators.
    ("sphinx-furo", "", "article#furo-main-content", ".headerlink"),
    ("sphinx-pydata", "", "article.bd-article", ".headerlink, .prev-next-area, .prev-next-footer, .bd-header-article"),
    ("mkdocs-material", "", "article.md-content__inner", ".md-content__button, .md-source-file, .md-source-date, .md-feedback, .md-tags, .headerlink"),
    ("sphinx-rtd", "", "div.rst-content", ".headerlink, .wy-breadcrumbs, [role=navigation], .rst-footer-buttons, .rst-versions, footer, .ethical-rtd, .ethical-sidebar"),
    ("sphinx", "div.sphinxsidebar, div.documentwrapper, div.related", "div.body[role=main], div.body", ".headerlink, .admonition-todo"),
    ("sphinx-basic", "div.document, section[id], div.section", "div[role=main] div[itemprop=articleBody], div[itemprop=articleBody]", ".headerlink"),
    ("docusaurus", "#__docusaurus, #__docusaurus_skipToContent_fallback", ".theme-doc-markdown, article .markdown, .blog-wrapper article", ".theme-doc-toc-mobile, .theme-doc-footer, .theme-doc-breadcrumbs, .theme-doc-version-badge, .theme-edit-this-page, .hash-link, .pagination-nav"),
    ("vitepress", "", "main .vp-doc, .vp-doc", ".header-anchor, .vp-doc-footer, .prev-next, .copy"),
    ("vuepress", "", ".theme-default-content, .theme-hope-content", ".header-anchor, .page-nav, .page-edit"),
    ("starlight", "", ".sl-markdown-content", ".sl-anchor-link, .copy"),
    ("nextra", "", ".nextra-content main, article.nextra-body main, .nextra-body main, .nextra-content", ".nextra-breadcrumb, .nextra-toc, .subheading-anchor"),
    ("gitbook-legacy", "", ".page-inner section.markdown-section, .page-inner .markdown-section", ".header-anchor"),
    ("readme", "", ".rm-Markdown, .rm-Article, #hub-content .markdown-body", ".rm-PageThumbs, .PageThumbs, .UpdatedAt, .rm-Pagination"),
    ("mdbook", "#sidebar, #menu-bar, #mdbook-menu-bar", "#content main, #mdbook-content main", ".nav-wrapper, .nav-wide-wrapper"),
    ("rustdoc", "body.rustdoc, .rustdoc, #rustdoc-vars", "#main-content, main #main", ".srclink, a.src, a.anchor, .since, #copy-path, #toggle-all-docs, rustdoc-toolbar"),
    ("docbook-site", "", "#docContent", ".navheader, .navfooter, .id_link"),
    ("docbook", "div.navheader, div.navfooter", "body", ".navheader, .navfooter, .id_link"),
    ("javadoc", ".flex-content, .contentContainer", "main, .contentContainer, .content-container", ".sub-nav, .toc, .skip-nav, nav"),
    ("doxygen", "#doc-content, #titlearea, #nav-path", "#doc-content, div.contents", ".navpath, #nav-path, .summary, .permalink, .footer, .dyncontent, .ttc"),
    ("antora", "", "article.doc", ".toolbar, .pagination, .toc, .breadcrumbs, a.anchor, .edit-this-page"),
    ("asciidoc-manpage", "body.manpage #header", "body.manpage", "#footer, #toc, .toc, a.anchor"),
    ("asciidoctor", "body.article, body.book, body.manpage, #footer-text, body.toc2", "#content", "#toc, .toc, a.anchor"),
    ("node-api", "", "#apicontent", "a.mark, .copy-button, .legacy"),
    ("pkgdown", ".pkgdown, body.template-article, .template-reference-topic", "#main, main#main, .contents", ".dropdown, .d-none"),
    ("exdoc", "body.page-extra, .content-inner", ".content-inner, #content", ".icon-action, .hover-link, .detail-link, .bottom-actions, .footer, .heading-with-actions button"),
    ("just-the-docs", ".main-content-wrap", "main.main-content, #main-content, .main-content", ".anchor-heading, .breadcrumb-nav, .toc"),
    ("docsy", "", ".td-content", ".td-page-meta, .td-heading-self-link, .feedback--title, .feedback--response, .td-related-pages, .section-index"),
    ("hugo-book", "", "article.book-article", "a.anchor, .book-toc"),
    ("geekdoc", "", "article.gdoc-markdown, article.gdoc-post", ".gdoc-page__anchor, .gdoc-toc"),
    ("hugo-learn", "", "#body-inner, article.hextra-content, .hextra-content, main .content article.prose", ".footline, .subheading-anchor"),
    ("godoc", "", ".Documentation-content, .UnitReadme-content, .Documentation", ".Documentation-idLink, .Documentation-sinceVersion"),
    ("dokuwiki", "", "#dokuwiki__content .page", "#dw__toc, .secedit, .docInfo"),
    ("mediawiki", "", "#mw-content-text .mw-parser-output, #mw-content-text", ".mw-editsection, #toc, .toc, .navbox, .vertical-navbox, .sistersitebox, .printfooter, .catlinks, .mw-jump-link, .mw-empty-elt, .noprint, .ambox, .mw-indicators, .mw-authority-control, .reflist, ol.references, .mw-references-wrap, .hatnote, .mw-cite-backlink"),
    ("confluence", "", "#main-content.wiki-content, .wiki-content, .ak-renderer-document", ".toc-macro, .page-metadata"),
    ("github-markdown", "", "article.markdown-body, .markdown-body.entry-content", "a.anchor, .zeroclipboard-container"),
    ("mintlify", "", ".mdx-content, #content-area .prose", ".copy-button"),
    ("redocly", "", "article[data-component-name='Markdown/Markdown'], .redoc-markdown article", ""),
    ("aws-docs", "", "#main-col-body", "#main-col-footer, .awsdocs-page-header-container, .awsdocs-filter-selector"),
    // Help desks.
    ("zendesk", ".article-container, .article, article.article, .article-info, .article-body", ".article-body, .article__body.markdown", ".article-votes, .article-relatives, .article-footer, .article-attachments"),
    ("intercom", ".intercom-reset, .intercom-app, .article__meta, .article_body, meta[name='intercom']", ".article__body article, .article_body article, article.intercom-interblocks, .article__body, .article_body, .intercom-interblocks-article", ".article__meta, .intercom-reaction-picker, .related_articles, .table-of-contents"),
    ("freshdesk", "", ".article-body#article-body, #article-body, .fw-content, #article-show-body, .article__body", ".article-vote, #article-related-list"),
    ("helpscout", "", "article#fullArticle, #fullArticle", ".printArticle, .articleRatings, .article-footer, .related, .articleFoot"),
    ("document360", "", ".content_container_text_sec_in, #articleContent", ".article-helpful"),
    ("helpjuice", "", ".helpjuice-article-body, #helpjuice-article-body, .article .body", ""),
    ("discourse-page", "meta[content^='Discourse'], #main-outlet .crawler-post, #topic-title", "#main-outlet", "#related-topics, .suggested-topics, .crawler-nav, .crawler-linkback-list, .topic-category, .post-likes, .crawler-post-meta .position, .discourse-tags, footer, #push-notification-prompt"),
    // Blogs and content systems.
    ("ghost", "", ".gh-content, section.post-full-content, .post-full-content .post-content", ".gh-subscribe-form, .kg-signup-card, .kg-bookmark-metadata"),
    ("wordpress", "", ".entry-content, .wp-block-post-content, .elementor-widget-theme-post-content", ".sharedaddy, .jp-relatedposts, .yarpp, .addtoany_share_save_container, .wp-block-latest-posts, .ez-toc-container, #ez-toc-container, .lwptoc, .toc_container, #toc_container, .post-tags, .related-posts, .wpcnt, .heateor_sss_sharing_container, .rank-math-breadcrumb, .code-block, .su-button"),
    ("jekyll", "", "article.post .post-content, .post-content, .e-content", ".related, .share, .post-nav, .post-tags"),
];

/// Discussions: every post is content, and what stands between them is not.
#[rustfmt::skip]
const DISCUSSIONS: &[Row] = &[
    ("discourse", "", "#main-outlet .crawler-post-meta .creator, #main-outlet .crawler-post-meta .post-time, #main-outlet .crawler-post .post, .topic-meta-data .names, .topic-meta-data .post-date, .topic-body .cooked", ".crawler-linkback-list"),
    ("stack-exchange", "#question, .question", ".js-post-body, .post-text", ".js-post-notice"),
    ("xenforo", "", ".message-cell--user .message-name, .message-attribution-main time, .message-attribution-main .u-dt, .message-body .bbWrapper, .messageContent .messageText", ".bbCodeBlock-expandLink"),
    ("phpbb", "", ".postbody p.author, .postbody .author, .postbody .content", ".codebox > p, .unread, .author > a.unread"),
    ("mybb", "#posts_container, #posts", ".post_author .author_information .largetext, .post_content .post_date, .post_body", ".post_edit"),
    ("vbulletin", "", ".username_container .username, .postdate .date, .postcontent, .b-post__timestamp, .b-userinfo .author, .js-post__content-text, .post_message", ""),
    ("invision", "", "aside .cAuthorPane_author, .ipsComment_meta time, .ipsType_richText[data-role='commentContent'], .ipsComment_content .ipsType_richText", ".ipsType_reset > strong, [data-excludequote]"),
    ("khoros", "", ".lia-user-name-link, .DateTime.lia-message-posted-on, .lia-message-body-content", ".lia-message-tags"),
    ("flarum", "", ".PostUser-name, .Post-header time, .Post-body", ""),
    ("smf", "#forumposts, #messageindex", ".poster h4, .post .inner, .postarea .post", ""),
    ("vanilla", "", ".Item-Header .Username, .Item-Header time, .Message.userContent, .userContent", ""),
    ("nodebb", "", "li[component='post'] a[itemprop='author'], div[component='post/content']", ""),
    ("lemmy", ".lemmy-site", "article#postContent .md-div, .comment .person-listing, .comment .comment-content, .comment .md-div", ""),
    ("github-issue", "", ".js-comment-body, .comment-body.markdown-body", ""),
    ("forum-posting", "div[itemtype$='DiscussionForumPosting'], article[itemtype$='DiscussionForumPosting'], div[itemtype$='/Comment'], article[itemtype$='/Comment']", "[itemtype$='DiscussionForumPosting'] div[itemprop=text], [itemtype$='DiscussionForumPosting'] div[itemprop=articleBody], [itemtype$='/Comment'] div[itemprop=text]", ""),
];

/// Which of the places that a rule names hold the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    /// The one with most of the text.
    One,
    /// All of them.
    Every,
}

/// The table, parsed, and an index from the names its selectors end in.
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    index: HashMap<&'static str, Vec<Entry>>,
    /// Lengths (bit set) of the names in the index, by first byte: most names on a page are refused by it.
    lengths: [u64; 256],
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    rule: usize,
    part: Part,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    On,
    Content,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Class,
    Tag,
}

/// The parsed table.
pub(super) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut rules = Rules { all: Vec::new(), index: HashMap::new(), lengths: [0; 256] };
    rules.add_table(DISCUSSIONS, Take::Every);
    rules.add_table(TABLE, Take::One);
    rules
});

fn parsed(text: &str) -> Option<Selector> {
    // A row that does not parse is caught by the test below, not by a page.
    text.parse().ok()
}

impl Rules {
    fn add_table(&mut self, table: &'static [Row], take: Take) {
        for &(name, on, content, remove) in table {
            let Some(content_selector) = parsed(content) else { continue };
            let rule = self.all.len();
            self.all.push(Rule {
                name,
                on: parsed(on),
                content: content_selector,
                remove: parsed(remove),
                take,
            });
            for (part, text) in [(Part::On, on), (Part::Content, content)] {
                // Keys borrow from the selector; the index needs the table's own text, which holds the same names.
                let Some(selector) = parsed(text) else { continue };
                for key in selector.keys() {
                    let (kind, name) = match key {
                        Key::Id(name) => (Kind::Id, name),
                        Key::Class(name) => (Kind::Class, name),
                        Key::Tag(name) => (Kind::Tag, name),
                        Key::Any => (Kind::Tag, ""),
                    };
                    let Some(at) = text.find(name) else { continue };
                    self.add(&text[at..at + name.len()], Entry { rule, part, kind });
                }
            }
        }
    }

    fn add(&mut self, name: &'static str, entry: Entry) {
        let Some(first) = name.bytes().next() else { return };
        self.lengths[first as usize] |= 1 << (name.len() % 64);
        self.index.entry(name).or_default().push(entry);
    }

    fn entries(&self, name: &str) -> &[Entry] {
        let possible = name
            .bytes()
            .next()
            .is_some_and(|first| self.lengths[first as usize] >> (name.len() % 64) & 1 == 1);
        if possible { self.index.get(name).map_or(&[], Vec::as_slice) } else { &[] }
    }
}

/// What of the table is found on one page.
#[derive(Debug)]
pub(super) struct Hits {
    on: Vec<bool>,
    content: Vec<Vec<NodeId>>,
}

impl Hits {
    pub(super) fn new() -> Self {
        let len = RULES.all.len();
        Self { on: vec![false; len], content: vec![Vec::new(); len] }
    }

    /// Looks at one element of the page, in document order.
    pub(super) fn see(&mut self, tree: &Tree, id: NodeId, element: &Element) {
        self.look_up(tree, id, element.name(), Kind::Tag);
        if let Some(own) = element.id() {
            self.look_up(tree, id, own, Kind::Id);
        }
        for class in element.classes() {
            self.look_up(tree, id, class, Kind::Class);
        }
    }

    fn look_up(&mut self, tree: &Tree, id: NodeId, name: &str, kind: Kind) {
        for entry in RULES.entries(name).iter().filter(|e| e.kind == kind) {
            let rule = &RULES.all[entry.rule];
            match entry.part {
                Part::On => {
                    self.on[entry.rule] |= rule.on.as_ref().is_some_and(|on| on.matches(tree, id));
                }
                Part::Content => {
                    let found = &mut self.content[entry.rule];
                    if found.last() != Some(&id) && rule.content.matches(tree, id) {
                        found.push(id);
                    }
                }
            }
        }
    }

    /// The rules that apply, in the table's order, with the places they name.
    pub(super) fn rules(&self) -> impl Iterator<Item = (&'static Rule, &[NodeId])> {
        RULES
            .all
            .iter()
            .zip(&self.on)
            .zip(&self.content)
            .filter(|((rule, on), found)| (rule.on.is_none() || **on) && !found.is_empty())
            .map(|((rule, _), found)| (rule, found.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_parses_and_can_be_looked_up() {
        for (name, on, content, remove) in TABLE.iter().chain(DISCUSSIONS) {
            for text in [on, content, remove].into_iter().filter(|t| !t.is_empty()) {
                let selector = text.parse::<Selector>().unwrap_or_else(|e| panic!("{name}: {e}"));
                if text != remove {
                    assert!(selector.keys().all(|k| k != Key::Any), "{name}: `{text}` cannot be indexed");
                }
            }
        }
        assert_eq!(RULES.all.len(), TABLE.len() + DISCUSSIONS.len());
    }

    #[test]
    fn names_of_rules_are_unique() {
        let mut names: Vec<_> = TABLE.iter().chain(DISCUSSIONS).map(|row| row.0).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.all.len());
    }
}
