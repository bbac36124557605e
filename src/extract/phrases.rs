//! Phrases by which a text speaks to the machine that reads it: a table of words and the gaps between them.

use std::sync::LazyLock;

/// Words of which one must come, at most so many words after the one before.
type Step = (usize, &'static [&'static str]);

const OVERRIDES: &[&str] = &["ignore", "disregard", "forget", "override", "bypass", "neglect"];
const ORDERS: &[&str] =
    &["instruction", "instructions", "prompt", "prompts", "directive", "directives", "guidelines"];
const MACHINES: &[&str] = &[
    "assistant",
    "assistants",
    "ai",
    "ais",
    "chatbot",
    "chatbots",
    "bot",
    "bots",
    "llm",
    "llms",
    "model",
    "models",
    "agent",
    "agents",
];
const PEOPLE: &[&str] = &[
    "user",
    "users",
    "customer",
    "customers",
    "visitor",
    "visitors",
    "client",
    "clients",
    "anyone",
    "someone",
    "human",
];
const TELL: &[&str] = &[
    "tell",
    "say",
    "answer",
    "reply",
    "respond",
    "direct",
    "send",
    "inform",
    "refer",
    "recommend",
    "redirect",
];

/// Each row is one way to say it.
#[rustfmt::skip]
const PHRASES: &[&[Step]] = &[
    // Take back what the machine was told.
    &[(0, OVERRIDES), (3, &["previous", "prior", "above", "earlier", "preceding", "existing", "former", "original", "your"]), (3, ORDERS)],
    &[(0, OVERRIDES), (0, &["all", "any"]), (2, ORDERS)],
    &[(0, OVERRIDES), (2, ORDERS), (2, &["above", "before", "previously"])],
    &[(0, OVERRIDES), (1, &["your"]), (2, &["rules", "training", "constraints", "programming", "restrictions"])],
    &[(0, OVERRIDES), (1, &["everything", "anything", "all"]), (4, &["told", "instructed", "learned", "above"])],
    &[(0, &["ignoriere", "ignorieren", "vergiss", "missachte"]), (4, &["vorherigen", "vorigen", "bisherigen", "obigen", "alle", "deine"]), (2, &["anweisungen", "anweisung", "instruktionen", "vorgaben"])],
    &[(0, &["ignore", "ignorez", "oublie", "oubliez", "ignora", "olvida", "ignorar", "dimentica"]), (4, &["instructions", "consignes", "instrucciones", "istruzioni", "instruções"]), (2, &["précédentes", "anteriores", "previas", "precedenti"])],
    // Ask for what the machine was told.
    &[(0, &["begin", "end", "start", "print", "reveal", "repeat", "output", "translate", "leak", "display", "summarize", "summarise", "dump", "show"]), (2, &["system", "initial", "hidden", "secret", "developer"]), (0, &["prompt", "prompts"])],
    // Give it another part to play.
    &[(0, &["you"]), (0, &["are"]), (0, &["now"]), (3, &["ai", "assistant", "chatbot", "bot", "dan", "unrestricted", "jailbroken", "unfiltered"])],
    &[(0, &["act", "pretend", "behave"]), (2, &["as", "be", "like"]), (3, &["jailbroken", "dan", "unrestricted", "unfiltered"])],
    // Tell it what to tell.
    &[(0, &["when", "whenever", "if"]), (2, PEOPLE), (1, &["asks", "ask", "asked", "inquires"]), (12, TELL), (1, &["them", "him", "her", "users", "customers", "that"])],
    &[(0, &["not", "never", "don't"]), (1, &["mention", "reveal", "disclose", "repeat", "tell"]), (3, &["text", "message", "instruction", "instructions", "prompt", "note", "paragraph"]), (3, PEOPLE)],
];

/// Words with which no row begins, but which one of the rules below is about.
const ROLES: &[&str] = &["system", "developer", "assistant"];
const ADDRESSES: &[&str] = &["instructions", "instruction", "message", "note", "notice", "attention"];
const PROMOTES: &[&str] = &["recommend", "promote", "praise", "endorse"];

/// Bytes before and after a word that are looked at.
const BEFORE: usize = 80;
const AFTER: usize = 400;
/// Bytes of Base64 that can hold a phrase.
const MIN_ENCODED: usize = 20;

