use url::Url;

use super::super::{Asked, extract};
use crate::html::{links, parse};

/// Holds a page of `hidden` and visible text against what of it is kept, and whether it is flagged.
fn check(html: &str, kept: bool, flagged: bool) {
    let page =
        format!("<body><p>What everybody sees of this page, which is most of the text on it.</p>{html}");
    let tree = parse(&page).unwrap();
    let url = Url::parse("https://x.test/a").unwrap();
    let article = extract(&tree, &links(&tree, &url), &Asked::default());
    let markdown = article.markdown();
    assert_eq!(markdown.contains("TEXT"), kept, "{html}: {markdown}");
    assert!(!markdown.contains("LEAK"), "{html}: {markdown}");
    assert_eq!(!article.flags.is_empty(), flagged, "{html}: {:?}", article.flags);
}

#[test]
fn a_style_hides_by_more_than_display() {
    for style in [
        "position:absolute;left:-200vw",
        "margin:0 0 0 -9999px",
        "transform:scale3d(0,0,0)",
        "height:0;overflow:hidden",
        "color:hsl(0,0%,100%);background:#fefefe",
        "font:0/0 a",
        "display:none!important;display:block",
    ] {
        check(&format!("<div style='{style}'>TEXT of it</div>"), false, true);
    }
    for style in [
        "display:none;display:block",
        "flex:1;width:0;overflow:hidden",
        "transform:translate3d(-2280px,0,0)",
        "color:white;background:url(a.png)",
    ] {
        check(&format!("<div style='{style}'>TEXT of it</div>"), true, false);
    }
}

#[test]
fn what_goes_down_to_children_is_taken_back_by_them() {
    for (hidden, restored) in [
        ("visibility:hidden", "visibility:visible"),
        ("font-size:0", "font-size:16px"),
        ("text-indent:-9999px", "text-indent:0"),
        ("color:#fff;background:#fff", "background:#000"),
        ("color:transparent", "color:#333"),
    ] {
        let parts =
            |style: &str| format!("<div style='{hidden}'>LEAK <p style='{style}'>TEXT</p><p>LEAK</p></div>");
        check(&parts(restored), true, true);
    }
    check("<div style='font-size:0'><p style='font-size:1em'>TEXT</p></div>", false, true);
    check("<div style='display:none'><p style='display:block'>TEXT</p></div>", false, true);
    check("<div style='color:#fff'><p style='background:#fff'>TEXT</p></div>", false, true);
    check(
        "<style>.a{visibility:hidden}.b{visibility:visible}</style><div class=a>LEAK<p class=b>TEXT</p></div>",
        true,
        true,
    );
}

#[test]
fn a_rule_hides_unless_the_elements_own_style_shows() {
    let page =
        |css: &str, style: &str| format!("<style>{css}</style><div class=a style='{style}'>TEXT of it</div>");
    check(&page(".a{display:none}", ""), false, true);
    check(&page(".a{display:none}", "display:block"), true, false);
    check(&page(".a{display:none!important}", "display:block"), false, true);
    check(&page(".a{font-size:0}", ""), false, true);
    check(&page(".a{color:#fff;background:#fff}", ""), false, true);
    check(&page(".a{opacity:0}", ""), true, true);
    check(&page(".a{opacity:0}.a.in{opacity:1}", ""), true, false);
    check("<style>.a{font-size:0}</style><ul class=a><li>TEXT</ul>", true, false);
    check("<div hidden style='display:block'>TEXT</div>", true, false);
}

#[test]
fn what_a_control_names_opens() {
    let hidden = "<p>Something between.</p><div id=a hidden>TEXT of it</div>";
    for control in [
        "<button data-collapse-target='#a'>Q</button>",
        "<button data-controls=a>Q</button>",
        "<a uk-toggle='target: #a'>Q</a>",
        "<a href='#a' aria-expanded=false>Q</a>",
        "<a class=toggle href='#a'>Q</a>",
        "<ul class=tabs><li><a href='#a'>Q</a></ul>",
        "<button popovertarget=a>Q</button>",
    ] {
        check(&format!("{control}{hidden}"), true, false);
    }
    check(&format!("<p><a href='#a'>Q</a></p>{hidden}"), false, true);
    check("<p>x</p><div popover id=a>TEXT of it</div>", false, true);
}

#[test]
fn a_word_that_stands_for_a_mark_in_a_table_stays() {
    let table = |cell: &str| {
        format!(
            "<style>.a{{position:absolute;clip:rect(0 0 0 0)}}</style><table><tr><th>Plan<th>Seats<tr><td>Free<td>{cell}</table>"
        )
    };
    check(&table("<i class=tick></i><span class=a>TEXT</span>"), true, false);
    check(&table("<i class=tick></i><span style='position:absolute;left:-999em'>TEXT</span>"), true, false);
    check(&table("<span class=a>LEAK</span>TEXT"), true, true);
    check(&table("<span style='display:none'>LEAK</span>"), false, true);
}

#[test]
fn slides_are_shown_by_turns() {
    let hidden = "<div style='display:none'>TEXT of it</div>";
    check(&format!("<ul class=slides><li>{hidden}<li>{hidden}</ul>"), true, false);
    check(
        &format!("<div class='slide w-slide'>{hidden}</div><div class='slide w-slide'>x</div>"),
        true,
        false,
    );
    check(&format!("<div class=slide>{hidden}</div><p>x</p>"), false, true);
    check(&format!("<ul><li>{hidden}<li>x</ul>"), false, true);
}

#[test]
fn parts_below_headings_in_items_alike_open() {
    let items = ["Delivery", "Returns", "Payment"]
        .map(|name| format!("<div class=item><h3>{name}</h3><div class=b>TEXT of {name}</div></div>"))
        .concat();
    check(&format!("<style>.b{{display:none}}</style><script src=/app.js></script>{items}"), true, false);
    check(&items.replace("class=b", "class=b style='display:none'"), true, false);
    check(
        "<div class=item><h3>One</h3><div class=b style='display:none'>TEXT of it</div></div>",
        false,
        true,
    );
}
