use super::*;
use crate::html::parse;

fn check(selector: &str, expected: &[&str]) {
    let tree = parse(
        "<body class=b><div id=a class='x y'><p id=p1 role=main>1</p><section><p id=p2 data-k='one two'>2</p></section></div>",
    )
    .unwrap();
    let selector: Selector = selector.parse().unwrap();
    let found: Vec<_> =
        selector.find(&tree, Tree::ROOT).into_iter().filter_map(|id| tree.element(id)?.id()).collect();
    assert_eq!(found, expected);
}

#[test]
fn each_form_selects_what_css_says() {
    check("p", &["p1", "p2"]);
    check("#a", &["a"]);
    check("div.x.y", &["a"]);
    check(".b > div", &["a"]);
    check("div > p", &["p1"]);
    check("div p, #a", &["a", "p1", "p2"]);
    check("[role=main]", &["p1"]);
    check("p:not([role])", &["p2"]);
    check("[data-k~=two]", &["p2"]);
    check("section > p[data-k^='one']", &["p2"]);
    check("div.z p", &[]);
    check("p:not(#p1, .x)", &["p2"]);
    check("body > div section p", &["p2"]);
    check("[data-k = 'one two'], [class*=','], .a\\:b", &["p2"]);
    check("div>p,div > section>p", &["p1", "p2"]);
}

#[test]
fn what_is_not_understood_is_an_error() {
    let check = |text: &str, expected: &str| {
        assert_eq!(text.parse::<Selector>().unwrap_err().to_string(), expected, "{text}");
    };
    check("", "empty selector");
    check("a,,b", "empty selector");
    check("a,", "empty selector");
    check("p:first-child em", "`:first-child` is not supported in a selector");
    check("a + b", "`+` is not supported in a selector");
    check("p::before", "`::before` is not supported in a selector");
    check("a[", "`[` is not closed");
    check("a[b='c]", "`'` is not closed");
    check("a:not(b", "`(` is not closed");
    check("a:not(:not(b))", "`:not(b))` is not supported in a selector");
    check("a)", "`)` is not supported in a selector");
    assert!(".".parse::<Selector>().is_err());
}

#[test]
fn an_outer_ancestor_may_fit_where_the_nearest_does_not() {
    let tree = parse("<main><div class=o><div class=i><div class=x><div class=i><p id=p>").unwrap();
    for text in [".o > .i p", "main > div .i > .x p", ".o > .i > .x > .i > p"] {
        let selector: Selector = text.parse().unwrap();
        assert_eq!(selector.find(&tree, Tree::ROOT).len(), 1, "{text}");
    }
}