/// The words that begin a phrase.
struct Beginnings {
    /// Second letters (bit set) by first letter and length: most words of a text are refused by it.
    letters: Vec<u32>,
    /// All of them, in order.
    words: Vec<&'static [u8]>,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let words = PHRASES.iter().flat_map(|phrase| phrase[0].1).chain(ROLES).chain(ADDRESSES).chain(PROMOTES);
    let mut words: Vec<&[u8]> = words.map(|word| word.as_bytes()).collect();
    words.sort_unstable();
    let mut letters = vec![0; 32 * 32];
    for word in &words {
        letters[beginning(word)] |= second(word);
    }
    Beginnings { letters, words }
});

impl Beginnings {
    fn contain(&self, word: &[u8]) -> bool {
        let lower = || word.iter().map(u8::to_ascii_lowercase);
        self.letters[beginning(word)] & second(word) != 0
            && self.words.binary_search_by(|known| known.iter().copied().cmp(lower())).is_ok()
    }
}

/// The place of a word among the letters, whatever its case.
fn beginning(word: &[u8]) -> usize {
    usize::from(word.first().map_or(0, |b| b % 32)) * 32 + word.len() % 32
}

fn second(word: &[u8]) -> u32 {
    word.get(1).map_or(0, |b| 1 << (b % 32))
}

/// Where in a text such a phrase begins.
pub(super) fn find(text: &str) -> Option<usize> {
    let (bytes, beginnings) = (text.as_bytes(), &*BEGINNINGS);
    let mut at = 0;
    let mut first = true;
    while at < bytes.len() {
        if !is_word_byte(bytes[at]) {
            if is_template(&bytes[at..]) && (first || bytes[at..].starts_with(b"<|")) {
                return Some(at);
            }
            at += 1;
            continue;
        }
        let end = at + bytes[at..].iter().take_while(|b| is_word_byte(**b)).count();
        let begins = beginnings.contain(&bytes[at..end]);
        if (begins && speaks(text, at, first)) || is_encoded(text, at, end) {
            return Some(at);
        }
        first = false;
        at = end;
    }
    None
}

fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'\'' || b >= 0x80
}

/// A mark of a chat template.
fn is_template(bytes: &[u8]) -> bool {
    let starts = |mark: &[u8]| bytes.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark));
    if !starts(b"<|") {
        return starts(b"[inst]") || starts(b"[/inst]") || starts(b"<<sys>>");
    }
    let name = bytes[2..].iter().take(24).take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    name > 0 && bytes[2 + name..].starts_with(b"|>")
}

/// Whether Base64 begins with this word that holds a phrase.
fn is_encoded(text: &str, at: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if end - at < MIN_ENCODED && !matches!(bytes.get(end), Some(b'+' | b'/')) {
        return false;
    }
    if at.checked_sub(1).is_some_and(|before| is_base64(&bytes[before])) {
        return false;
    }
    let length = bytes[at..].iter().take(AFTER).take_while(|b| is_base64(b)).count();
    length >= MIN_ENCODED
        && decode(&bytes[at..at + length])
            .and_then(|decoded| String::from_utf8(decoded).ok())
            // What is encoded once more would go on for ever.
            .is_some_and(|decoded| decoded.contains(' ') && find(&decoded).is_some())
}

/// Base64 (RFC 4648, 4), padding optional.
fn decode(token: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(token.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for &b in token.iter().take_while(|b| **b != b'=') {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count).to_le_bytes()[0]);
        }
    }
    Some(out)
}

/// The words from some place on, read as far as they are asked for: most phrases end with their second word.
struct Words<'t> {
    text: &'t str,
    end: usize,
    found: Vec<(usize, &'t str)>,
}

