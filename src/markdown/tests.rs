use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser};
use url::Url;

use super::*;
use crate::html::{Base, Measure, Tree, parse};

fn blocks(html: &str) -> Vec<Block> {
    let tree = parse(html).unwrap();
    let measure = Measure::new(&tree);
    let base = Base::new(&Url::parse("https://a.test/d/p.html").unwrap());
    let dropped = NodeSet::new(tree.len());
    render(Page { tree: &tree, measure: &measure, base: &base, dropped: &dropped }, &[Tree::ROOT])
}

fn markdown(html: &str) -> String {
    blocks(html).iter().map(|b| b.markdown.as_str()).collect::<Vec<_>>().join("\n\n")
}

fn check(html: &str, expected: &str) {
    assert_eq!(markdown(html), expected, "{html}");
}

fn events(markdown: &str) -> Vec<Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).collect()
}

/// What a page becomes that shows our Markdown as a `CommonMark` reader does.
fn read_again(first: &str) -> String {
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events(first).into_iter());
    markdown(&html)
}

#[test]
fn emphasis_is_written_where_it_can_be_read() {
    check("<p>a <b>b </b>c</p>", "a **b** c");
    check("<p>a<b> b</b>c</p>", "a **b**c");
    check("<p><b>a</b><b>b</b> <i>c</i></p>", "**ab** *c*");
    check("<p><i>a</i><b>b</b></p>", "*a*b");
    check("<p><b><i>a</i></b></p>", "***a***");
    check("<p><b>a.</b>b</p>", "a.b");
    check("<p><b>a.</b> b</p>", "**a.** b");
    check("<p>a<b>(b)</b></p>", "a(b)");
    check("<p><b></b>a<i> </i>b</p>", "a b");
    check("<b><p>a</p><p>b</p></b>", "**a**\n\n**b**");
    check("<p><del>a</del> <s>b</s></p>", "~~a~~ ~~b~~");
    check("<h2><b>a</b> b</h2>", "## a b");
}

#[test]
fn only_what_would_be_syntax_is_escaped() {
    check("<p>snake_case __init__ a * b *c* 2*3</p>", "snake_case \\_\\_init__ a * b \\*c\\* 2\\*3");
    check(
        "<p># a</p><p>- b</p><p>+ c</p><p>1. d</p><p>&gt; e</p><p>#f</p><p>-g</p><p>2024. </p>",
        "\\# a\n\n\\- b\n\n\\+ c\n\n1\\. d\n\n\\> e\n\n#f\n\n-g\n\n2024\\.",
    );
    check("<p>&lt;div&gt; a &lt; b &amp;amp; &amp; c</p>", "\\<div> a < b \\&amp; & c");
    check("<p>see a[0] and b(1), [x](y)</p>", "see a[0] and b(1), [x]\\(y)");
    check("<p>[^1]: &lt;a b&gt; c</p>", "\\[^1]: \\<a b> c");
    check("<p>`a` ~~b~~ ~c a~b C:\\dir \\*</p>", "\\`a\\` \\~\\~b\\~\\~ ~c a\\~b C:\\dir \\\\\\*");
    check("<p>\\\u{200D}&lt;div&gt; &amp;am\u{AD}p; &lt;\u{AD}b&gt;</p>", "\\\\\\<div> \\&amp; \\<b>");
    check("<p>a<br>--- b<br>=== c</p>", "a  \n\\--- b  \n\\=== c");
}

#[test]
fn code_keeps_every_character() {
    check(
        "<h2><code>x<sup><a href=#f>1</a></sup><p id=f class=footnote>a</p></code></h2>",
        "## `x[^1]` [^1]: `a`",
    );
    check("<p><code>a`b</code> <code>``</code> <code> x </code></p>", "``a`b`` ``` `` ``` `x`");
    check("<p><code>a</code><code>b</code></p>", "`ab`");
    check("<p><code>Vec&lt;<a href=t.html>T</a>&gt;</code></p>", "`Vec<`[`T`](https://a.test/d/t.html)`>`");
    check("<pre>  a\n\n\tb  \n</pre>", "```\n  a\n\n\tb\n```");
    check("<pre><code class='language-rust'>```\n</code></pre>", "````rust\n```\n````");
    check(
        "<div class='highlight-python3 notranslate'><div class=highlight><pre><span></span>x</pre></div></div>",
        "```python3\nx\n```",
    );
    check(
        "<div class='language-js vp-adaptive-theme'><button class=copy></button><span class=lang>js</span><pre class=shiki><code><span class=line>a</span>\n<span class=line>b</span></code></pre></div>",
        "```js\na\nb\n```",
    );
    check("<div class='highlight-default notranslate'><pre>x</pre></div>", "```\nx\n```");
    check("<pre><code language=bash>x</code></pre>", "```bash\nx\n```");
    check(
        "<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre></td><td class=code><pre>a\nb</pre></td></tr></table>",
        "```\na\nb\n```",
    );
    check(
        "<pre><code class='language-js cjs'>a;\n</code><code class='language-js mjs'>b;\n</code><button>copy</button></pre>",
        "```js\na;\nb;\n```",
    );
    check("<ul><li>x<pre>a\n\n b</pre></li></ul>", "- x\n\n  ```\n  a\n\n   b\n  ```");
}

