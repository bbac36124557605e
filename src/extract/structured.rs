//! Facts that a page states for machines (schema.org as JSON-LD) and does not show: questions with their answers,
//! what a product costs, how long a recipe takes, how a shop is reached and when it is open.

use serde_json::{Map, Value};
use url::Url;

use crate::html::{Base, Measure, NodeId, Tree, local_name, parse};
use crate::markdown::{Block, NodeSet, Page, clean_line, fact, render};

use super::subject::Subject;
use contact::{is_contact, is_of_publisher};
pub(super) use shown::Shown;
pub(super) use value::plain;
use value::{duration, each, first, has_type, spaced, text, values};

mod contact;
mod shown;
mod value;

/// Bytes of JSON-LD that are read.
const MAX_BYTES: usize = 1 << 20;
/// Objects of one page that are looked at.
const MAX_OBJECTS: usize = 2_000;
/// Facts of one page.
const MAX_FACTS: usize = 200;
/// Bytes of one value.
const MAX_VALUE: usize = 2_000;
/// Bytes of the name of an offer or a property.
const MAX_NAME: usize = 80;

/// Types of what is sold.
const PRODUCTS: &[&str] = &["Product", "ProductGroup", "SoftwareApplication", "Book"];

/// Blocks for what the page's JSON-LD says and `blocks` do not.
pub(super) fn unshown(tree: &Tree, base: &Url, subject: Subject, blocks: &[Block]) -> Vec<Block> {
    let mut objects = objects(tree);
    // What each of many products costs says nothing without the product: a page is about one, or lists them itself.
    for kinds in [PRODUCTS, &["Recipe"]] {
        if objects.iter().filter(|object| has_type(object, kinds)).count() > 1 {
            objects.retain(|object| !has_type(object, kinds));
        }
    }
    if objects.is_empty() {
        return Vec::new();
    }
    let told_apart = objects.iter().filter(|object| is_contact(object)).count() > 1;
    let of_publisher = is_of_publisher(&objects);
    let mut facts =
        Facts { shown: Shown::new(blocks), base, subject, told_apart, of_publisher, blocks: Vec::new() };
    for object in &objects {
        facts.read(object);
    }
    facts.blocks
}

/// All objects of the page's JSON-LD, without recursion: those inside others come after them.
fn objects(tree: &Tree) -> Vec<Map<String, Value>> {
    let mut queue = std::collections::VecDeque::new();
    let mut bytes = 0;
    for script in tree.descendants(Tree::ROOT).filter(|&id| is_json_ld(tree, id)) {
        let text = tree.first_child(script).and_then(|text| tree.text(text)).unwrap_or_default();
        bytes += text.len();
        if bytes > MAX_BYTES {
            break;
        }
        // What does not parse says nothing: pages hold broken JSON-LD more often than not.
        if let Ok(value) = serde_json::from_str::<Value>(text.trim()) {
            queue.push_back(value);
        }
    }
    let mut found = Vec::new();
    while let Some(value) = queue.pop_front() {
        match value {
            Value::Array(values) => queue.extend(values),
            // What was asked in a forum, and what was said to it, is the page.
            Value::Object(object) if has_type(&object, &["QAPage"]) => {}
            Value::Object(object) if found.len() < MAX_OBJECTS => {
                for key in ["@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "hasPart"]
                {
                    queue.extend(object.get(key).cloned());
                }
                found.push(object);
            }
            _ => {}
        }
    }
    found
}

fn is_json_ld(tree: &Tree, id: NodeId) -> bool {
    tree.name(id) == Some(&local_name!("script"))
        && tree.attr(id, &local_name!("type")).is_some_and(|kind| {
            kind.split(';')
                .next()
                .unwrap_or_default()
                .trim_ascii()
                .eq_ignore_ascii_case("application/ld+json")
        })
}

struct Facts<'t> {
    shown: Shown,
    base: &'t Url,
    subject: Subject,
    /// Whether there are several contacts, whose lines need their names.
    told_apart: bool,
    /// Whether who is behind the site is what the page is about.
    of_publisher: bool,
    blocks: Vec<Block>,
}

