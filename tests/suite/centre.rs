//! A help centre that looks like one: a home page, topics, articles with text of their own, the same frame around
//! all of them.

use super::{
    site::{Reply, Site},
    world::World,
};

/// The articles: address, title, and what each is about.
pub(crate) const ARTICLES: [(&str, &str, &str); 20] = [
    ("/account/reset-password", "Reset your password", "password"),
    ("/account/two-factor", "Turn on two-factor sign-in", "authenticator app"),
    ("/account/change-email", "Change your email address", "email address"),
    ("/account/delete-account", "Delete your account", "account"),
    ("/account/roles", "Roles and permissions", "role"),
    ("/billing/invoices", "Find your invoices", "invoice"),
    ("/billing/refunds", "Ask for a refund", "refund"),
    ("/billing/change-plan", "Change your plan", "plan"),
    ("/billing/vat", "Add a VAT number", "VAT number"),
    ("/billing/payment-methods", "Payment methods", "credit card"),
    ("/orders/track-parcel", "Track your parcel", "parcel"),
    ("/orders/return-item", "Return an item", "return label"),
    ("/orders/change-address", "Change the delivery address", "delivery address"),
    ("/orders/damaged", "My order arrived damaged", "damaged item"),
    ("/orders/gift-wrapping", "Gift wrapping", "gift box"),
    ("/kettles/descale", "Descale your kettle", "limescale"),
    ("/kettles/warranty", "Warranty for kettles", "warranty card"),
    ("/kettles/spare-lids", "Order a spare lid", "spare lid"),
    ("/kettles/leaks", "The kettle leaks", "seal"),
    ("/kettles/noise", "The kettle is noisy", "heating plate"),
];

/// Pages of a healthy centre: the articles and the home page.
pub(crate) const PAGES: u64 = 21;

/// A world with such a site, to which nothing has happened yet.
pub(crate) async fn ready() -> World {
    let world = World::new().await;
    fill(&world.site);
    world
}

/// Makes the site healthy: every page is there, and says what it always did.
pub(crate) fn fill(site: &Site) {
    site.at("/", Reply::html(home("")));
    for (path, ..) in ARTICLES {
        site.at(path, Reply::html(article(path)));
    }
}

/// Makes every page of the centre answer with this.
pub(crate) fn all(site: &Site, reply: impl Fn(&str) -> Reply) {
    for path in paths() {
        site.at(path, reply(path));
    }
}

/// Every page of the centre, the home page first.
pub(crate) fn paths() -> impl Iterator<Item = &'static str> {
    std::iter::once("/").chain(ARTICLES.iter().map(|(path, ..)| *path))
}

/// The home page, with something more in its text.
pub(crate) fn home(more: &str) -> String {
    let text = "<p>Acme makes kettles, and has done so since 1923. Here you find answers on your account, your bills, \
                your orders and your kettle. Ask us about anything else: we are there on every day but Sunday.</p>";
    framed("Help centre", "en", "", &format!("<h1>Help centre</h1>{text}{more}"))
}

/// An article, as it always is.
pub(crate) fn article(path: &str) -> String {
    article_with(path, "", "")
}

/// An article with something more in its head and at the end of its text.
pub(crate) fn article_with(path: &str, head: &str, more: &str) -> String {
    framed(title(path), "en", head, &format!("<h1>{}</h1>{}{more}", title(path), text(path)))
}

/// The title of an article.
pub(crate) fn title(path: &str) -> &'static str {
    ARTICLES.iter().find(|(other, ..)| *other == path).map_or("Help centre", |(_, title, _)| title)
}

/// The text of an article, which no other has.
fn text(path: &str) -> String {
    let about = ARTICLES.iter().find(|(other, ..)| *other == path).map_or("kettle", |(.., about)| about);
    let title = title(path);
    format!(
        "<p>This article tells you all there is to know about your {about}. Most of our customers need it once a year, \
         and then at once. Keep your order number at hand.</p>\
         <h2>Before you begin</h2><ul><li>Open the app or our website.</li><li>Have the {about} ready.</li>\
         <li>Close what you do not need for “{title}”.</li></ul>\
         <h2>Step by step</h2><ol><li>Choose <em>{title}</em> in the menu.</li><li>Follow what it says of the {about}.</li>\
         <li>Press <strong>Done</strong>; the {about} is settled within a minute.</li></ol>\
         <p>Should the {about} still give you trouble, write to us, and say what you tried at {path}.</p>"
    )
}

/// A page as the centre makes them: a menu of all articles, a main part, a footer.
pub(crate) fn framed(title: &str, language: &str, head: &str, main: &str) -> String {
    let menu: String =
        ARTICLES.iter().map(|(path, title, _)| format!("<li><a href=\"{path}\">{title}</a></li>")).collect();
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title} | Acme</title>{head}</head>\
         <body><header><a href=\"/\">Acme</a><nav><ul>{menu}</ul></nav></header><main>{main}</main>\
         <footer><p>© Acme Kettles Ltd.</p></footer></body></html>"
    )
}
