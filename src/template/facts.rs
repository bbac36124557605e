//! Whether a block says something that customers ask for: prices, telephone numbers, mail addresses, hours,
//! registration numbers.
//!
//! By the shape of numbers, not by words: the same in every language.

/// Bytes from which a block is more than a statement of facts.
const LONGEST: usize = 4_000;
/// Digits of a telephone or registration number.
const DIGITS: usize = 7;

/// Whether some text carries facts.
pub(super) fn has_facts(markdown: &str) -> bool {
    markdown.len() <= LONGEST
        && (markdown.contains("](mailto:")
            || markdown.contains("](tel:")
            || markdown.split_ascii_whitespace().any(is_mail)
            || has_price(markdown)
            || has_long_number(markdown)
            || markdown
                .split_ascii_whitespace()
                .flat_map(|word| word.split(['-', '–', '—']))
                .filter(|w| is_time(w))
                .count()
                >= 2)
}

/// `help@acme.test`
fn is_mail(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
    })
}

/// `$20`, `20 €`, `EUR 20`: a number beside the sign or the code of a currency.
fn has_price(text: &str) -> bool {
    const CODES: &[&str] = &[
        "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "CAD", "SEK", "NOK", "DKK", "PLN", "CZK",
        "BRL",
    ];
    let is_sign = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '\u{20a0}'..='\u{20cf}');
    let is_code = |word: &str| CODES.contains(&word.trim_matches(|c: char| !c.is_ascii_uppercase()));
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    let beside = |test: &dyn Fn(&str) -> bool, at: usize| {
        at.checked_sub(1).is_some_and(|before| test(words[before]))
            || words.get(at + 1).is_some_and(|word| test(word))
    };
    words.iter().enumerate().any(|(at, word)| {
        let signed = word.contains(is_sign);
        (signed && (word.contains(|c: char| c.is_ascii_digit()) || beside(&is_number, at)))
            || (is_code(word) && beside(&is_number, at))
    })
}

/// A run of digits, with what people write between them: `+49 (30) 123-4567`, `DE 123 456 789`; no date.
fn has_long_number(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '–' | '(' | ')' | '/' | '\u{a0}');
    let is_year = |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    text.split(|c| !is_part(c)).any(|run| {
        let groups = || run.split(|c: char| !c.is_ascii_digit());
        groups().map(str::len).sum::<usize>() >= DIGITS && !groups().any(is_year)
    })
}

/// `9:00`, `17.30`, `9am`
fn is_time(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let hour = |text: &str| text.len() <= 2 && text.parse::<u8>().is_ok_and(|hour| hour <= 24);
    let lower = word.to_ascii_lowercase();
    let suffixed = lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm"));
    match word.split_once([':', '.']) {
        Some((hours, minutes)) => {
            let minutes = minutes.get(..2).unwrap_or_default();
            hour(hours) && minutes.parse::<u8>().is_ok_and(|minutes| minutes < 60)
        }
        None => suffixed.is_some_and(hour),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_known_by_their_shape() {
        let check = |text: &str, expected: bool| assert_eq!(has_facts(text), expected, "{text}");
        check("Write to help@acme.test.", true);
        check("[Call us](tel:+4930123)", true);
        check("Tel. +49 (30) 123-4567", true);
        check("USt-IdNr. DE 123 456 789", true);
        check("Shipping is $4.90 within the EU", true);
        check("ab 20 € pro Monat", true);
        check("from EUR 20 a month", true);
        check("Mon–Fri 9:00–17:30", true);
        check("Open 9am to 5pm", true);
        check("© 2019-2024 Acme Inc. All rights reserved.", false);
        check("Was this page helpful?", false);
        check("Version 3.11.2 of 1 January 2024", false);
        check("- [Home](https://a.test/1234567890)", true);
        check("@acme on all networks", false);
        check("", false);
    }
}
