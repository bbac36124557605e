//! Which keys a pipeline file may have, by section; and what an unknown one was meant to be.

/// A mapping of the pipeline file.
#[derive(Debug)]
pub(super) struct Section {
    /// Where it stands, as the user would say it; empty for the file itself.
    pub(super) path: &'static str,
    pub(super) keys: &'static [&'static str],
    /// Nothing that stands here may be shown.
    pub(super) secret: bool,
}

pub(super) const FILE: Section = section(
    "",
    &[
        "version", "enabled", "agent", "schedule", "sources", "clean", "dedupe", "corpus", "gates",
        "publish", "verify", "notify",
    ],
);
pub(super) const AGENT: Section = section("agent", &["id", "name"]);
pub(super) const SCHEDULE: Section =
    section("schedule", &["cron", "timezone", "jitter", "catch_up", "timeout"]);
pub(super) const SOURCE: Section = section("sources[]", &["site"]);
pub(super) const SITE: Section = section(
    "sources[].site",
    &[
        "start",
        "follow",
        "keep",
        "exclude",
        "sitemap",
        "max_pages",
        "max_depth",
        "rate",
        "concurrency",
        "retries",
        "user_agent",
        "headers",
        "auth",
        "cookies",
        "proxy",
        "ca_file",
        "gone_after",
        "stale_for",
        "languages",
    ],
);
pub(super) const AUTH: Section = section("sources[].site.auth", &["basic", "bearer"]);
pub(super) const BASIC: Section = section("sources[].site.auth.basic", &["user", "password"]);
pub(super) const PROXY: Section = section("sources[].site.proxy", &["url", "user", "password"]);
pub(super) const CLEAN: Section = section("clean[]", &["match", "content", "remove"]);
pub(super) const DEDUPE: Section = section("dedupe", &["near"]);
pub(super) const CORPUS: Section = section(
    "corpus",
    &["plan", "limit", "headroom", "priority", "required", "partial", "link_map", "provenance"],
);
pub(super) const PRIORITY: Section = section("corpus.priority[]", &["match", "weight"]);
pub(super) const GATES: Section = section(
    "gates",
    &[
        "max_removed",
        "max_shrink",
        "max_changed",
        "max_growth",
        "max_failed",
        "min_documents",
        "require_urls",
        "require_text",
        "forbid_text",
    ],
);
pub(super) const PUBLISH: Section = section(
    "publish",
    &["to", "api_key", "base_url", "min_interval", "max_body", "timeout", "keep", "adopt", "max_sources"],
);
pub(super) const TO: Section = section("publish.to", &["directory"]);
pub(super) const VERIFY: Section =
    section("verify", &["questions", "pass", "on_failure", "max_asked", "settle"]);
pub(super) const QUESTION: Section = section("verify.questions[]", &["ask", "expect", "reject", "link"]);
pub(super) const EXPECTED: Section = section("verify.questions[].expect[]", &["any"]);
pub(super) const NOTIFY: Section = section(
    "notify",
    &["ping", "webhook", "before", "after", "on_failure", "timeout", "status_file", "stale_after"],
);
pub(super) const WEBHOOK: Section = section("notify.webhook", &["url", "secret"]);
/// A secret that is kept elsewhere, wherever one may stand.
pub(super) const SECRET: Section =
    Section { secret: true, ..section("publish.api_key", &["file", "credential"]) };

