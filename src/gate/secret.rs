//! Secrets that slipped into a page: once published, an agent tells them to everybody.
//!
//! Formats that are told by their beginning, with a body that looks drawn by lot. Documentation is full of such tokens
//! that are none (`AKIAIOSFODNN7EXAMPLE`, `sk-your-key`, `ghp_xxxx…`); those are left alone. Tokens that carry their
//! content in the open (JWT) and keys meant for test systems are no secrets worth a hold.

use std::borrow::Cow;

/// How a kind of token is written.
struct Format {
    kind: &'static str,
    prefix: &'static str,
    /// Fewest characters that follow.
    least: usize,
}

const fn format(kind: &'static str, prefix: &'static str, least: usize) -> Format {
    Format { kind, prefix, least }
}

/// A longer prefix stands before a shorter one that begins it.
#[rustfmt::skip]
const FORMATS: &[Format] = &[
    format("an AWS access key", "AKIA", 16),
    format("an AWS access key", "ASIA", 16),
    format("a GitHub token", "ghp_", 36),
    format("a GitHub token", "gho_", 36),
    format("a GitHub token", "ghu_", 36),
    format("a GitHub token", "ghs_", 36),
    format("a GitHub token", "ghr_", 36),
    format("a GitHub token", "github_pat_", 60),
    format("a GitLab token", "glpat-", 20),
    format("a Slack token", "xoxa-", 24),
    format("a Slack token", "xoxb-", 24),
    format("a Slack token", "xoxp-", 24),
    format("a Slack token", "xoxr-", 24),
    format("a Slack token", "xoxs-", 24),
    format("a Slack webhook", "hooks.slack.com/services/", 40),
    format("a Stripe key", "sk_live_", 16),
    format("a Stripe key", "rk_live_", 16),
    format("a webhook secret", "whsec_", 32),
    format("an Anthropic key", "sk-ant-", 40),
    format("an OpenAI key", "sk-", 32),
    format("a Google API key", "AIza", 35),
    format("a Google client secret", "GOCSPX-", 28),
    format("an npm token", "npm_", 36),
    format("a PyPI token", "pypi-", 50),
    format("a SendGrid key", "SG.", 50),
    format("a Shopify token", "shpat_", 32),
    format("a Shopify token", "shpca_", 32),
    format("a Shopify token", "shppa_", 32),
    format("a Shopify secret", "shpss_", 32),
    format("a Hugging Face token", "hf_", 34),
    format("a DigitalOcean token", "dop_v1_", 64),
    format("a Linear key", "lin_api_", 40),
    format("an age key", "AGE-SECRET-KEY-1", 58),
];

/// What shows that somebody made a token up.
const MADE_UP: &[&str] = &[
    "example",
    "sample",
    "placeholder",
    "your",
    "dummy",
    "fake",
    "redacted",
    "changeme",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "xxxx",
];

/// Labels of private keys; that of `OpenPGP` goes on with ` BLOCK`.
const KEYS: &[&str] = &[
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "PGP PRIVATE KEY",
];

/// A key's own line of base64 has at least so many characters; no word has.
const KEY_LINE: usize = 40;
/// The shortest private key there is (Ed25519) has 64 characters.
const SHORTEST_KEY: usize = 60;

/// The kind of the first secret in the text, with its article; never the secret.
pub(super) fn kind_of_secret(text: &str) -> Option<&'static str> {
    // Markdown writes `_` as `\_`, and JSON in an example the ends of a key's lines as `\n`.
    let text = if text.contains('\\') { Cow::Owned(text.replace('\\', "")) } else { Cow::Borrowed(text) };
    has_private_key(&text).then_some("a private key").or_else(|| kind_of_token(&text))
}

fn has_private_key(text: &str) -> bool {
    // RFC 7468 section 2: the label stands between `-----BEGIN ` and `-----`.
    text.split("-----BEGIN ").skip(1).any(|rest| {
        let Some((label, rest)) = rest.split_once("-----") else { return false };
        let body = rest.split("-----").next().unwrap_or("");
        let label = label.strip_suffix(" BLOCK").unwrap_or(label);
        KEYS.contains(&label) && is_key(body)
    })
}

fn is_key(body: &str) -> bool {
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
    let lines: String = body.split(|c| !is_base64(c)).filter(|run| run.len() >= KEY_LINE).collect();
    lines.len() >= SHORTEST_KEY && !body.contains("...") && entropy(lines.as_bytes()) >= 4.2
}

fn kind_of_token(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let starts = (0..bytes.len())
        .filter(|&at| bytes[at].is_ascii_alphabetic() && (at == 0 || !is_inner(bytes[at - 1])));
    starts.into_iter().find_map(|at| {
        let rest = &bytes[at..];
        let format = FORMATS.iter().find(|format| rest.starts_with(format.prefix.as_bytes()))?;
        let rest = &rest[format.prefix.len()..];
        let is_body = |byte: u8| {
            is_inner(byte)
                || matches!((format.prefix, byte), ("SG.", b'.') | ("hooks.slack.com/services/", b'/'))
        };
        let body = &rest[..rest.iter().position(|&byte| !is_body(byte)).unwrap_or(rest.len())];
        (body.len() >= format.least && is_drawn_by_lot(body)).then_some(format.kind)
    })
}

