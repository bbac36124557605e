//! The table: where site generators, help desks, forums and content systems put their content.
//!
//! The order counts: what is more certain comes first. A row is a name, something that must be on the page (or
//! nothing), the places of the content, and what inside them is no content.

/// name, on, content, remove
pub(super) type Row = (&'static str, &'static str, &'static str, &'static str);

/// Discussions: every post is content, with who wrote it and when; what stands between posts is not.
#[rustfmt::skip]
pub(super) const DISCUSSIONS: &[Row] = &[
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

/// Generators of documentation.
#[rustfmt::skip]
pub(super) const DOCUMENTATION: &[Row] = &[
    // Sphinx and what is built on it.
    ("sphinx-furo", "", "article#furo-main-content", ".headerlink, details.hide > summary, .contents, .viewcode-link"),
    ("sphinx-pydata", "", "article.bd-article", ".headerlink, details.hide > summary, .contents, .viewcode-link, .prev-next-area, .prev-next-footer, .bd-header-article"),
    ("mkdocs-material", "", "article.md-content__inner", ".md-content__button, .md-source-file, .md-source-date, .md-feedback, .md-tags, .headerlink, .mkdocstrings-source"),
    ("sphinx-rtd", "", "div.rst-content", ".headerlink, .contents, .viewcode-link, .wy-breadcrumbs, [role=navigation], .rst-footer-buttons, .rst-versions, footer, .ethical-rtd, .ethical-sidebar"),
    ("sphinx", "div.sphinxsidebar, div.documentwrapper, div.related", "div.body[role=main], div.body", ".headerlink, .contents, .viewcode-link, .admonition-todo"),
    ("sphinx-basic", "div.document, section[id], div.section", "div[role=main] div[itemprop=articleBody], div[itemprop=articleBody]", ".headerlink, .contents, .viewcode-link"),
    ("mkdocs", "#mkdocs_search_modal, #mkdocs-search-results, #mkdocs_keyboard_modal", "div.col-md-9[role=main], div[role=main]", ".headerlink"),
    // Static sites from Markdown.
    ("docusaurus", "#__docusaurus, #__docusaurus_skipToContent_fallback", ".theme-doc-markdown, article .markdown, .blog-wrapper article", ".theme-doc-toc-mobile, .theme-doc-footer, .theme-doc-breadcrumbs, .theme-doc-version-badge, .theme-edit-this-page, .hash-link, .pagination-nav, .avatar, article > footer"),
    ("docusaurus-1", ".docMainWrapper, .docsNavContainer", ".mainContainer .post article", ".hash-link"),
    ("vitepress-home", ".VPHomeHero, .VPHero", ".VPHome", ".actions, .VPImage, .VPFeature .icon, .header-anchor, .copy"),
    ("vitepress", "", "main .vp-doc, .vp-doc", ".header-anchor, .vp-doc-footer, .prev-next, .copy"),
    ("vuepress", "", ".theme-default-content, .theme-hope-content", ".page-nav, .page-edit, .table-of-contents"),
    ("starlight-splash", ".hero h1[data-page-title]", "main[data-pagefind-body], main", ".hero .actions, footer, .sl-banner, starlight-banner, .sl-anchor-link, .expressive-code .copy, .frame .header .sr-only, .tree-icon .sr-only"),
    ("starlight", "", ".sl-markdown-content", ".sl-anchor-link, .copy, .frame .header .sr-only, .tree-icon .sr-only"),
    ("nextra", "", ".nextra-content main, article.nextra-body main, .nextra-body main, .nextra-content", ".nextra-breadcrumb, .nextra-toc, .subheading-anchor, [class*='print:hidden'], [class*='print:_hidden']"),
    ("nextra-app", "nav.nextra-toc, .nextra-navbar", "article main", ".subheading-anchor, [class*='print:hidden']"),
    ("fumadocs", "#nd-page, #nd-docs-layout", "#nd-page .prose, #nd-page", ""),
    ("mintlify", "", ".mdx-content, #content-area .prose", ".copy-button, .step-number, [data-component-part='step-number']"),
    ("readme", "", ".rm-Markdown, .rm-Article, #hub-content .markdown-body", ".rm-PageThumbs, .PageThumbs, .PageThumbs-helpful, .UpdatedAt, .NextStepsHR, .rm-Pagination, .suggestEdits"),
    ("bookdown", ".book.without-animation, .book .book-summary", ".book-body section.normal", ".header-anchor, .anchor-section"),
    ("gitbook-legacy", "", ".page-inner section.markdown-section, .page-inner .markdown-section", ".header-anchor"),
    ("gitbook", "meta[name='generator'][content^='GitBook']", "main", "aside, header nav, time, [aria-label='Page feedback'], [data-testid='page-footer-navigation']"),
    ("mdbook", "#sidebar, #menu-bar, #mdbook-menu-bar", "#content main, #mdbook-content main", ".nav-wrapper, .nav-wide-wrapper"),
    ("quarto", "", "main#quarto-document-content", "#TOC, .nav-page, .anchorjs-link, .code-copy-button, #quarto-margin-sidebar, .quarto-title-breadcrumbs"),
    ("docsify", "", "article#main.markdown-section, article.markdown-section", ".docsify-pagination-container"),
    ("slate", ".tocify-wrapper, .toc-wrapper", ".page-wrapper .content", ".dark-box"),
    // Reference from source code.
    ("rustdoc", "body.rustdoc, .rustdoc, #rustdoc-vars", "#main-content, main #main", ".srclink, a.src, a.anchor, .since, #copy-path, #toggle-all-docs, rustdoc-toolbar, summary.hideme, .rustdoc-breadcrumbs, .rightside, a.tooltip"),
    ("javadoc", ".flex-content, .contentContainer, .header .subTitle", "main, .contentContainer, .content-container", ".sub-nav, .toc, .skip-nav, nav, .summary-table .caption, .caption"),
    ("doxygen", "#doc-content, #titlearea, #nav-path", "#doc-content, div.contents", ".navpath, #nav-path, .summary, .permalink, .footer, .dyncontent, .ttc, .ingroups, .definition, .levels, .directory .arrow, .directory .icona"),
    ("typedoc", ".tsd-page-title, .tsd-page-toolbar", ".col-content", ".tsd-breadcrumb, .tsd-anchor-icon, .tsd-sources"),
    ("pdoc", "", "main.pdoc", "section > div.pdoc-code, .classattr > div.pdoc-code, .view-source-toggle-button, .view-source-toggle-state, .view-source-button, .headerlink"),
    ("pdoc3", "#content > header > h1.title", "article#content", "details.source, .git-link-div, .git-link"),
    ("jsdoc", ".container-overview, .type-signature", "#main", ".tag-source"),
    ("dartdoc", "", "#dartdoc-main-content", ".anchor-button"),
    ("jazzy", ".jazzy, .nav-groups", "article.main-content, .main-content", ".token-open"),
    ("phpdocumentor", "", ".phpdocumentor-content", ".phpdocumentor-breadcrumbs, .phpdocumentor-element-found-in"),
    ("php-manual", "", "#layout-content", "#usernotes, .page-tools, .change-language, .up"),
    ("haddock", "#package-header", "#content", ".selflink, .link, #synopsis, #table-of-contents"),
    ("odoc", "", ".odoc-content", ".anchor, .odoc-nav"),
    ("documenter", "#documenter-page, #documenter", "article#documenter-page, article.content", ".docs-heading-anchor-permalink, .docs-sourcelink, .docstring-article-toggle-button"),
    ("exdoc", "body.page-extra, nav.sidebar, .sidebar-projectDetails", "#content.content-inner, .content-inner, #content", ".icon-action, .hover-link, .detail-link, .bottom-actions, .footer, .heading-with-actions button"),
    ("godoc", "", ".Documentation-content, .UnitReadme-content, .Documentation", ".Documentation-idLink, .Documentation-sinceVersion"),
    ("pkgdown", ".pkgdown, body.template-article, .template-reference-topic", "#main, main#main, .contents", ".dropdown, .d-none"),
    ("node-api", "", "#apicontent", "a.mark, .copy-button, .legacy"),
    ("yard", "#full_list_nav, #yard-nav, .nav_wrap", "#content", "#toc, .source_code, .summary_toggle, a.inheritanceTree"),
    // Books and manuals.
    ("docbook-site", "", "#docContent", ".navheader, .navfooter, .id_link"),
    ("docbook", "div.navheader, div.navfooter", "body", ".navheader, .navfooter, .id_link"),
    ("docbook-single", "div.titlepage", "div.article, div.book, div.chapter, div.refentry, div.sect1", ".id_link, .toc, .list-of-figures, .list-of-tables, .list-of-examples, .list-of-equations"),
    ("antora", "", "article.doc", ".toolbar, .pagination, .toc, .breadcrumbs, a.anchor, .edit-this-page"),
    ("asciidoc-manpage", "body.manpage #header", "body.manpage", "#footer, #toc, .toc, a.anchor"),
    ("asciidoctor", "body.article, body.book, body.manpage, #footer-text, body.toc2", "#content", "#toc, .toc, a.anchor"),
    ("texinfo", "body.texinfo, meta[name='Generator'][content^='makeinfo'], meta[name='generator'][content^='texi2any']", "body", ".header, .nav-panel, .contents, .contents-heading, .shortcontents, .shortcontents-heading, .mini-toc, .copiable-link, .copiable-anchor, .footnotes-heading"),
    ("nbconvert", "", "#notebook-container, .jp-Notebook", ".prompt, .jp-InputPrompt, .jp-OutputPrompt, .anchor-link"),
    // Themes of Hugo and Jekyll.
    ("just-the-docs", ".main-content-wrap", "main.main-content, #main-content, .main-content", ".anchor-heading, .breadcrumb-nav, .toc"),
    ("docsy", "", ".td-content", ".td-page-meta, .td-heading-self-link, .feedback--title, .feedback--question, .feedback--response, .td-related-pages, .section-index"),
    ("doks", "body.docs, .docs-sidebar, .docs-links", "main.docs-content, .docs-content", ".docs-navigation, .anchor, .edit-page, .page-footer-meta"),
    ("hugo-book", "", "article.book-article", "a.anchor, .book-toc"),
    ("geekdoc", "", "article.gdoc-markdown, article.gdoc-post", ".gdoc-page__anchor, .gdoc-toc"),
    ("hugo-learn", "", "#body-inner, article.hextra-content, .hextra-content, main .content article.prose", ".footline, .subheading-anchor"),
    ("minimal-mistakes", "", "section.page__content", ".header-link, .toc, .page__meta, .page__share, .page__related"),
    // Documentation of large makers.
    ("mdn", "meta[property='og:site_name'][content='MDN Web Docs'], .mdn-layout, body .main-page-content", ".main-page-content, main .layout__content, main.reference-layout__content", ".baseline-indicator, mdn-baseline-indicator, .bc-table, .article-footer, aside, .reference-toc, .on-github, .metadata, .copy-icon, .sidebar"),
    ("ms-learn", "meta[name='ms.topic'], meta[name='ms.service'], meta[name='ms.author']", "main#main, main", "#article-header, #article-metadata, .page-metadata-container, #ms--inline-notifications, #user-feedback, #site-user-feedback-footer, #next-section, #recommendations-section, .binary-rating, .action, #ms--in-this-article, .article-header, [data-bi-name='page-info'], .additional-resources"),
    ("devsite", "", "article.devsite-article .devsite-article-body, .devsite-article-body", ".devsite-feedback, devsite-feedback, .devsite-banner, .nocontent, devsite-page-rating, .devsite-code-buttons-container"),
    ("aws-docs", "", "#main-col-body", "#main-col-footer, .awsdocs-page-header-container, .awsdocs-filter-selector"),
    ("github-docs", "", "#article-contents", ".heading-link-symbol, .minitoc"),
    ("redocly", "", "article[data-component-name='Markdown/Markdown'], .redoc-markdown article", ""),
    ("django-docs", "#docs-content .headerlink", "#docs-content", ".headerlink, .browse-horizontal, .c-tabs-hint, #clipboard-copy"),
];

/// Generators whose themes may put the content anywhere, but not what it is made of: its sections, one after the other.
#[rustfmt::skip]
pub(super) const SECTIONS: &[Row] = &[
    ("sphinx-sections", "link[href*='_static/pygments.css']", "main section[id], article section[id], [role=main] section[id], main div.section, article div.section, [role=main] div.section", ".headerlink, details.hide > summary, .contents, .viewcode-link"),
];

/// Wikis, help desks and knowledge bases.
#[rustfmt::skip]
pub(super) const HELP: &[Row] = &[
    ("dokuwiki", "", "#dokuwiki__content .page", "#dw__toc, .secedit, .docInfo"),
    ("mediawiki", "", "#mw-content-text .mw-parser-output, #mw-content-text", ".mw-editsection, #toc, .toc, .navbox, .vertical-navbox, .sistersitebox, .printfooter, .catlinks, .mw-jump-link, .mw-empty-elt, .noprint, .ambox, .mw-indicators, .mw-authority-control, .reflist, ol.references, .mw-references-wrap, .hatnote, .mw-cite-backlink"),
    ("confluence", "", "#main-content.wiki-content, .wiki-content, .ak-renderer-document", ".toc-macro, .page-metadata"),
    ("bookstack", "body.tri-layout, div.tri-layout-container", "#main-content .page-content", ".pointer-container"),
    ("xwiki", "", "#xwikicontent", ".wikitoc, .wikigeneratedheader"),
    ("redmine", "#wrapper #main", ".wiki.wiki-page, .wiki-page", ".wiki-anchor, .contextual, ul.toc"),
    ("notion", "", ".notion-page-content, .notion-page-content-inner", ".notion-table_of_contents-block"),
    ("github-markdown", "", "article.markdown-body, .markdown-body.entry-content", "a.anchor, .zeroclipboard-container"),
    ("gitlab-markdown", "", ".file-content.md, .wiki-page-container .md, .md.js-wiki-page-content", "a.anchor"),
    ("gitea-markdown", "", ".markup.markdown", "a.anchor"),
    ("zendesk", ".article-votes, .article-relatives, .article-info, .article-subscribe, link[href*='zdassets.com']", ".article-body, .article__body.markdown, .article__body", ".article-votes, .article-relatives, .article-footer, .article-attachments"),
    ("intercom", ".intercom-reset, .intercom-app, .intercom-reaction-picker, .article__meta, .article_body, link[href*='intercom'], meta[name='intercom']", ".article__body article, .article_body article, article.intercom-interblocks, .article__body, .article_body, .intercom-interblocks-article, .intercom-force-break .article_body", ".article__meta, .intercom-reaction-picker, .related_articles, .table-of-contents, .jsx-reactions"),
    ("freshdesk", "#fw-main-wrapper, .fw-main-wrapper, .fw-content-wrapper, .fd-article, #article-author, .article-vote, #article-related-list, #article-show-body, link[href*='freshdesk'], link[href*='freshworks'], link[href*='fwcdn']", "#article-body, .fw-content, #article-show-body, .article-body, .article__body", ".article-vote, #article-related-list"),
    ("helpscout", "", "article#fullArticle, #fullArticle", ".printArticle, .articleRatings, .article-footer, .related, .articleFoot"),
    ("crisp", "", ".csh-article-content-text, article.csh-text-wrap", ".csh-article-rate"),
    ("hubspot-kb", "", ".kb-article, .article-content.kb-article__content, .kb__content", ".kb-article__feedback, .kb-rating"),
    ("document360", "", ".content_container_text_sec_in, #articleContent", ".article-helpful"),
    ("helpjuice", "", ".helpjuice-article-body, #helpjuice-article-body, .article .helpjuice-article-body-content", ""),
    ("knowledgeowl", "", ".ko-article-cntr, .documentation-article .article-content", ".ko-rating, .ko-related-articles"),
    ("uservoice", "", ".uvArticleContent, article.uvArticle section", ""),
    ("servicenow", "", ".kb-article-content, .kb-view-content-wrapper", ".kb-article-feedback"),
    ("salesforce-knowledge", ".forceCommunityArticleContent, .knowledge-article, c-knowledge-article", ".slds-rich-text-editor__output, .article-content", ""),
    ("discourse-page", "meta[content^='Discourse'], #main-outlet .crawler-post, #topic-title", "#main-outlet", "#related-topics, .suggested-topics, .crawler-nav, .crawler-linkback-list, .topic-category, .post-likes, .crawler-post-meta .position, .discourse-tags, footer, #push-notification-prompt"),
];

/// Blogs, content systems, shops: their editors and plug-ins put other things into the content, too.
#[rustfmt::skip]
pub(super) const SITES: &[Row] = &[
    ("docusaurus-page", "#__docusaurus", "main", ".theme-doc-version-banner, .theme-doc-version-badge, .theme-doc-breadcrumbs, .hash-link, .pagination-nav, .avatar, article > footer"),
    ("ghost", "", ".gh-content, section.post-full-content, .post-full-content .post-content", ".gh-subscribe-form, .kg-signup-card, .kg-bookmark-metadata"),
    ("substack", ".available-content", ".available-content .body.markup, .body.markup", ".subscription-widget-wrap, .button-wrapper, .captioned-button-wrap"),
    ("wordpress", "", ".entry-content, .wp-block-post-content, .elementor-widget-theme-post-content", ".wp-block-latest-posts, .wp-block-query, .wp-block-buttons, .toc_container, #toc_container, .post-tags, .related-posts, .rank-math-breadcrumb, .su-button"),
    ("blogger", "", ".post-body.entry-content, .blog-posts .post-body", ".post-footer, .blog-pager"),
    ("hexo", "#article-container, .article-entry, .post-block", "article#article-container, .article-entry, .post-block .post-body", ".headerlink, .post-copyright, .reward-container"),
    ("jekyll", "meta[name='generator'][content^='Jekyll'], article.post, .e-content", "article.post .post-content, .post-content.e-content, .post-content, .e-content", ".related, .share, .post-nav, .post-tags"),
    ("drupal", "meta[name='Generator'][content^='Drupal'], .region-content, article[data-history-node-id]", ".node__content .field--name-body, article.node .field--name-body", ".links.inline"),
    ("joomla", ".item-page, .com-content-article", ".com-content-article__body, .item-page div[itemprop=articleBody]", ".article-info, .pagenav, .icons"),
    ("squarespace", ".sqs-layout, .sqs-block", ".blog-item-content, article .entry-content, .BlogItem .sqs-layout", ".blog-item-share, .item-pagination"),
    ("wix", "meta[name='generator'][content^='Wix']", "section[data-hook='post-description'], div[data-hook='post-description']", ""),
    ("webflow", "html[data-wf-page], html[data-wf-site]", ".w-richtext", ".w-embed"),
    ("hubspot-blog", "", ".blog-post__body, #hs_cos_wrapper_post_body, .post-body .hs_cos_wrapper_type_rich_text", ".hs-cta-wrapper"),
    ("shopify", "link[href*='cdn.shopify.com'], link[href*='/cdn/shop/'], #shopify-features", ".shopify-policy__body, .article-template__content, .article__content", ".article-template__social-sharing"),
    ("pagefind", "", "main[data-pagefind-body], article[data-pagefind-body], div[data-pagefind-body]", ""),
];
