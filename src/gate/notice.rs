//! Error, login and challenge pages that got as far as a document: notices, and nothing else.
//!
//! A document is a notice only as a whole, when every one of its sentences is one: a help page about logins or
//! challenges has a sentence of its own.

/// Bytes that a document has at most that is a notice.
const LONGEST: usize = 400;

/// Whole sentences, lower case, without punctuation.
#[rustfmt::skip]
const SENTENCES: &[&str] = &[
    // errors
    "404", "403", "500", "502", "503", "404 not found", "not found", "page not found", "404 page not found",
    "403 forbidden", "forbidden", "access denied", "permission denied", "unauthorized", "401 unauthorized",
    "500 internal server error", "internal server error", "502 bad gateway", "bad gateway",
    "503 service unavailable", "service unavailable", "service temporarily unavailable", "504 gateway timeout",
    "gateway timeout", "504 gateway time out", "gateway time out", "too many requests", "429 too many requests",
    "an error occurred", "an error has occurred", "an unexpected error occurred", "something went wrong",
    "application error", "fatal error", "please try again later", "try again later", "please try again",
    "we are sorry", "sorry", "oops", "error", "nginx", "go back", "go to homepage", "back to home", "reload",
    "error establishing a database connection", "there has been a critical error on this website",
    "the requested url was not found on this server", "this page could not be found", "this page does not exist",
    "the page you are looking for does not exist", "the page you requested could not be found",
    "the page you are looking for could not be found", "sorry the page you are looking for does not exist",
    "the site is under maintenance", "under maintenance", "we will be back soon", "well be back soon",
    "seite nicht gefunden", "zugriff verweigert", "ein fehler ist aufgetreten", "bitte versuchen sie es später erneut",
    "page introuvable", "page non trouvée", "accès refusé", "une erreur est survenue", "página no encontrada",
    "acceso denegado", "se ha producido un error", "pagina non trovata", "accesso negato", "pagina niet gevonden",
    "página não encontrada", "acesso negado",
    // logins
    "log in", "login", "sign in", "please log in", "please login", "please sign in", "login required",
    "log in to continue", "sign in to continue", "please log in to continue", "please sign in to continue",
    "you must be logged in", "you must be logged in to view this page", "you must be logged in to continue",
    "you must log in to continue", "you need to log in to view this page", "you need to sign in to continue",
    "log in to your account", "sign in to your account", "username", "email", "email address", "password",
    "remember me", "forgot password", "forgot your password", "anmelden", "bitte anmelden",
    "bitte melden sie sich an", "passwort", "passwort vergessen", "connexion", "se connecter",
    "veuillez vous connecter", "mot de passe oublié", "iniciar sesión", "accedi", "inloggen",
    // challenges
    "just a moment", "attention required", "please wait", "one moment please", "checking your browser",
    "verify you are human", "verifying you are human", "verify that you are human", "are you a robot",
    "please verify you are a human", "please complete the security check", "security check",
    "enable javascript and cookies to continue", "please enable javascript", "please enable cookies",
    "please turn javascript on and reload the page", "this process is automatic", "ddos protection by cloudflare",
    "your browser will redirect to your requested content shortly", "you have been blocked",
    "sorry you have been blocked", "please allow up to 5 seconds", "pardon our interruption",
];

/// How a sentence begins and ends that names the site, or the number of the request, in between.
const FRAMES: &[(&str, &str)] = &[
    ("checking your browser before accessing ", ""),
    ("checking if the site connection is secure", ""),
    ("verifying you are human this may take ", ""),
    ("", " needs to review the security of your connection before proceeding"),
    ("the requested url ", " was not found on this server"),
    ("you dont have permission to access ", " on this server"),
    ("ray id ", ""),
    ("cloudflare ray id ", ""),
];

/// Whether the document says nothing but that there is nothing to read, or not yet.
pub(super) fn is_notice(title: &str, body: &str) -> bool {
    if body.len() > LONGEST {
        return false;
    }
    let sentences = sentences(body);
    // Where there is only a heading, it became the title.
    if sentences.is_empty() { is_known(&words(title)) } else { sentences.iter().all(|said| is_known(said)) }
}

fn sentences(text: &str) -> Vec<String> {
    // A point within a word is one of a host name.
    let text = without_destinations(text).replace(['!', '?', '…', ':', '|', '\n'], ". ");
    text.split(". ").map(words).filter(|sentence| !sentence.is_empty()).collect()
}

/// Links by their text alone.
fn without_destinations(markdown: &str) -> String {
    let mut parts = markdown.split("](");
    let first = parts.next().unwrap_or("").to_owned();
    parts.fold(first, |text, part| text + "]" + part.split_once(')').map_or("", |(_, after)| after))
}

/// The words of a sentence in lower case, with one space between them.
fn words(text: &str) -> String {
    let plain: String = text.replace(['\'', '’'], "").to_lowercase();
    let words = plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

fn is_known(sentence: &str) -> bool {
    let is_framed =
        |(begin, end): &(&str, &str)| sentence.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end));
    SENTENCES.contains(&sentence) || FRAMES.iter().any(is_framed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(title: &str, body: &str, expected: bool) {
        assert_eq!(is_notice(title, body), expected, "{title}: {body}");
    }

    #[test]
    fn a_notice_is_one_as_a_whole() {
        check("Acme", "## 404\n\nPage not found.", true);
        check("Error", "**Internal Server Error**\n\nPlease try again later.", true);
        check("Sign in", "Email\n\nPassword\n\n[Forgot your password?](/forgot)", true);
        check("Sign in", "Please sign in to continue.", true);
        check("Just a moment...", "Enable JavaScript and cookies to continue", true);
        check(
            "Just a moment...",
            "Checking your browser before accessing acme.test. This process is automatic.",
            true,
        );
        check("403 Forbidden", "", true);
    }

    #[test]
    fn a_page_about_notices_has_a_sentence_of_its_own() {
        check("How to log in", "Please log in. Then choose Billing.", false);
        check("Log in", "Open the app and press Log in.", false);
        check("Access denied", "Access denied means that your role lacks a right.", false);
        check("What is a 404?", "Page not found: the page was moved or deleted by its owner.", false);
        check("Opening hours", "", false);
        check("Challenges", "If you see \"Checking your browser before accessing\", wait.", false);
        check("Codes", "Error code 5 means that the disk is full.", false);
        check("Errors", &"Access denied. ".repeat(40), false);
    }
}