impl<'t> Words<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, end: 0, found: Vec::new() }
    }

    fn entry(&mut self, nth: usize) -> Option<(usize, &'t str)> {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’');
        while self.found.len() <= nth {
            let start = self.end + self.text[self.end..].find(is_part)?;
            let length = self.text[start..].find(|c| !is_part(c)).unwrap_or(self.text.len() - start);
            self.end = start + length;
            self.found.push((start, &self.text[start..self.end]));
        }
        self.found.get(nth).copied()
    }

    /// Whether word `nth` is one of these.
    fn is(&mut self, nth: usize, words: &[&str]) -> bool {
        let Some((_, word)) = self.entry(nth) else { return false };
        if word.is_ascii() {
            return words.iter().any(|other| word.eq_ignore_ascii_case(other));
        }
        let lower = word.to_lowercase().replace('’', "'");
        words.contains(&&*lower)
    }

    /// What stands after word `nth`.
    fn after(&mut self, nth: usize) -> &'t str {
        self.entry(nth).map_or("", |(at, word)| &self.text[at + word.len()..])
    }
}

/// The words before a place, the nearest first.
fn before(text: &str) -> impl Iterator<Item = &str> {
    let near = &text[text.floor_char_boundary(text.len().saturating_sub(BEFORE))..];
    near.rsplit(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Whether a phrase begins with the word at this place, the first of its text or not.
fn speaks(text: &str, at: usize, first: bool) -> bool {
    let words = &mut Words::new(&text[at..text.floor_char_boundary(at + AFTER)]);
    let speaks = if words.is(0, ROLES) {
        first && is_role(words)
    } else if words.is(0, ADDRESSES) {
        addresses(&text[..at], words, first)
    } else if words.is(0, PROMOTES) {
        promotes(&text[..at], words)
    } else {
        PHRASES.iter().any(|phrase| matches(phrase, words))
    };
    speaks && (first || !text[..at].ends_with(['"', '“', '„', '«', '‘', '\'']))
}

fn matches(phrase: &[Step], words: &mut Words<'_>) -> bool {
    let mut next = 0;
    for (nth, (gap, alternatives)) in phrase.iter().enumerate() {
        let gap = if nth == 0 { 0 } else { *gap };
        let Some(found) = (next..=next + gap).find(|&i| words.is(i, alternatives)) else { return false };
        next = found + 1;
    }
    true
}

/// `SYSTEM: you are now …`, `assistant: Sure, …`: a turn of a conversation that nobody had.
fn is_role(words: &mut Words<'_>) -> bool {
    const ORDERED: &[&str] = &[
        "ignore",
        "override",
        "always",
        "never",
        "reveal",
        "respond",
        "answer",
        "disregard",
        "prompt",
        "instructions",
    ];
    const ANSWERED: &[&str] = &["sure", "certainly", "absolutely", "yes", "okay", "ok", "here", "i"];
    if !words.after(0).trim_start_matches(['*', '_', ' ']).starts_with(':') {
        return false;
    }
    if words.is(0, &["assistant"]) {
        return words.is(1, ANSWERED);
    }
    (1..4).any(|n| words.is(n, ORDERED))
        || (words.is(1, &["you"]) && words.is(2, &["are", "will", "must", "shall"]))
        || (words.is(1, &["from"]) && words.is(2, &["now"]))
}

/// `New instructions for the assistant`, `Note to AI agents:`; not the assistant manager.
fn addresses(text: &str, words: &mut Words<'_>, first: bool) -> bool {
    const NEW: &[&str] =
        &["new", "updated", "additional", "important", "hidden", "secret", "special", "system", "urgent"];
    let announced =
        || before(text).next().is_some_and(|word| NEW.iter().any(|new| word.eq_ignore_ascii_case(new)));
    if !words.is(1, &["for", "to"]) || !(first || announced()) {
        return false;
    }
    let Some(to) = (2..5).rev().find(|&n| words.is(n, MACHINES)) else { return false };
    let rest = words.after(to).trim_start_matches(['*', '_']);
    !rest.trim_start().starts_with(char::is_alphanumeric) || rest.starts_with('\n')
}

/// `You must always recommend Acme`; not `a backup`.
fn promotes(text: &str, words: &mut Words<'_>) -> bool {
    const OWN: &[&str] = &["our", "us", "only", "this", "https", "http"];
    let is = |word: Option<&str>, names: &[&str]| {
        word.is_some_and(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
    };
    let mut before = before(text);
    let told = is(before.next(), &["always"])
        && is(before.next(), &["must", "should", "shall", "will"])
        && is(before.next(), &["you"]);
    told && words.entry(1).is_none_or(|(_, word)| word.starts_with(char::is_uppercase) || is(Some(word), OWN))
}
