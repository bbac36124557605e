//! Words that turn a statement into another one: what is, what is not, and how many of them.

/// In lower case, sorted by language; German writes too much in capitals for its wording to be compared at all.
#[rustfmt::skip]
const TURNING: &[&str] = &[
    // English; `don't` is the words `don` and `t`
    "not", "no", "never", "none", "nor", "neither", "without", "cannot", "t", "only", "except", "unless", "until",
    "before", "after", "less", "more", "least", "most", "all", "every", "each", "any", "some", "both", "once", "twice",
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "dozen", "hundred", "thousand",
    "first", "second", "third", "daily", "weekly", "monthly", "yearly", "hourly", "free", "paid",
    "enable", "enabled", "disable", "disabled", "on", "off", "left", "right", "up", "down", "yes", "true", "false",
    "must", "may", "can", "should", "optional", "required", "deprecated", "supported", "unsupported",
    // French
    "ne", "pas", "jamais", "sans", "sauf", "seulement", "aucun", "aucune", "ni", "un", "deux", "trois", "quatre", "cinq",
    // Spanish, Portuguese
    "nunca", "sin", "salvo", "solo", "sólo", "ningún", "ninguna", "não", "nunca", "sem", "exceto", "apenas", "nenhum",
    "uno", "una", "dos", "tres", "cuatro", "cinco", "dois", "três", "quatro",
    // Italian
    "non", "mai", "senza", "tranne", "soltanto", "nessun", "nessuna", "due", "tre", "quattro", "cinque",
    // Dutch
    "niet", "geen", "nooit", "zonder", "alleen", "behalve", "een", "twee", "drie", "vier", "vijf",
];

/// Whether the word, in lower case, turns what is said.
pub(super) fn turns(word: &str) -> bool {
    TURNING.contains(&word)
}