impl Facts<'_> {
    fn read(&mut self, object: &Map<String, Value>) {
        if has_type(object, &["Question"]) {
            self.question(object);
        } else if has_type(object, PRODUCTS) {
            self.product(object);
        } else if has_type(object, &["Recipe"]) {
            self.recipe(object);
        } else if is_contact(object) {
            self.contact(object, self.told_apart.then(|| contact::name(object)).flatten().as_deref());
        }
    }

    /// A line `Key: value`, unless the page shows the value.
    fn add(&mut self, key: &str, value: &str) {
        let value = clean_line(&plain(value));
        if value.is_empty()
            || value.len() > MAX_VALUE
            || self.blocks.len() >= MAX_FACTS
            || self.shown.holds(&value)
        {
            return;
        }
        let block = fact(key, &value);
        if !self.blocks.contains(&block) {
            self.blocks.push(block);
        }
    }

    fn add_all(&mut self, object: &Map<String, Value>, keys: &[(&str, &str)]) {
        for (name, key) in keys {
            if let Some(text) = object.get(*name).and_then(text) {
                self.add(key, &text);
            }
        }
    }

    fn question(&mut self, object: &Map<String, Value>) {
        let question = object.get("name").or_else(|| object.get("text")).and_then(text).unwrap_or_default();
        let answer = first(object.get("acceptedAnswer")).or_else(|| first(object.get("suggestedAnswer")));
        let Some(answer) = answer.and_then(|answer| answer.get("text").and_then(text)) else { return };
        let question = clean_line(&plain(&question));
        if question.is_empty()
            || self.blocks.len() >= MAX_FACTS
            || self.shown.answers(&question, &plain(&answer))
        {
            return;
        }
        // Answers are HTML by custom.
        let escaped = question.replace('&', "&amp;").replace('<', "&lt;");
        let answer = if answer.contains('<') { answer } else { answer.replace('\n', "<br>") };
        let Ok(tree) = parse(&format!("<h2>{escaped}</h2><div>{answer}</div>")) else { return };
        let dropped = NodeSet::new(tree.len());
        let (measure, base) = (Measure::new(&tree), Base::new(self.base));
        let page = Page { tree: &tree, measure: &measure, base: &base, dropped: &dropped };
        self.blocks.extend(render(page, &[Tree::ROOT]));
    }

    fn product(&mut self, object: &Map<String, Value>) {
        self.add_all(object, &[("brand", "Brand"), ("sku", "SKU"), ("mpn", "MPN")]);
        self.add_all(
            object,
            &[("gtin13", "GTIN"), ("gtin", "GTIN"), ("color", "Color"), ("material", "Material")],
        );
        self.add_all(
            object,
            &[("size", "Size"), ("weight", "Weight"), ("operatingSystem", "Operating system")],
        );
        let offers: Vec<_> = each(object.get("offers")).collect();
        for offer in &offers {
            let name = ["name", "sku"].iter().find_map(|key| offer.get(*key).and_then(text));
            let name = name.map(|name| clean_line(&plain(&name)));
            let name = name.filter(|name| offers.len() > 1 && (1..=MAX_NAME).contains(&name.len()));
            let key = |key: &str| name.as_ref().map_or_else(|| key.to_owned(), |of| format!("{key} ({of})"));
            let specification = first(offer.get("priceSpecification"));
            let of = |key: &str| {
                offer
                    .get(key)
                    .and_then(text)
                    .or_else(|| specification.and_then(|s| s.get(key)).and_then(text))
            };
            let currency = of("priceCurrency").unwrap_or_default();
            if let Some(price) = of("price") {
                self.price(&key("Price"), &price, &currency);
            } else {
                if let Some(low) = of("lowPrice") {
                    self.price(&key("Price from"), &low, &currency);
                }
                if let Some(high) = of("highPrice") {
                    self.price(&key("Price up to"), &high, &currency);
                }
            }
            // Of several without names nobody could tell which of them is sold out.
            let is_told = offers.len() == 1 || name.is_some();
            if let Some(availability) = of("availability").filter(|_| is_told) {
                self.add(&key("Availability"), &spaced(&availability));
            }
            if let Some(condition) =
                of("itemCondition").filter(|condition| !condition.ends_with("NewCondition"))
            {
                self.add(&key("Condition"), &spaced(&condition));
            }
        }
        for property in each(object.get("additionalProperty")) {
            let name = property.get("name").and_then(text).map(|name| clean_line(&plain(&name)));
            let value = property.get("value").and_then(text);
            if let (Some(name), Some(value)) =
                (name.filter(|name| (1..=MAX_NAME).contains(&name.len())), value)
            {
                self.add(&name, &value);
            }
        }
    }

    /// A price is shown if its number is, whatever stands for the currency.
    fn price(&mut self, key: &str, amount: &str, currency: &str) {
        if !self.shown.holds(amount) {
            self.add(key, format!("{amount} {currency}").trim_end());
        }
    }

    fn recipe(&mut self, object: &Map<String, Value>) {
        self.add_all(object, &[("recipeYield", "Yield"), ("recipeCategory", "Category")]);
        for (name, key) in
            [("prepTime", "Preparation time"), ("cookTime", "Cooking time"), ("totalTime", "Total time")]
        {
            if let Some(time) = object.get(name).and_then(text) {
                self.add(key, &duration(&time).unwrap_or(time));
            }
        }
        for ingredient in values(object.get("recipeIngredient")).into_iter().filter_map(text) {
            self.add("Ingredient", &ingredient);
        }
        let mut step = 0;
        for instruction in values(object.get("recipeInstructions")) {
            let inner = instruction.get("itemListElement").map(|inner| values(Some(inner)));
            for part in inner.unwrap_or_else(|| vec![instruction]) {
                let Some(text) = part.get("text").or(Some(part)).and_then(text) else { continue };
                step += 1;
                self.add(&format!("Step {step}"), &text);
            }
        }
        if let Some(nutrition) = first(object.get("nutrition")) {
            self.add_all(nutrition, &[("servingSize", "Serving size"), ("calories", "Calories")]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(page: &str, expected: &[&str]) {
        let tree = parse(page).unwrap();
        let measure = Measure::new(&tree);
        let url = Url::parse("https://a.test/d/").unwrap();
        let base = Base::new(&url);
        let dropped = NodeSet::new(tree.len());
        let shown =
            render(Page { tree: &tree, measure: &measure, base: &base, dropped: &dropped }, &[Tree::ROOT]);
        let found = unshown(&tree, &url, Subject::Unknown, &shown);
        let found: Vec<_> = found.iter().map(|block| block.markdown.as_str()).collect();
        assert_eq!(found, expected, "{page}");
    }

    fn ld(json: &str) -> String {
        format!("<script type=\"application/ld+json\">{json}</script>")
    }

    #[test]
    fn what_a_product_costs_is_told_where_the_page_does_not() {
        let product = ld(
            r#"{"@context":"https://schema.org","@type":"Product","name":"Pump","sku":"P-1","brand":{"@type":"Brand","name":"Acme"},
            "offers":{"@type":"Offer","price":"49.00","priceCurrency":"EUR","availability":"https://schema.org/InStock"}}"#,
        );
        check(
            &format!("<h1>Pump</h1>{product}"),
            &["Brand: Acme", "SKU: P-1", "Price: 49.00 EUR", "Availability: In stock"],
        );
        check(&format!("<h1>Pump</h1><p>Acme P-1, 49,00 €, in stock.</p>{product}"), &[]);
        let priced = |price: &str| {
            ld(&format!(r#"{{"@type":"Product","brand":"L&amp;#8217;Eau","offers":{{"price":"{price}"}}}}"#))
        };
        check(&format!("<p>L’Eau, $3,665.00</p>{}", priced("3665.00")), &[]);
        check(&format!("<p>L’Eau, 1.234.567,50 €</p>{}", priced("1234567.5")), &[]);
        check(&format!("<p>L’Eau, $1,500.5</p>{}", priced("1.5")), &["Price: 1.5"]);
        check(&format!("<p>L’Eau, rated by 3,665 people</p>{}", priced("3665")), &["Price: 3665"]);
        check(
            &ld(
                r#"{"@type":"Product","offers":[{"sku":"D-120","price":499,"priceCurrency":"USD","availability":"InStock"},
                {"sku":"D-160","price":599,"priceCurrency":"USD","availability":"OutOfStock"}]}"#,
            ),
            &[
                "Price (D-120): 499 USD",
                "Availability (D-120): In stock",
                "Price (D-160): 599 USD",
                "Availability (D-160): Out of stock",
            ],
        );
        check(
            &ld(r#"{"@type":"Product","offers":[{"lowPrice":5,"highPrice":9.5,"priceCurrency":"USD"}]}"#),
            &["Price from: 5 USD", "Price up to: 9.5 USD"],
        );
    }

    #[test]
    fn recipes_and_opening_hours_are_lines() {
        check(
            &ld(
                r#"{"@graph":[{"@type":["Recipe"],"prepTime":"PT1H30M","recipeYield":"4 servings","recipeIngredient":["2 eggs","Salt &amp; oil"],
            "recipeInstructions":[{"@type":"HowToStep","text":"Beat <b>well</b>."},"Fry."]}]}"#,
            ),
            &[
                "Yield: 4 servings",
                "Preparation time: 1 h 30 min",
                "Ingredient: 2 eggs",
                "Ingredient: Salt & oil",
                "Step 1: Beat well.",
                "Step 2: Fry.",
            ],
        );
        check(
            &ld(r#"{"@type":"Bakery","telephone":"+49 30 123",
            "openingHours":["Mo-Fr 09:00-18:00"],"openingHoursSpecification":[{"dayOfWeek":["https://schema.org/Saturday"],"opens":"10:00:00","closes":"14:00"},
            {"dayOfWeek":"Sunday","opens":"00:00","closes":"00:00"}]}"#),
            &[
                "Opening hours: Mo-Fr 09:00-18:00",
                "Opening hours: Saturday 10:00–14:00",
                "Opening hours: Sunday closed",
                "Telephone: +49 30 123",
            ],
        );
    }

    #[test]
    fn days_without_hours_are_closed_only_where_others_have_hours() {
        let shop = |hours: &str| ld(&format!(r#"{{"@type":"Store","openingHoursSpecification":[{hours}]}}"#));
        let sunday = r#"{"dayOfWeek":"Sunday"}"#;
        check(&shop(sunday), &[]);
        check(
            &shop(&format!(r#"{{"dayOfWeek":"Monday","opens":"9:00","closes":"17:00"}},{sunday}"#)),
            &["Opening hours: Monday 9:00–17:00", "Opening hours: Sunday closed"],
        );
    }

    #[test]
    fn how_a_business_is_reached_is_told_where_the_page_does_not() {
        let business = r#"{"@type":"Dentist","name":"Acme","telephone":"+49 30 1234567","email":"mailto:help@acme.test",
            "address":{"@type":"PostalAddress","streetAddress":"Hauptstr. 1","postalCode":"10115","addressLocality":"Berlin","addressCountry":{"@type":"Country","name":"DE"}}}"#;
        check(
            &ld(business),
            &["Address: Hauptstr. 1, 10115 Berlin, DE", "Telephone: +49 30 1234567", "Email: help@acme.test"],
        );
        let shown = "<p>Hauptstr. 1<br>10115 Berlin</p><p>030/123 45 67</p><a href='mailto:help@acme.test'>help@acme.test</a>";
        check(&format!("{shown}{}", ld(business)), &[]);
        check(
            &ld(
                r#"{"@type":"Organization","address":"1 Main St","contactPoint":[{"contactType":"sales","telephone":"555-0100"}]}"#,
            ),
            &["Address: 1 Main St", "Telephone (sales): 555-0100"],
        );
        let publisher = r#"{"@type":"Organization","telephone":"555-0100","openingHours":"Mo 9-5"}"#;
        let page = |kind: &str| ld(&format!(r#"[{publisher},{{"@type":"{kind}"}}]"#));
        check(&page("WebSite"), &["Opening hours: Mo 9-5", "Telephone: 555-0100"]);
        check(&page("ContactPage"), &["Opening hours: Mo 9-5", "Telephone: 555-0100"]);
        check(&page("Article"), &["Opening hours: Mo 9-5"]);
        check(&ld(r#"{"@type":"Organization","address":{"addressCountry":"DE"}}"#), &[]);
        check(&ld(r#"{"@type":"Person","name":"A","telephone":"555-0100"}"#), &[]);
    }

    #[test]
    fn several_contacts_are_told_apart_by_their_names() {
        check(
            &ld(
                r#"[{"@type":"Store","name":"North","telephone":"555-0100"},{"@type":"Store","name":"South","telephone":"555-0199"}]"#,
            ),
            &["Telephone (North): 555-0100", "Telephone (South): 555-0199"],
        );
    }

    #[test]
    fn questions_are_headings_above_their_answers() {
        let faq = ld(
            r#"{"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"How long?","acceptedAnswer":{"@type":"Answer","text":"<p>Two <a href='/x'>days</a> at most.</p>"}}]}"#,
        );
        check(&faq, &["## How long?", "Two [days](https://a.test/x) at most."]);
        check(&format!("<p>How long?</p><p>Two days at most.</p>{faq}"), &[]);
    }

    #[test]
    fn broken_and_hostile_data_says_nothing() {
        check(&ld("{"), &[]);
        check(&ld(&"[".repeat(100_000)), &[]);
        check(&ld(r#"{"@type":"Product","offers":{"price":null},"name":"<script>x</script>"}"#), &[]);
        check("<script type=application/json>{\"@type\":\"Product\",\"sku\":\"1\"}</script>", &[]);
    }
}