const fn section(path: &'static str, keys: &'static [&'static str]) -> Section {
    Section { path, keys, secret: false }
}

/// Every section, in the order of the file.
pub(super) const SECTIONS: [&Section; 21] = [
    &FILE, &AGENT, &SCHEDULE, &SOURCE, &SITE, &AUTH, &BASIC, &PROXY, &CLEAN, &DEDUPE, &CORPUS, &PRIORITY,
    &GATES, &PUBLISH, &TO, &VERIFY, &QUESTION, &EXPECTED, &NOTIFY, &WEBHOOK, &SECRET,
];

/// `corpusd.yaml`.
pub(super) const DAEMON: Section =
    section("", &["version", "max_runs", "stop_timeout", "listen", "hosts", "metrics", "trigger", "notify"]);
pub(super) const TRIGGER: Section = section("trigger", &["token"]);
/// Without what cannot be shared: a health check counts the pings of one job, and a file holds the status of one.
pub(super) const SHARED_NOTIFY: Section =
    section("notify", &["webhook", "before", "after", "on_failure", "timeout", "stale_after"]);
/// Every section of `corpusd.yaml`.
pub(super) const DAEMON_SECTIONS: [&Section; 3] = [&DAEMON, &TRIGGER, &SHARED_NOTIFY];

impl Section {
    /// Whether it is part of `corpusd.yaml`.
    fn is_daemon(&self) -> bool {
        DAEMON_SECTIONS.iter().any(|section| section.keys == self.keys)
    }

    /// The sections of the file that it is part of.
    fn file(&self) -> &'static [&'static Section] {
        if self.is_daemon() { &DAEMON_SECTIONS } else { &SECTIONS }
    }

    /// The key as the user would point at it from outside: `publish.api_key`.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// As in messages.
    pub(super) fn name(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) }
    }

    /// What to do about a key that this section does not have.
    pub(super) fn help_for(&self, unknown: &str) -> String {
        let homes: Vec<String> = self
            .file()
            .iter()
            .filter(|section| section.keys.contains(&unknown))
            .map(|section| section.place())
            .collect();
        if !homes.is_empty() {
            return format!("`{unknown}` belongs {}", homes.join(" or "));
        }
        let mut of_a_pipeline = SECTIONS.iter().filter(|section| section.path == self.path);
        if self.is_daemon() && of_a_pipeline.any(|section| section.keys.contains(&unknown)) {
            return format!("`{unknown}` is one pipeline's own: it belongs {} of its file", self.place());
        }
        if let Some(near) = nearest(unknown, self.keys) {
            return format!("did you mean `{near}`?");
        }
        let elsewhere =
            self.file().iter().find_map(|section| Some((nearest(unknown, section.keys)?, section)));
        match elsewhere {
            Some((near, section)) => format!("did you mean `{near}` {}?", section.place()),
            None => format!("the keys here are: {}", self.keys.join(", ")),
        }
    }

    fn place(&self) -> String {
        if self.path.is_empty() { "at the top level".to_owned() } else { format!("under `{}`", self.path) }
    }
}

/// The candidate that `text` is most likely a misspelling of: at most a third of it wrong.
pub(super) fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    const LONGEST: usize = 40;
    if text.len() > LONGEST {
        return None;
    }
    // `max-pages`, `maxPages` and `MAX_PAGES` are all spellings of `max_pages`.
    let text = text.replace(['-', ' '], "_").to_lowercase();
    candidates
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(&text, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(section: &Section, unknown: &str, expected: &str) {
        assert_eq!(section.help_for(unknown), expected, "{unknown} in {}", section.path);
    }

    #[test]
    fn an_unknown_key_gets_the_best_help_there_is() {
        check(&SITE, "max_page", "did you mean `max_pages`?");
        check(&SITE, "max-pages", "did you mean `max_pages`?");
        check(&SITE, "maxPages", "did you mean `max_pages`?");
        check(&SITE, "folow", "did you mean `follow`?");
        check(&FILE, "rate", "`rate` belongs under `sources[].site`");
        check(&GATES, "keep", "`keep` belongs under `sources[].site` or under `publish`");
        check(&AGENT, "version", "`version` belongs at the top level");
        check(&FILE, "max_page", "did you mean `max_pages` under `sources[].site`?");
        check(&SITE, "sorces", "did you mean `sources` at the top level?");
        check(&PRIORITY, "zzz", "the keys here are: match, weight");
        check(&DAEMON, "max_run", "did you mean `max_runs`?");
        check(&DAEMON, "sources", "`sources` is one pipeline's own: it belongs at the top level of its file");
        check(&SHARED_NOTIFY, "ping", "`ping` is one pipeline's own: it belongs under `notify` of its file");
        check(&SHARED_NOTIFY, "max_runs", "`max_runs` belongs at the top level");
        check(&AGENT, &"x".repeat(1000), "the keys here are: id, name");
    }
}
