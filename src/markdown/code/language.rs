//! The language that a page says its code is in.

use crate::html::{Element, NodeId, Tree, local_name};

/// Class prefixes that name a language, longest first.
const PREFIXES: &[&str] = &[
    "highlight-source-",
    "highlight-text-",
    "mw-highlight-lang-",
    "highlight-",
    "language-",
    "lang-",
    "src-",
];

/// Attributes that name one.
const ATTRIBUTES: &[&str] = &["data-lang", "data-language", "data-code-lang", "data-enlighter-language"];

/// Languages whose names stand alone as the class of a `pre` or its `code`.
const ALONE: &[&str] = &[
    "bash",
    "c",
    "console",
    "cpp",
    "csharp",
    "css",
    "dart",
    "diff",
    "dockerfile",
    "elixir",
    "erlang",
    "go",
    "graphql",
    "groovy",
    "haskell",
    "hcl",
    "html",
    "ini",
    "java",
    "javascript",
    "js",
    "json",
    "jsx",
    "julia",
    "kotlin",
    "lua",
    "makefile",
    "matlab",
    "mermaid",
    "perl",
    "php",
    "powershell",
    "protobuf",
    "py",
    "python",
    "r",
    "ruby",
    "rust",
    "scala",
    "scss",
    "sh",
    "shell",
    "sql",
    "svelte",
    "swift",
    "toml",
    "ts",
    "tsx",
    "typescript",
    "vue",
    "xml",
    "yaml",
    "yml",
];

/// Tokens that name no language.
const NO_LANGUAGE: &[&str] = &[
    "default",
    "none",
    "text",
    "plaintext",
    "plain",
    "notranslate",
    "txt",
    "nohighlight",
    "no-highlight",
    "undefined",
    "auto",
    "myst-ansi",
];

/// The language of a `pre`: from its own class, its `code`'s, or that of one of the three elements around it.
pub(in crate::markdown) fn language(tree: &Tree, pre: NodeId) -> String {
    let code = tree.descendants(pre).find(|&id| tree.name(id) == Some(&local_name!("code")));
    [Some(pre), code]
        .into_iter()
        .flatten()
        .chain(tree.ancestors(pre).filter(|&id| !is_table_part(tree, id)).take(3))
        .filter_map(|id| tree.element(id))
        .find_map(named)
        .unwrap_or_default()
}

/// Tables that set line numbers beside the code are not counted as elements around it.
fn is_table_part(tree: &Tree, id: NodeId) -> bool {
    matches!(
        tree.name(id),
        Some(&(local_name!("td") | local_name!("tr") | local_name!("tbody") | local_name!("table")))
    )
}

fn named(element: &Element) -> Option<String> {
    let by_prefix = element.classes().find_map(|class| PREFIXES.iter().find_map(|p| class.strip_prefix(p)));
    let by_attribute = || ATTRIBUTES.iter().find_map(|name| element.attr_named(name));
    let by_custom = || by_tool(element).or_else(|| by_name(element)).or_else(|| by_lang(element));
    let token = by_prefix.or_else(by_attribute).or_else(by_custom)?;
    // Highlighters write options after the name: `js{1,3}`, `python3,ignore`.
    let end = token
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '#' | '.' | '-')))
        .unwrap_or(token.len());
    let token = token[..end].to_ascii_lowercase();
    (!token.is_empty() && token.len() <= 40 && !NO_LANGUAGE.contains(&&*token)).then_some(token)
}

/// `class="hljs rust"`, `class="brush: js"`, `class="sourceCode python"`, rustdoc's `class="rust rust-example-rendered"`.
fn by_tool(element: &Element) -> Option<&str> {
    let class = element.attr(&local_name!("class"))?;
    let brush = class.split_once("brush:").or_else(|| {
        // Confluence keeps the highlighter's options apart.
        element.attr_named("data-syntaxhighlighter-params")?.split_once("brush:")
    });
    if let Some((_, brush)) = brush {
        return brush.split_ascii_whitespace().next();
    }
    let mut tokens = class.split_ascii_whitespace();
    match (tokens.next()?, tokens.next()) {
        ("hljs" | "sourceCode" | "prettyprint" | "EnlighterJSRAW" | "syntaxhighlighter", Some(language))
        | (language, Some("hljs" | "rust-example-rendered")) => {
            Some(language).filter(|language| !matches!(*language, "linenums" | "prettyprinted" | "copyable"))
        }
        // Hexo's, of which the options of other programs are none.
        ("highlight", Some(language)) if *element.name() == local_name!("figure") => Some(language),
        ("rust", Some("item-decl")) => Some("rust"),
        _ => None,
    }
}

/// `<code class="python">`, `<div class="mermaid">`: the one class that a program writes.
fn by_name(element: &Element) -> Option<&str> {
    let class = element.attr(&local_name!("class"))?.trim_ascii();
    let is_code = matches!(*element.name(), local_name!("pre") | local_name!("code")) || class == "mermaid";
    (is_code && ALONE.contains(&class)).then_some(class)
}

/// `<pre lang="ruby">` as `GitHub` writes it, where the codes of human languages have two letters, or
/// `<code language="bash">`.
fn by_lang(element: &Element) -> Option<&str> {
    const SHORT: &[&str] = &["js", "ts", "py", "rb", "rs", "go", "sh", "cs", "md", "kt", "c"];
    if !matches!(*element.name(), local_name!("pre") | local_name!("code")) {
        return None;
    }
    if let Some(language) = element.attr_named("language") {
        return Some(language);
    }
    let lang = element.attr(&local_name!("lang"))?;
    (!lang.contains('-') && (lang.len() > 2 || SHORT.contains(&lang))).then_some(lang)
}
