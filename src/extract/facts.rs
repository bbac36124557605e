//! Whether a text says something that customers ask for: prices, telephone numbers, mail addresses, hours,
//! registration numbers.
//!
//! By the shape of numbers, not by words: the same in every language.

/// Bytes from which a text is more than a statement of facts.
const LONGEST: usize = 4_000;
/// Digits of a telephone or registration number.
const DIGITS: usize = 7;

/// Whether some text carries facts.
pub(crate) fn has_facts(markdown: &str) -> bool {
    markdown.len() <= LONGEST
        && (markdown.contains("](mailto:")
            || markdown.contains("](tel:")
            || markdown.split_ascii_whitespace().any(is_mail)
            || has_price(markdown)
            || has_long_number(markdown)
            || has_times(markdown))
}

/// Whether an unlinked text says something of its own: a sentence, or what is taken off a price. What asks for consent
/// or for another browser does not.
pub(super) fn announces(text: &str) -> bool {
    const TECHNICAL: &[&str] = &["cookie", "javascript", "browser"];
    let lower = text.to_lowercase();
    let is_percentage =
        |(at, _): (usize, &str)| lower[..at].trim_end().ends_with(|c: char| c.is_ascii_digit());
    (text.ends_with(['.', '!', '。']) || lower.match_indices('%').any(is_percentage))
        && !TECHNICAL.iter().any(|word| lower.contains(word))
}

/// `help@acme.test`
fn is_mail(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && !rest.is_empty())
    })
}

/// The sign of a currency.
fn is_currency_sign(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '\u{20a0}'..='\u{20cf}')
}

/// The code of a currency, with what punctuation there is.
fn is_code(word: &str) -> bool {
    const CODES: &[&str] = &[
        "USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "AUD", "CAD", "SEK", "NOK", "DKK", "PLN", "CZK",
        "BRL",
    ];
    CODES.contains(&word.trim_matches(|c: char| !c.is_ascii_uppercase()))
}

/// Whether a word is, or holds, what makes the number beside it a price.
pub(super) fn is_currency(word: &str) -> bool {
    word.contains(is_currency_sign) || is_code(word)
}

/// `$20`, `20 €`, `EUR 20`: a number beside the sign or the code of a currency.
pub(super) fn has_price(text: &str) -> bool {
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    let beside = |test: &dyn Fn(&str) -> bool, at: usize| {
        at.checked_sub(1).is_some_and(|before| test(words[before]))
            || words.get(at + 1).is_some_and(|word| test(word))
    };
    words.iter().enumerate().any(|(at, word)| {
        let signed = word.contains(is_currency_sign);
        (signed && (word.contains(|c: char| c.is_ascii_digit()) || beside(&is_number, at)))
            || (is_code(word) && beside(&is_number, at))
    })
}

/// A run of digits, with what people write between them: `+49 (30) 123-4567`, `DE 123 456 789`; no date, and no
/// choice of how many are shown on a page.
fn has_long_number(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '–' | '(' | ')' | '/' | '\u{a0}');
    let is_year = |group: &str| group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
    text.split(|c| !is_part(c)).any(|run| {
        let groups = || run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty());
        groups().map(str::len).sum::<usize>() >= DIGITS && !groups().any(is_year) && !is_scale(groups())
    })
}

/// Common factor of the numbers of a scale; those of a telephone number hardly have one.
const STEP: u64 = 4;

/// `30 50 100 150`, `1 2 3 4 5 6 7`: three or more numbers that rise by ones, or share a factor.
fn is_scale<'t>(groups: impl Iterator<Item = &'t str>) -> bool {
    let is_plain = |group: &&str| !group.starts_with('0');
    let numbers: Option<Vec<u64>> =
        groups.map(|group| Some(group).filter(is_plain).and_then(|group| group.parse().ok())).collect();
    let Some(numbers) = numbers.filter(|numbers| numbers.len() >= 3) else { return false };
    let rises = numbers.is_sorted_by(|a, b| a < b);
    let by_ones = || numbers.windows(2).all(|pair| pair[1] - pair[0] == 1);
    rises && (by_ones() || numbers.iter().copied().fold(0, common_factor) >= STEP)
}

fn common_factor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Whether a short text gives a telephone number and hardly more: `Tel. +49 30 123 45 67`, `(609) 655-3700`.
pub(super) fn is_telephone(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "phone",
        "telephone",
        "tel",
        "call",
        "fax",
        "mobile",
        "hotline",
        "telefon",
        "telefono",
        "teléfono",
        "telefone",
        "téléphone",
        "ring",
        "whatsapp",
        "text",
        "us",
        "toll",
        "free",
        "at",
        "or",
        "ext",
        "t",
        "f",
        "p",
        "m",
    ];
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    has_long_number(text) && words.all(|word| WORDS.contains(&&*word.to_lowercase()))
}

