//! Values of schema.org as pages write them: one or several, as text, as a number, or as an object with a name.

use serde_json::{Map, Value};

use crate::html::{Tree, parse};

/// Values of one property that are read.
const MAX_VALUES: usize = 2_000;

/// Whether an object is of one of these types of schema.org.
pub(super) fn has_type(object: &Map<String, Value>, kinds: &[&str]) -> bool {
    values(object.get("@type"))
        .into_iter()
        .filter_map(Value::as_str)
        .any(|name| name.rsplit(['/', ':']).next().is_some_and(|name| kinds.contains(&name)))
}

/// One value or each of several.
pub(super) fn values(value: Option<&Value>) -> Vec<&Value> {
    match value {
        Some(Value::Array(values)) => values.iter().take(MAX_VALUES).collect(),
        Some(value) => vec![value],
        None => Vec::new(),
    }
}

pub(super) fn each(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    values(value).into_iter().filter_map(Value::as_object)
}

pub(super) fn first(value: Option<&Value>) -> Option<&Map<String, Value>> {
    each(value).next()
}

/// The text of a value: itself, or what an object is called or measures.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(values) => {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
        Value::Object(object) => {
            let named = object.get("name").or_else(|| object.get("value")).and_then(Value::as_str);
            let unit = object.get("unitText").or_else(|| object.get("unitCode")).and_then(Value::as_str);
            named.map(|name| [name, unit.unwrap_or_default()].join(" ").trim_end().to_owned())
        }
        Value::Null | Value::Bool(_) => None,
    }
}

/// The text of a value that may hold HTML. Some content systems escape it twice.
pub(in crate::extract) fn plain(value: &str) -> String {
    let once = unescaped(value);
    if once.contains("&#") || once.contains("&amp;") { unescaped(&once) } else { once }
}

fn unescaped(value: &str) -> String {
    if !value.contains(['<', '&']) {
        return value.to_owned();
    }
    parse(value).map_or_else(|_| value.to_owned(), |tree| tree.text_of(Tree::ROOT))
}

/// `https://schema.org/InStock` in words.
pub(super) fn spaced(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_uppercase() && out.ends_with(char::is_lowercase) {
            out.push(' ');
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
    }
    out
}

/// `09:00:00` without its seconds.
pub(super) fn short_time(time: &str) -> &str {
    time.strip_suffix(":00").filter(|rest| rest.contains(':')).unwrap_or(time)
}

/// `PT1H30M` in words (ISO 8601).
pub(super) fn duration(iso: &str) -> Option<String> {
    let (days, time) = iso.strip_prefix('P')?.split_once('T').unwrap_or((iso.strip_prefix('P')?, ""));
    let mut out = Vec::new();
    for (part, units) in [
        (days, [('D', "d"), ('W', "weeks"), ('M', "months")]),
        (time, [('H', "h"), ('M', "min"), ('S', "s")]),
    ] {
        let mut number = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() || c == '.' {
                number.push(c);
            } else {
                let (_, unit) = units.iter().find(|(letter, _)| *letter == c)?;
                if number.parse::<f64>().ok()? > 0.0 {
                    out.push(format!("{number} {unit}"));
                }
                number.clear();
            }
        }
    }
    (!out.is_empty()).then(|| out.join(" "))
}
