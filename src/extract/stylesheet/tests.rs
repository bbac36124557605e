use super::*;
use crate::html::parse;

/// What of the elements with an `id` is hidden, in order.
fn check(css: &str, body: &str, expected: &str) {
    let tree = parse(&format!("<style>{css}</style><body>{body}")).unwrap();
    let is_style = |id: &NodeId| tree.name(*id) == Some(&local_name!("style"));
    let styles: Vec<NodeId> = tree.descendants(Tree::ROOT).filter(is_style).collect();
    let sheet = Stylesheet::read(&tree, &styles);
    let hidden = tree.descendants(Tree::ROOT).filter(|&id| sheet.hides(&tree, id).is_some());
    let hidden: Vec<&str> = hidden.filter_map(|id| tree.element(id)?.id()).collect();
    assert_eq!(hidden.join(" "), expected, "{css}");
}

/// The same of two elements of the classes `a` and `b` in one of the class `o`.
fn check_two(css: &str, expected: &str) {
    check(css, "<div class=o><p id=a class=a>1</p><u id=b class=b>2</u></div>", expected);
}

#[test]
fn rules_hide_what_they_select() {
    check_two(".a{display:none} #b , i { visibility : hidden !important }", "a b");
    check_two("@charset 'utf-8';.a{color:red;DISPLAY:NONE}", "a");
    check_two("@media screen{.a{display:none}}@layer x{.b{display:none}}", "a b");
    check_two(
        "@media only screen{.a{display:none}}@media screen and (min-width:1px){.b{display:none}}",
        "a b",
    );
    check_two("@supports (display:grid){.a{display:none}}", "a");
    check_two("/* .b{display:none} */.a/**/{display:none}", "a");
    check_two("<!-- .a{display:none} -->", "a");
    check_two(".o .a{display:none} div > u.b{display:none}", "a b");
    check_two("p#a{display:none}[class^=b]{display:none}", "a b");
    check(".md\\:b{display:none}", "<p id=a class='md:b'>", "a");
    check_two(".a{position:absolute;left:-9999px}.b{text-indent:-999em}", "a b");
    check_two(".a{font-size:0}.b{color:#fff;background:white}", "a b");
}

#[test]
fn the_cascade_decides() {
    check_two(".a{display:block}.a{display:none}", "a");
    check_two(".a{display:none}.a{display:block}", "");
    check_two(".a{display:none!important}.a{display:block}", "a");
    check_two(".a{display:none;color:red!important}.a.on{display:block}", "");
    check_two("#a{display:none}.a{display:block}", "a");
    check_two(".a{display:none}#a{display:block}", "");
    check_two(".a{display:none}p{display:block}", "a");
    check(".h{display:none}.x{display:flex}", "<p id=a class='h x'><p id=b class=h>", "b");
    check(".x{display:flex}.h{display:none}", "<p id=a class='h x'>", "a");
}

#[test]
fn what_is_shown_in_another_state_is_not_hidden() {
    check_two(".a{display:none}.a.open{display:block}", "");
    check_two(".a{display:none}input:checked ~ .a{display:block}", "");
    check_two(".o .a{display:none}.o.on .a{display:block}", "");
    check_two(".a{display:none}@media (min-width:9em){.a{display:flex}}", "");
    check(".h{display:none}@media (min-width:9em){.m\\:f{display:flex}}", "<p id=a class='h m:f'>", "");
    check_two(".a{display:none}.a:target{display:block}", "");
    check_two(".a{display:none}.a::before{display:block}", "a");
    check_two(".a{display:none}.a p{display:block}", "a");
    check_two(".a{display:none}.a{position:relative}", "a");
    check_two(".a{display:none}@media print{.a{display:block}}", "a");
    check_two(".a{display:none;&.open{display:block}}", "");
}

#[test]
fn what_is_hidden_at_times_is_not_hidden() {
    check_two("@media print{.a{display:none}}.b{display:none}", "b");
    check_two("@media (max-width:600px){.a{display:none}}", "");
    check_two("@supports not (display:grid){.a{display:none}}", "");
    check_two("@keyframes k{from{visibility:hidden}to{visibility:visible}}.b{display:none}", "b");
    check_two(".js .a{display:none} .a:not(.b){display:none} [v-cloak]{display:none} body{display:none}", "");
    check_two(".a:hover{display:none} .a + u{display:none} .a:first-child{display:none}", "");
}

#[test]
fn broken_sheets_say_what_they_can() {
    check_two(".a{display:none", "a");
    check_two("}}{;.a{display:none}", "");
    check_two("{{{{}", "");
    check_two("", "");
}

#[test]
fn a_script_that_names_a_class_may_show_it() {
    let body = |script: &str| format!("<p id=a class=a>x</p><script>{script}</script>");
    check(".a{display:none}", &body(""), "a");
    check(".a{display:none}", &body("$('.a').toggle()"), "");
    check(".a{display:none}", &body("$('.ab').toggle()"), "a");
}

#[test]
fn only_css_for_every_screen_is_read() {
    for open in ["<style media=print>", "<style type='text/less'>", "<noscript><style>"] {
        check("", &format!("{open}.a{{display:none}}</style></noscript><p id=a class=a>x</p>"), "");
    }
    check("", "<style media=all>.a{display:none}</style><p id=a class=a>x</p>", "a");
}