/// Whether nobody thought of this text: not a word with hyphens, not a row of letters, not a placeholder.
fn is_drawn_by_lot(body: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| body.iter().any(class);
    let (lower, upper, digit) =
        (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase), has(u8::is_ascii_digit));
    let is_hex = digit && body.iter().all(u8::is_ascii_hexdigit);
    let is_mixed = upper && (lower || digit) || is_hex;
    // Sixteen random hexadecimal digits have about 3.2 bits each, longer and richer texts more.
    let least = if is_hex || body.len() < 20 { 2.8 } else { 3.4 };
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    is_mixed && entropy(body) >= least && !has_row(body) && !MADE_UP.iter().any(|word| text.contains(word))
}

/// Whether there are five equal characters, or six that follow each other as in `abcdef` and `123456`.
fn has_row(body: &[u8]) -> bool {
    body.windows(5).any(|five| five.iter().all(|byte| *byte == five[0]))
        || body.windows(6).any(|six| six.windows(2).all(|two| two[1] == two[0].wrapping_add(1)))
}

/// Shannon's, in bits per byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let all = bytes.len() as f64;
    let share = |count: &u32| f64::from(*count) / all;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(kind_of_secret(text), expected, "{text}");
    }

    /// Joined here, so that no scanner takes this file for a leak.
    fn token(prefix: &str, body: &str) -> String {
        format!("Use `{prefix}{body}` as the key.")
    }

    #[test]
    fn tokens_are_found_by_their_format() {
        check(&token("AKIA", "Q3ZV7NLW2KXB5TMY"), Some("an AWS access key"));
        check(&token("ghp_", "r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo"), Some("a GitHub token"));
        check(&token("ghp\\_", "r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo"), Some("a GitHub token"));
        check(&token("glpat-", "k3Vx9_TzQ8mB2rWn5LpY"), Some("a GitLab token"));
        check(&token("sk_live_", "r8Kq2VbT6mXw9ZpL4sNf7DhJ"), Some("a Stripe key"));
        check(&token("sk-ant-", "api03-r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1UoQw8"), Some("an Anthropic key"));
        check(&token("sk-", "proj-r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo"), Some("an OpenAI key"));
        check(&token("shpat_", "3f9a1c7e5b2d8064af13c95e7b20d846"), Some("a Shopify token"));
        check(
            &token("https://hooks.slack.com/services/", "T7Q2M9XK4/B3W8R5ZL1/r8Kq2VbT6mXw9ZpL4sNf7DhJ"),
            Some("a Slack webhook"),
        );
    }

    #[test]
    fn what_documentation_shows_is_no_secret() {
        check(&token("AKIA", "IOSFODNN7EXAMPLE"), None);
        check(&token("AKIA", "XXXXXXXXXXXXXXXX"), None);
        check("sk-…, sk-..., `sk-your-api-key-goes-here-0123456789`", None);
        check(&token("sk-", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), None);
        check(&token("sk-", "1234567890abcdef1234567890abcdef"), None);
        check("https://a.test/sk-learn-pipelines-for-text-classification-in-2024", None);
        check(&token("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"), None);
        check(&token("sk_test_", "r8Kq2VbT6mXw9ZpL4sNf7DhJ"), None);
        check("task-r8Kq2VbT6mXw9ZpL4sNf7DhJ3cYg5RtEa1Uo", None);
        check("A token begins with ghp_ and has 36 more characters.", None);
    }

    #[test]
    fn a_private_key_is_one_with_a_body() {
        let line = "MC4CAQAwBQYDK2VwBCIEIJ3rT8vQkLm2Zx5Nw7Yp9Bd4Hf6Jg1Ks0Ua8Ec2Oi3Rq";
        for label in ["", "RSA ", "OPENSSH "] {
            check(
                &format!("-----BEGIN {label}PRIVATE KEY-----\n{line}\n-----END {label}PRIVATE KEY-----"),
                Some("a private key"),
            );
        }
        check(
            &format!("\"-----BEGIN PRIVATE KEY-----\\n{line}\\n-----END PRIVATE KEY-----\\n\""),
            Some("a private key"),
        );
        check(&format!("-----BEGIN CERTIFICATE-----\n{line}\n-----END CERTIFICATE-----"), None);
        check("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----", None);
        check(
            "The file begins with `-----BEGIN PRIVATE KEY-----`; what follows is base64, line by line.",
            None,
        );
        check(&format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", "x".repeat(64)), None);
    }

    proptest! {
        #[test]
        fn any_text_can_be_searched(text in "(-----BEGIN |PRIVATE KEY|-----|sk-|ghp_|\\PC|\\\\){0,60}") {
            kind_of_secret(&text);
        }

        #[test]
        fn random_tokens_are_found(body in "[A-Za-z0-9]{36}") {
            prop_assume!(is_drawn_by_lot(body.as_bytes()));
            prop_assert_eq!(kind_of_secret(&token("ghp_", &body)), Some("a GitHub token"));
        }
    }
}
