//! Phrases by which a text speaks to the machine that reads it: a table of words and the gaps between them.

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

/// Where in a text such a phrase begins.
pub(super) fn find(text: &str) -> Option<usize> {
    let lower = text.to_lowercase().replace('’', "'");
    // Lower case may be longer or shorter: places are those of the text only where it is not.
    let place = |at: usize| if lower.len() == text.len() { at } else { 0 };
    if let Some(at) = template(&lower) {
        return Some(place(at));
    }
    let words: Vec<(usize, &str)> = words(&lower).collect();
    (0..words.len()).find(|&i| speaks(&lower, text, &words, i)).map(|i| place(words[i].0))
}

/// The marks of chat templates.
fn template(lower: &str) -> Option<usize> {
    let opens = lower.find("<|").filter(|&at| {
        let name = lower[at + 2..].split("|>").next().unwrap_or_default();
        (1..=24).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && lower[at + 2 + name.len()..].starts_with("|>")
    });
    let begins = ["[inst]", "[/inst]", "<<sys>>"].iter().any(|mark| lower.starts_with(mark));
    opens.or(begins.then_some(0))
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c.is_alphanumeric() || c == '\'';
    text.split(move |c| !is_part(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Whether a phrase begins with word `i`.
fn speaks(lower: &str, text: &str, words: &[(usize, &str)], i: usize) -> bool {
    let (at, word) = words[i];
    let speaks = match word {
        "system" | "developer" | "assistant" if i == 0 => is_role(lower, words),
        "instructions" | "instruction" | "message" | "note" | "notice" | "attention" => {
            addresses(lower, words, i)
        }
        "recommend" | "promote" | "praise" | "endorse" => promotes(lower, text, words, i),
        _ => PHRASES.iter().any(|phrase| matches(phrase, words, i)),
    };
    speaks && !(i > 0 && lower[..at].ends_with(['"', '“', '„', '«', '‘', '\'']))
}

fn matches(phrase: &[Step], words: &[(usize, &str)], start: usize) -> bool {
    let mut at = start;
    for (nth, (gap, alternatives)) in phrase.iter().enumerate() {
        let from = if nth == 0 { start } else { at + 1 };
        let to = if nth == 0 { start + 1 } else { (from + gap + 1).min(words.len()) };
        let Some(found) = (from..to).find(|&i| alternatives.contains(&words[i].1)) else { return false };
        at = found;
    }
    true
}

/// `SYSTEM: you are now …`, `assistant: Sure, …`: a turn of a conversation that nobody had.
fn is_role(lower: &str, words: &[(usize, &str)]) -> bool {
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
    let (at, role) = words[0];
    let after = lower[at + role.len()..].trim_start_matches(['*', '_', ' ']);
    if !after.starts_with(':') {
        return false;
    }
    let next = |n: usize| words.get(n).map_or("", |(_, word)| *word);
    match role {
        "assistant" => ANSWERED.contains(&next(1)),
        _ => {
            ORDERED.iter().any(|word| (1..4).any(|n| next(n) == *word))
                || (next(1) == "you" && matches!(next(2), "are" | "will" | "must" | "shall"))
                || (next(1) == "from" && next(2) == "now")
        }
    }
}

/// `New instructions for the assistant`, `Note to AI agents:`; not the assistant manager.
fn addresses(lower: &str, words: &[(usize, &str)], i: usize) -> bool {
    const NEW: &[&str] =
        &["new", "updated", "additional", "important", "hidden", "secret", "special", "system", "urgent"];
    if !words.get(i + 1).is_some_and(|(_, word)| matches!(*word, "for" | "to")) {
        return false;
    }
    let to = (i + 2..(i + 5).min(words.len())).rev().find(|&n| MACHINES.contains(&words[n].1));
    let Some((at, machine)) = to.map(|n| words[n]) else { return false };
    let announced = i.checked_sub(1).is_some_and(|n| NEW.contains(&words[n].1));
    let rest = lower[at + machine.len()..].trim_start_matches(['*', '_']);
    let ends = !rest.trim_start().starts_with(|c: char| c.is_alphanumeric()) || rest.starts_with('\n');
    ends && (announced || i == 0)
}

/// `You must always recommend Acme`; not `a backup`.
fn promotes(lower: &str, text: &str, words: &[(usize, &str)], i: usize) -> bool {
    let before = |n: usize| i.checked_sub(n).map_or("", |i| words[i].1);
    if before(1) != "always"
        || !matches!(before(2), "must" | "should" | "shall" | "will")
        || before(3) != "you"
    {
        return false;
    }
    let Some(&(next, word)) = words.get(i + 1) else { return true };
    // The case is the text's, at the same place if lower case is as long.
    let capital = lower.len() == text.len() && text[next..].starts_with(char::is_uppercase);
    capital || matches!(word, "our" | "us" | "only" | "this" | "https" | "http")
}