/// Two times of a day: `9:00–17:30`, `8–12 Uhr`, `24/7`.
fn has_times(text: &str) -> bool {
    if text.split_ascii_whitespace().any(|word| word.trim_matches(|c: char| !c.is_ascii_digit()) == "24/7") {
        return true;
    }
    let is_gap = |c: char| c.is_ascii_whitespace() || matches!(c, '-' | '–' | '—');
    let pieces: Vec<&str> = text.split(is_gap).filter(|piece| !piece.is_empty()).collect();
    let is_unit = |piece: &str| {
        let unit = piece.trim_matches(|c: char| !c.is_alphabetic());
        ["uhr", "h", "hrs", "heures", "uur"].iter().any(|known| unit.eq_ignore_ascii_case(known))
    };
    // `8–12 Uhr`, `8 bis 12 Uhr`: the hours before a unit are as far away as one word.
    let timed = |at: usize| {
        is_time(pieces[at]) || (is_hour(pieces[at]) && pieces[at + 1..].iter().take(3).any(|p| is_unit(p)))
    };
    (0..pieces.len()).filter(|&at| timed(at)).nth(1).is_some()
}

/// From one time of a day to another: `9:00–17:30`, `8am - 5pm`, `9 a.m. to 5 p.m.`.
pub(super) fn has_hours(text: &str) -> bool {
    let text = text.replace(" to ", " - ");
    let parts: Vec<Vec<&str>> =
        text.split(['-', '–', '—']).map(|part| part.split_whitespace().collect()).collect();
    let is_half = |word: &str| {
        let letters: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        ["am", "pm"].iter().any(|half| letters.eq_ignore_ascii_case(half))
    };
    let timed = |words: [Option<&&str>; 2]| match words {
        [Some(hour), Some(half)] if is_half(half) => is_hour(hour) || is_time(hour),
        _ => false,
    };
    parts.windows(2).any(|pair| {
        let (from, to) = (&pair[0], &pair[1]);
        let before_last = from.len().checked_sub(2).and_then(|at| from.get(at));
        (from.last().is_some_and(|word| is_time(word)) || timed([before_last, from.last()]))
            && (to.first().is_some_and(|word| is_time(word)) || timed([to.first(), to.get(1)]))
    })
}

fn is_hour(text: &str) -> bool {
    (1..=2).contains(&text.len()) && text.parse::<u8>().is_ok_and(|hour| hour <= 24)
}

/// `9:00`, `17.30`, `9am`, `9h`, `18h30`
fn is_time(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let lower = word.to_ascii_lowercase();
    let suffixed = lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm"));
    let is_minutes = |minutes: &str| minutes.parse::<u8>().is_ok_and(|minutes| minutes < 60);
    match word.split_once([':', '.']) {
        Some((hours, minutes)) => is_hour(hours) && is_minutes(minutes.get(..2).unwrap_or_default()),
        None => {
            suffixed.is_some_and(is_hour)
                || lower.split_once('h').is_some_and(|(hours, minutes)| {
                    is_hour(hours) && (minutes.is_empty() || (minutes.len() == 2 && is_minutes(minutes)))
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_go_from_one_time_to_another() {
        let check = |text: &str, expected: bool| assert_eq!(has_hours(text), expected, "{text}");
        check("Mon–Fri 9:00–17:30", true);
        check("Monday to Friday, 8am - 5pm EST", true);
        check("Mon – Fri: 9 AM – 5 PM", true);
        check("Sat 10 a.m. to 2:30 p.m.", true);
        check("8 - 12 am", false);
        check("Generated on 2026-11-20 at 12:03:07 in 0.03 s", false);
        check("-", false);
    }

    #[test]
    fn a_telephone_number_stands_with_hardly_more() {
        let check = |text: &str, expected: bool| assert_eq!(is_telephone(text), expected, "{text}");
        check("Phone: (609) 655-3700", true);
        check("Tel. +49 30 123 45 67", true);
        check("0800 900 1000", true);
        check("Call us toll-free at 1-800-555-0100", true);
        check("Visitor 12345678", false);
        check("VAT DE 123456789", false);
        check("Call us", false);
    }

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
        check("Mo–Fr 8–12 Uhr", true);
        check("Mo bis Fr von 8 bis 12 Uhr", true);
        check("lun-ven 9h - 18h30", true);
        check("Open 24/7", true);
        check("Within 24 h", false);
        check("30 50 100 150", false);
        check("Show 12 24 48 96 per page", false);
        check("1 2 3 4 5 6 7 8 9 10", false);
        check("10/20/30/40", false);
        check("12 34 56 78", true);
        check("01 23 45 67 89", true);
        check("212 555 1000", true);
        check("0800 900 1000", true);
        check("© 2019-2024 Acme Inc. All rights reserved.", false);
        check("Was this page helpful?", false);
        check("Version 3.11.2 of 1 January 2024", false);
        check("- [Home](https://a.test/1234567890)", true);
        check("@acme on all networks", false);
        check("", false);
    }
}
