//! Faults on demand: which requests they befall. What they do is in [`action`].

mod action;

use std::collections::HashMap;

use axum::http::{HeaderMap, Method};
use globset::{Glob, GlobMatcher};
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

pub(super) use action::{Action, Fault, Twist};

/// Why a fault could not be understood.
#[derive(Debug, Error)]
pub(in crate::sandbox) enum FaultError {
    #[error("unknown fault `{0}`")]
    Unknown(String),
    #[error("`{0}` needs a number after the colon")]
    Number(String),
    #[error("`{0}` is no status between 200 and 599")]
    Status(String),
    #[error("`{0}` cannot be sent as a header")]
    Header(String),
    #[error("`{path_glob}` is no path pattern")]
    Pattern { path_glob: String, source: globset::Error },
}

/// Which requests a rule is about. Absent fields match everything.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Matching {
    method: Option<String>,
    /// A glob over the path; `*` crosses slashes.
    path_glob: Option<String>,
    /// The first match that the fault befalls, from 1.
    nth: Option<u64>,
    /// How many matches it befalls; all of them when absent.
    times: Option<u64>,
    /// Headers that must have these values.
    header: HashMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    #[serde(default, rename = "match")]
    matching: Matching,
    action: Fault,
}

/// A fault and the requests that it befalls.
#[derive(Deserialize)]
#[serde(try_from = "WrittenRule")]
pub(super) struct Rule {
    matching: Matching,
    path: GlobMatcher,
    fault: Fault,
    seen: u64,
}

impl TryFrom<WrittenRule> for Rule {
    type Error = FaultError;

    fn try_from(WrittenRule { matching, action }: WrittenRule) -> Result<Self, FaultError> {
        let pattern = matching.path_glob.as_deref().unwrap_or("*");
        let path = Glob::new(pattern)
            .map_err(|source| FaultError::Pattern { path_glob: pattern.to_owned(), source })?
            .compile_matcher();
        Ok(Self { matching, path, fault: action, seen: 0 })
    }
}

impl Rule {
    fn matches(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        let Matching { method: wanted, header, .. } = &self.matching;
        let carries =
            |(name, value): (&String, &String)| headers.get(name).is_some_and(|sent| sent == value.as_str());
        wanted.as_ref().is_none_or(|wanted| method.as_str().eq_ignore_ascii_case(wanted))
            && self.path.is_match(path)
            && header.iter().all(carries)
    }

    /// Counts a match and tells whether this is one that the fault befalls.
    fn strike(&mut self) -> bool {
        self.seen += 1;
        let passed = match self.fault.action {
            Action::RevokedAfter(requests) => requests,
            _ => 0,
        };
        let first = self.matching.nth.unwrap_or(1).max(1).saturating_add(passed);
        let struck = self.seen.checked_sub(first);
        struck.is_some_and(|before| self.matching.times.is_none_or(|times| before < times))
    }

    pub(super) fn summary(&self) -> Value {
        json!({ "action": self.fault.to_string(), "path_glob": self.path.glob().glob(), "seen": self.seen })
    }
}

/// The rules in force, in the order in which they were made.
#[derive(Default)]
pub(super) struct Faults(Vec<Rule>);

impl Faults {
    pub(super) fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// The fault of a request: its own header's, else that of the first rule that strikes. Every rule counts.
    pub(super) fn befalling(
        &mut self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Fault>, FaultError> {
        let mut struck = None;
        for rule in self.0.iter_mut().filter(|rule| rule.matches(method, path, headers)) {
            if rule.strike() && struck.is_none() {
                struck = Some(rule.fault.clone());
            }
        }
        let own =
            headers.get("x-sandbox-fault").map(|value| String::from_utf8_lossy(value.as_bytes()).parse());
        Ok(own.transpose()?.or(struck))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};

    use super::*;

    fn struck(rule: &str, requests: usize) -> Vec<usize> {
        let mut faults = Faults::default();
        faults.add(serde_json::from_str(rule).unwrap());
        let mut befalling =
            |path: &str| faults.befalling(&Method::POST, path, &HeaderMap::new()).unwrap().is_some();
        assert!(!befalling("/other"));
        (1..=requests).filter(|_| befalling("/api/v1/chat")).collect()
    }

    #[test]
    fn a_rule_strikes_from_the_nth_match_for_so_many_times() {
        let rule = |more: &str, action: &str| {
            format!(r#"{{"match":{{"method":"post","path_glob":"/api/*"{more}}},"action":"{action}"}}"#)
        };
        assert_eq!(struck(&rule("", "timeout"), 3), [1, 2, 3]);
        assert_eq!(struck(&rule(r#","nth":2"#, "timeout"), 3), [2, 3]);
        assert_eq!(struck(&rule(r#","nth":2,"times":1"#, "timeout"), 4), [2]);
        assert_eq!(struck(&rule("", "401-after:2"), 4), [3, 4]);
    }

    #[test]
    fn a_rule_with_an_unknown_key_or_a_header_that_cannot_be_sent_is_refused() {
        for rule in [
            r#"{"match":{"pth":"/"},"action":"timeout"}"#,
            r#"{"match":{"path_glob":"["},"action":"timeout"}"#,
            r#"{"action":{"status":307,"headers":{"location":"a\nb"}}}"#,
            r#"{"action":{"status":700}}"#,
        ] {
            assert!(serde_json::from_str::<Rule>(rule).is_err(), "{rule}");
        }
    }

    #[test]
    fn a_rule_can_ask_for_a_header() {
        let mut faults = Faults::default();
        let rule = r#"{"match":{"header":{"Authorization":"Bearer sbx-hobby"}},"action":"timeout"}"#;
        faults.add(serde_json::from_str(rule).unwrap());
        let mut befalling = |key: &'static str| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(key))]);
            faults.befalling(&Method::GET, "/", &headers).unwrap().is_some()
        };
        assert!(befalling("Bearer sbx-hobby"));
        assert!(!befalling("Bearer sbx-standard"));
    }
}
