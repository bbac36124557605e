use super::*;

#[test]
fn an_inline_style_hides_by_what_it_says() {
    let check = |styles: &str, expected: Option<Sight>| {
        for style in styles.lines().map(str::trim).filter(|style| !style.is_empty()) {
            assert_eq!(inline(style), expected, "{style}");
        }
    };
    check(
        "DISPLAY : None ! important
        color:red;/* off: */display:/**/none
        display:block;display:none
        display:none!important;display:block
        content-visibility:hidden
        transform: translateX(-9999px)
        transform: translate3d(-9999px, 0, 0)
        transform:scale(0)
        transform:scale(0.0)
        transform:scale3d(0,0,0)
        transform:matrix(0,0,0,0,0,0)
        scale:0
        translate:-9999px 0
        opacity:0
        opacity:1%
        filter: opacity(0%)
        width:0;height:0;overflow:hidden
        height:0px;width:0px;overflow:clip
        width:1px;height:1px;overflow:hidden",
        Some(Sight::Gone),
    );
    check(
        "position:absolute;left:-9999px
        position:absolute;left:-100vw
        position:absolute;left:9999px
        position:absolute;left:calc(-9999px)
        position:absolute;inset:-9999px auto auto -9999px
        margin:0 0 0 -9999px",
        Some(Sight::Away),
    );
    check("visibility:hidden", Some(Sight::Inherited(Means::Visibility)));
    check("text-indent:-9999px", Some(Sight::Inherited(Means::Indent)));
    check("white-space:nowrap;overflow:hidden;text-indent:100%", Some(Sight::Inherited(Means::Indent)));
    check(
        "font-size:.05em
        font-size:1px
        font:0/0 a
        font: italic 0px serif",
        Some(Sight::Inherited(Means::Letters)),
    );
    check(
        "position:absolute; clip: rect(0, 0, 0, 0)
        position:absolute; clip: rect(1px 1px 1px 1px)
        position:absolute;width:1px;height:1px;overflow:hidden
        clip-path:inset(50%)
        -webkit-clip-path:inset(100%)
        clip-path:circle(0px at 50% 50%)
        clip-path:polygon(0px 0px, 0px 0px, 0px 0px)",
        Some(Sight::Clipped),
    );
    check(
        "height:0;overflow:hidden
        max-height:0;overflow-y:hidden
        width:0;overflow:hidden",
        Some(Sight::Folded),
    );
    check("opacity:0;transition:opacity 1s", Some(Sight::Faint));
    check(
        "/*display:none;*/color:red
        display:none;display:block
        left:-9999px;left:0
        text-indent:-20px;left:-50px
        transform:translate3d(-2280px,0,0)
        transform:translate(-50%,-50%)
        font-size:80%
        font:12px/0 x
        height:0;padding-bottom:56.25%;overflow:hidden
        height:0
        flex:1;width:0;overflow:hidden
        max-height:0;overflow:hidden;transition:max-height 1s
        clip-path:inset(10px)
        clip-path:polygon(0 0,100% 0,100% 100%)
        clip:rect(0,0,0,0)
        display",
        None,
    );
}

#[test]
fn a_rule_hides_or_shows_by_its_means() {
    let check = |rule: &str, expected: &[Effect]| assert_eq!(effects(rule), expected, "{rule}");
    check("display:none", &[Effect::Hides(Means::Display)]);
    check("display:flex", &[Effect::Shows(Means::Display)]);
    check("position:absolute;left:-999em", &[Effect::Hides(Means::Place)]);
    check("position:fixed;clip-path:inset(50%)", &[Effect::Hides(Means::Place)]);
    check("left:-999em", &[]);
    check("left:0", &[Effect::Shows(Means::Place)]);
    check("position:absolute;margin:0", &[]);
    check("margin-left:-9999px", &[Effect::Hides(Means::Place)]);
    check("opacity:0", &[Effect::Hides(Means::Opacity)]);
    check("opacity:0;transition:opacity 1s", &[]);
    check("display:none;-webkit-transition:height 1s", &[]);
    check("height:0;overflow:hidden", &[Effect::Hides(Means::Size)]);
    check("max-height:0px;overflow:hidden;transition:max-height .2s", &[]);
    check("height:0;padding-bottom:56.25%;overflow:hidden", &[]);
    check("overflow:hidden", &[]);
    check("height:auto", &[Effect::Shows(Means::Size)]);
    check("font-size:0", &[Effect::Hides(Means::Letters)]);
    check("font-size:1em", &[]);
    check("text-indent:-9999px", &[Effect::Hides(Means::Indent)]);
    check("text-indent:-9999px;background:url(a.png)", &[Effect::Shows(Means::Indent)]);
    check("color:#fff;background:white", &[Effect::Hides(Means::Colour)]);
    check("color:#fff", &[Effect::Shows(Means::Colour)]);
}
