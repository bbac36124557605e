use html5ever::local_name;

use super::*;
use crate::html::Step;

fn text(html: &str) -> String {
    parse(html).unwrap().text_of(Tree::ROOT)
}

fn numbered(count: usize, before: &str, after: &str) -> String {
    (0..count).flat_map(|i| [before.to_owned(), i.to_string(), after.to_owned()]).collect()
}

fn depth(tree: &Tree) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for step in tree.walk(Tree::ROOT) {
        match step {
            Step::Enter(id) if tree.text(id).is_none() => {
                now += 1;
                most = most.max(now);
            }
            Step::Enter(_) => {}
            Step::Leave(_) => now -= 1,
        }
    }
    most
}

#[test]
fn nesting_stops_at_the_cap_and_the_text_stays() {
    for tag in [
        "div",
        "ul><li",
        "blockquote",
        "font",
        "b",
        "table><tr><td",
        "span",
        "ul><li><h2",
        "dl><dd",
        "svg><g",
    ] {
        let tree = parse(&format!("<{tag}>x").repeat(3000)).unwrap();
        assert!(depth(&tree) <= usize::from(MAX_DEPTH) + 16, "{tag}: {}", depth(&tree));
        assert_eq!(tree.text_of(Tree::ROOT).matches('x').count(), 3000, "{tag}");
    }
}

#[test]
fn raw_text_that_xml_closes_at_once_swallows_nothing() {
    let page = "<html><head><title/><script src='a'/><style/></head><body><iframe src='b'/><textarea/>x</body></html>";
    let xml = format!("<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE html>{page}");
    assert_eq!(text(&xml), "x");
    let url = url::Url::parse("https://a.test/").unwrap();
    assert_eq!(crate::html::links(&parse(&xml).unwrap(), &url).follow[0].as_str(), "https://a.test/b");
    // In HTML the slash means nothing.
    assert_eq!(
        parse(page).unwrap().descendants(Tree::ROOT).count(),
        parse(&page.replace("/>", ">")).unwrap().descendants(Tree::ROOT).count()
    );
    assert_eq!(text("<?xml version='1.0'?><p>a<script>b</script>c"), "abc");
}

#[test]
fn a_page_goes_on_normally_after_a_deep_part() {
    let html =
        format!("{}x{}<h1>after</h1><div><p>end</p></div>", "<div>".repeat(2000), "</div>".repeat(2000));
    let tree = parse(&html).unwrap();
    let end =
        tree.descendants(Tree::ROOT).filter(|&id| tree.name(id) == Some(&local_name!("p"))).last().unwrap();
    assert_eq!(tree.text_of(end), "end");
    assert!(tree.ancestors(end).count() < 6);
}

#[test]
fn a_template_below_the_cap_stays_hidden() {
    let html = format!("{}<template><p>secret</template>shown", "<div>".repeat(600));
    assert_eq!(text(&html), "shown");
}

#[test]
fn attributes_are_cut_in_number_and_length() {
    let many = numbered(100_000, "a", "=\">\" ");
    let tree = parse(&format!("<p {many}>x</p><p title=\"{}\">y</p>", "z".repeat(1 << 20))).unwrap();
    for element in tree.descendants(Tree::ROOT).filter_map(|id| tree.element(id)) {
        assert!(element.attrs().count() <= MAX_ATTRIBUTES);
        assert!(element.attrs().all(|(_, value)| value.len() <= MAX_ATTRIBUTE_BYTES));
    }
    assert_eq!(tree.text_of(Tree::ROOT), "xy");
}

#[test]
fn a_long_comment_with_tags_in_it_is_a_comment() {
    let html = format!("<p>a</p><!--{}--><p>b</p>", "<a href='x y z'> \" ".repeat(20_000));
    assert_eq!(text(&html), "ab");
}

#[test]
fn scripts_beside_a_giant_tag_stay_scripts() {
    let giant = numbered(30_000, "k", " ");
    let html =
        format!("<script>if (a<b && c=\"</p>\") {{}}</script><p {giant}>x</p><style>p > a {{}}</style>y");
    let tree = parse(&html).unwrap();
    let names: Vec<_> =
        tree.descendants(Tree::ROOT).filter_map(|id| Some(tree.name(id)?.to_string())).collect();
    assert_eq!(names, ["html", "head", "script", "body", "p", "style"]);
}

#[test]
fn unclosed_formatting_is_an_error_not_a_flood() {
    let html = numbered(20_000, "<p><font a=", ">x");
    assert_eq!(parse(&html).unwrap_err(), ParseLimit::Nodes);
}

#[test]
fn noscript_is_shown_only_where_it_is_the_page() {
    let post = "<p>A long answer by a helpful person.</p>".repeat(20);
    assert!(text(&format!("<body><noscript>{post}</noscript><div id=app></div>")).contains("helpful"));
    let tree =
        parse(&format!("<body><p>{}</p><noscript><p>Enable scripts</p></noscript>", "word ".repeat(100)))
            .unwrap();
    let shown = tree.descendants(Tree::ROOT).filter(|&id| tree.name(id) == Some(&local_name!("p"))).count();
    assert_eq!(shown, 1);
}

#[test]
fn protected_addresses_are_read_as_a_browser_shows_them() {
    // `a@b.c`, and `a@b.c?subject=x`, with the key 0x20.
    let check = |html: &str, expected: &str, href: Option<&str>| {
        let tree = parse(html).unwrap();
        let mut nodes = tree.descendants(Tree::ROOT);
        assert_eq!(tree.text_of(Tree::ROOT), expected, "{html}");
        assert_eq!(nodes.find_map(|id| tree.attr(id, &local_name!("href"))), href, "{html}");
    };
    let notice = "data-cfemail='204160420e43'>[email&#160;protected]";
    check(&format!("Write to <span {notice}</span>."), "Write to a@b.c.", None);
    check(&format!("<a href=/cdn-cgi/l/email-protection {notice}</a>"), "a@b.c", Some("mailto:a@b.c"));
    check(
        "<a href='https://a.test/cdn-cgi/l/email-protection#204160420e431f5355424a4543541d58'>Write</a>",
        "Write",
        Some("mailto:a@b.c?subject=x"),
    );
    for digits in ["", "2", "20", "20416", "204g60420e43", "2041", "20ff60", "é0"] {
        check(&format!("<b data-cfemail='{digits}'>x</b>"), "x", None);
    }
    check("<a href=/cdn-cgi/l/email-protection>x</a>", "x", Some("/cdn-cgi/l/email-protection"));
}

#[test]
fn skipping_children_goes_on_with_the_next_sibling() {
    let tree = parse("<div id=a><p>1<b>2</b></p>3</div><div id=b></div>").unwrap();
    let mut nodes = tree.descendants(Tree::ROOT);
    let mut ids = Vec::new();
    while let Some(id) = nodes.next() {
        if let Some(element) = tree.element(id) {
            if element.id() == Some("a") {
                nodes.skip_children();
            }
            ids.push(element.name().to_string());
        }
    }
    assert_eq!(ids, ["html", "head", "body", "div", "div"]);
}