#[test]
fn wide_numbers_do_not_multiply_what_is_written() {
    let inside = "<p>x</p>".repeat(200);
    let lists = "<ol start=999999999><li>a".repeat(24);
    let written = markdown(&format!("{lists}{inside}"));
    assert!(written.len() < 200 * 100, "{} bytes", written.len());
}

#[test]
fn lists_nest_and_keep_their_numbers() {
    check("<ol><li>a</ol><ol><li><ol><li>b</ol></ol>", "1. a\n\n1) 1. b");
    check("<ul><li><ul><li>a</ul><li><ul><li>b</ul></ul>", "- - a\n- - b");
    check("<ul><li>a</ul><ul>(<li>b</ul>", "- a\n\n(\n\n- b");
    check("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c");
    check("<ol start=9><li>a</li><li>b<p>c</p></li></ol>", "9. a\n\n10. b\n\n    c");
    check("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n- b");
    check("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "- a\n\n  b\n\n- c");
    check("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b");
    check("<ul><li></li><li>a</li></ul>", "- a");
    check("<ol><li>a</li><li></li><li>b</li></ol>", "1. a\n2. b");
    check("<ul><li>a</li><li><ul></ul>b</li></ul>", "- a\n- b");
    check("<ol reversed><li>a</li>b<li>c</li></ol>", "2. a\n\nb\n\n1. c");
    check("<blockquote><p>a</p><ul><li>b</li></ul></blockquote><p>c</p>", "> a\n>\n> - b\n\nc");
    check("<ul><li><input type=checkbox checked> a</li></ul>", "- [x] a");
    check("<ul><li><h3>a</h3><p>b</p></li></ul>", "### a\n\nb");
}

#[test]
fn an_item_that_begins_with_a_heading_keeps_its_number() {
    check("<ol><li><h3>a</h3><p>b</p></li><li><h3>c</h3></li></ol>", "### 1. a\n\nb\n\n### 2. c");
    check(
        "<ol start=3><li><div><h2>a</h2></div></li><li>x<h2>b</h2></li><li><h2>c</h2></li></ol>",
        "## 3. a\n\nx\n\n## b\n\n## 5. c",
    );
    check("<ol type=a><li><h3>x</h3></li></ol>", "### a. x");
    check("<ol><li><h3>1. a</h3></li></ol>", "### 1. a");
    check("<ol class=comments><li><h3>a</h3></li></ol>", "### a");
    check("<ol class=steps><li><h3>a</h3></li></ol>", "### 1. a");
    check("<ol style='list-style:none'><li><h3>a</h3></li></ol>", "### a");
}

#[test]
fn tasks_are_known_by_what_stands_for_their_boxes() {
    check(
        "<ul class=inline-task-list><li class=checked data-inline-task-id=1><span>a</span></li><li data-inline-task-id=2>b</li></ul>",
        "- [x] a\n- [ ] b",
    );
    check(
        "<ul><li><span class='chcklst-box checked fa fa-square-check-o fa-fw'></span> a</li><li><span class='chcklst-box fa fa-square-o fa-fw'></span> b</li></ul>",
        "- [x] a\n- [ ] b",
    );
    check(
        "<ul><li><i class='fa fa-check-square-o'></i> a</li><li><i class='fa fa-square-o'></i> b</li></ul>",
        "- [x] a\n- [ ] b",
    );
    check("<p>a <i class='fa fa-square-o'></i> b</p>", "a b");
}

#[test]
fn headings_are_known_by_their_role() {
    check("<div role=heading aria-level=3>a</div><p>b</p>", "### a\n\nb");
    check("<p><span role=heading>a</span></p>b", "## a\n\nb");
    check("<div role=heading aria-level=9><b>a</b></div>", "###### a");
    check("<div role=heading aria-level=x>a</div>", "## a");
    check("<div role=heading aria-level=2><h4>a</h4></div>", "#### a");
    check("<div role=heading><ul><li>a</li></ul></div>", "- a");
    check("<h2><span role=heading>a</span></h2>", "## a");
}

#[test]
fn a_callout_says_its_kind_once() {
    let check = |inside: &str, expected: &str| {
        check(&format!("<div class='admonition note'>{inside}</div>"), expected);
    };
    check("<p class=admonition-title>Note</p><p>Note: mind it.</p>", "> **Note**\n>\n> mind it.");
    check("<p class=admonition-title>Note: Note</p><p>a</p>", "> **Note**\n>\n> a");
    check("<p class=admonition-title>NOTE: note: Mind</p><p>a</p>", "> **Note: Mind**\n>\n> a");
    check("<p class=admonition-title>Note:</p><p>a</p>", "> **Note**\n>\n> a");
    check("<p><strong>Note:</strong> mind it.</p>", "> **Note**\n>\n> mind it.");
    check("<p>Note that it is so.</p>", "> **Note**\n>\n> Note that it is so.");
    check("<p><b>Note</b> that.</p>", "> **Note**\n>\n> **Note** that.");
    check("<p>Warning: hot.</p>", "> **Note**\n>\n> Warning: hot.");
    check("<p><code>note: x</code> fails.</p>", "> **Note**\n>\n> `note: x` fails.");
    check("<p class=admonition-title>Notes on hubs</p><p>a</p>", "> **Notes on hubs**\n>\n> a");
}

#[test]
fn tables_have_one_header_and_equal_rows() {
    check(
        "<table><tr><th>a<th>b<tr><td>1|2<td><code>x|y</code></table>",
        "| a | b |\n| --- | --- |\n| 1\\|2 | `x\\|y` |",
    );
    check("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "| | |\n| --- | --- |\n| a | b |\n| c | d |");
    check(
        "<table><thead><tr><th colspan=2>a</thead><tr><td rowspan=2>b<td>c<tr><td>d</table>",
        "| a | |\n| --- | --- |\n| b | c |\n| | d |",
    );
    check("<table><tr><th>a<tr><td><p>x</p><ul><li>y<li>z</ul></table>", "| a |\n| --- |\n| x • y • z |");
    check("<table><tr><td><h2>a</h2><td><p>b</p></table>", "## a\n\nb");
    check("<table><caption>t</caption><tr><th>a<tr><td>b</table>", "t\n\n| a |\n| --- |\n| b |");
}

#[test]
fn links_are_absolute_and_never_empty() {
    check("<p><a href='../x y'>a [b]</a></p>", "[a \\[b\\]](https://a.test/x%20y)");
    check(
        "<p><a href='q_(r)'>a</a> <a href='q(r'>b</a></p>",
        "[a](https://a.test/d/q_(r)) [b](https://a.test/d/q\\(r)",
    );
    check(
        "<p><a href=x></a><a href=y><img alt='a picture'></a>!<a href=z>c</a></p>",
        "[a picture](https://a.test/d/y)\\![c](https://a.test/d/z)",
    );
    check("<p><a href='javascript:x()'>a</a></p>", "a");
    check("<h2>a<a class=headerlink href='#a'>¶</a></h2><h3><a href='#b'>b</a></h3>", "## a\n\n### b");
    check("<a href=c><h3>t</h3><p>b</p></a>", "### [t](https://a.test/d/c)\n\nb");
}

#[test]
fn terms_and_details_stay_together_with_what_they_name() {
    check(
        "<dl><dt>a</dt><dd>b</dd><dt>c</dt><dd><p>d</p><pre>e</pre></dd></dl>",
        "**a**\n\nb\n\n**c**\n\nd\n\n```\ne\n```",
    );
    check(
        "<dl><dt class='sig sig-object'>f(<em>x</em>, *y)<a class=headerlink href='#f'>¶</a></dt><dd>b</dd></dl>",
        "`f(x, *y)`\n\nb",
    );
    check("<details><summary>q</summary>a</details>", "**q**\n\na");
    check("<figure><img alt=i><figcaption>c</figcaption></figure>", "i\n\nc");
}

#[test]
fn silent_elements_say_nothing() {
    check(
        "<p>a<script>x</script><svg><text>y</text></svg><template>z</template><textarea>t</textarea><button>b</button></p>",
        "a",
    );
    check("<object data=x>no</object><object>yes</object><select><option>o</select>", "yes");
    check("<h2><button>Question</button></h2>", "## Question");
    check("<button><h3>Question</h3></button><p>Answer</p>", "### Question\n\nAnswer");
    check("<p>10<sup>2</sup> and 1<sup>st</sup></p>", "10^2 and 1st");
}

#[test]
fn a_menu_has_one_fingerprint_wherever_its_links_lead() {
    let of = |html: &str| blocks(html)[0].fingerprint;
    assert_eq!(of("<p><a href=a>Edit</a> this</p>"), of("<p><a href=b?c>Edit</a> this</p>"));
    assert_ne!(of("<p>a</p>"), of("<p>b</p>"));
}

/// Pieces that together make the trouble: tags, syntax, entities, odd characters.
fn markup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c *_`\\[\\]()<>&#~|.!+=:\\\\-]{1,6}",
        proptest::sample::select(vec![
            "<p>",
            "</p>",
            "<b>",
            "</b>",
            "<i>",
            "</i>",
            "<a href=x>",
            "</a>",
            "<code>",
            "</code>",
            "<pre>",
            "</pre>",
            "<ul>",
            "</ul>",
            "<li>",
            "<ol start=7>",
            "</ol>",
            "<table>",
            "<tr>",
            "<td>",
            "<th>",
            "</table>",
            "<h2>",
            "</h2>",
            "<br>",
            "<blockquote>",
            "</blockquote>",
            "<dl>",
            "<dt>",
            "<dd>",
            "</dl>",
            "&lt;div&gt;",
            "&lt;!--",
            "&amp;lt;",
            "&lt;/p",
            "<img alt='&lt;b&gt;*'>",
            "<hr>",
            "<sup>2</sup>",
            "<del>",
            "</del>",
            "<details><summary>",
            "\u{200D}",
            "\u{AD}",
            "é",
            "\u{301}",
            "\u{2028}",
            "\n",
            "<q>",
            "</q>",
            "<td colspan=99999>",
            "<math>x</math>",
            "<math><mfrac><mi>α</mi><mrow><mo>{</mo><mi>ab</mi></mrow></mfrac></math>",
            "<math><msup><mi>x</mi><mn>2</mn></msup><mo>_</mo><mtext>$</mtext></math>",
            "<ol type=a>",
            "<ol type=I start=4 reversed>",
            "<ol reversed>",
            "<div role=table><div role=row><div role=cell>",
            "<td><ul><li>x<li>",
            "<td><p>",
            "1. ",
            "- ",
            "# ",
            "> ",
            "```",
            "~~~",
            "    ",
            "\t",
            "&lt;a@b.c&gt;",
            "&lt;http://x&gt;",
            "<input type=checkbox>",
            "<div class='admonition note'><p class=title>",
            "</div>",
            "<details class=tip><summary>a?",
            "</summary>",
            "<sup><a href=#f>1</a></sup>",
            "<p id=f class=footnote>",
            "<span class=math>\\(x_1",
            "</span>",
            "<div role=tablist><b role=tab>t</b></div><div>",
            "<ruby>a<rt>b</rt></ruby>",
            "<sub>i</sub>",
            "[x] ",
            "[^1]: ",
            "<li value=3>",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn markdown_never_holds_raw_html(html in markup()) {
        for event in events(&markdown(&html)) {
            prop_assert!(!matches!(event, Event::Html(_) | Event::InlineHtml(_)), "{event:?}");
        }
    }

    #[test]
    fn what_is_read_and_written_again_stays_the_same(html in markup()) {
        let first = markdown(&html);
        prop_assert_eq!(read_again(&first), first);
    }

    #[test]
    fn text_is_read_back_as_it_was(words in "[a-c1 *_`\\[\\]()<>&#~|.!+=:;\\\\/-]{0,40}") {
        let html = format!("<p>{}</p>", words.replace('&', "&amp;").replace('<', "&lt;"));
        let markdown = markdown(&html);
        let mut read = String::new();
        for event in events(&markdown) {
            match event {
                Event::Text(text) => read.push_str(&text),
                Event::Start(pulldown_cmark::Tag::Paragraph) | Event::End(pulldown_cmark::TagEnd::Paragraph) => {}
                other => prop_assert!(false, "{other:?} in {markdown:?}"),
            }
        }
        prop_assert_eq!(read, words.split_whitespace().collect::<Vec<_>>().join(" "), "{}", markdown);
    }

    #[test]
    fn no_input_is_a_reason_to_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        markdown(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn pictures_of_running_text_are_described_and_those_of_cards_are_not() {
    check("<p>Click <img alt=Gear> now.</p>", "Click Gear now.");
    check("<li>Click <span><img alt=Gear></span> now.</li>", "Click Gear now.");
    check("<div><p>See:</p><img alt='The dialog'></div>", "See:\n\nThe dialog");
    check("<figure><img alt='A chart'></figure>", "A chart");
    check("<div><a href=x><img alt='A pump'></a><h3>Pump</h3></div>", "### Pump");
    check("<div><div><img alt='A pump'></div><b>5 €</b></div>", "**5 €**");
}
