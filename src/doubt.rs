//! What a page that answered 200 really is: an article, or a login, a challenge, an error page in disguise.
//!
//! [`page`] judges one page: by its structure first, by what it says second, and never by a phrase alone. An ordinary
//! page *about* logins, cookies or 404 errors has text of its own, a title of its own, or an address that names the
//! subject, and is left alone. [`site`] judges all pages of a complete crawl. A doubted page is carried forward or
//! dropped; a doubted site is held.

mod element;
mod markers;
mod phrases;
mod probe;
mod signs;
pub mod site;
mod text;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::extract::Article;
use crate::html::Tree;
use crate::outcome::SkipReason;

use phrases::{
    ACCEPT, CHALLENGE, CONSENT, CONSENT_STEMS, CONSENT_WORDS, LOGIN, MAINTENANCE, NOT_FOUND, PARKED, Wording,
};
use signs::Signs;
use text::{Folded, fold};

pub use probe::Probe;

/// Bytes of Markdown from which on a page has plenty of text of its own: only a probe's answer can be as long.
const PLENTY: usize = 4_000;
/// Bytes of text that a notice has at most: what is longer tells more than that something is missing.
const NOTICE: usize = 1_200;
/// Bytes of text that are none to speak of.
const HARDLY_ANY: usize = 40;
/// Bytes within which a page without a telling headline must come to the point.
const BEGINNING: usize = 160;

/// What is at hand of a page that was read.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The page.
    pub tree: &'a Tree,
    /// What was extracted of it.
    pub article: &'a Article,
    /// Where it was found.
    pub url: &'a Url,
    /// Whether the crawl starts here: a host that answers everything with its home page makes that no soft 404.
    pub is_start: bool,
}

/// Why a page is not taken for what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// What it is taken for.
    pub kind: DoubtKind,
    /// The evidence, in words.
    pub detail: String,
}

/// What a page is that is no article although it answered 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtKind {
    /// A not-found page.
    Soft404,
    /// A login.
    LoginWall,
    /// A test that tells persons from programs. Nobody tries to get around it.
    Challenge,
    /// A question for consent.
    ConsentWall,
    /// A notice of maintenance.
    Maintenance,
    /// An application whose text comes with its scripts.
    Shell,
    /// A registrar's page, or that of a server without a site.
    Parked,
}

impl DoubtKind {
    /// Every kind.
    pub const ALL: [DoubtKind; 7] = [
        DoubtKind::Soft404,
        DoubtKind::LoginWall,
        DoubtKind::Challenge,
        DoubtKind::ConsentWall,
        DoubtKind::Maintenance,
        DoubtKind::Shell,
        DoubtKind::Parked,
    ];

    /// How the URL of such a page ended.
    pub fn reason(self) -> SkipReason {
        match self {
            DoubtKind::Soft404 => SkipReason::Soft404,
            DoubtKind::LoginWall => SkipReason::LoginWall,
            DoubtKind::Challenge => SkipReason::Challenge,
            DoubtKind::ConsentWall => SkipReason::ConsentWall,
            DoubtKind::Maintenance => SkipReason::Maintenance,
            DoubtKind::Shell => SkipReason::Shell,
            DoubtKind::Parked => SkipReason::Parked,
        }
    }

    /// The stable name, that of the [reason](DoubtKind::reason).
    pub fn name(self) -> &'static str {
        self.reason().name()
    }
}

/// What a page really is, where that is in doubt.
///
/// `probe` is what the page's host answered for a URL that certainly does not exist, where it answered 200 with
/// a page. A page with plenty of text costs nothing here.
pub fn page(seen: &Seen<'_>, probe: Option<&Probe>) -> Option<Doubt> {
    let own: usize = seen.article.blocks.iter().map(|block| block.markdown.len()).sum();
    let doubt = if own <= PLENTY { Page::new(seen).and_then(|page| page.doubt()) } else { None };
    doubt.or_else(|| {
        let probe = probe.filter(|_| !seen.is_start)?;
        probe.is_answered_by(seen.article, seen.url).then(|| Doubt {
            kind: DoubtKind::Soft404,
            detail: "the host gives the same answer for a page that does not exist".to_owned(),
        })
    })
}

/// A page with little text, as it is judged.
struct Page<'a> {
    signs: Signs,
    /// What was extracted, in one.
    own: Folded,
    /// What the page says: that, or all its visible text where nothing stands in its main part.
    said: Folded,
    article: &'a Article,
    /// The words of the address's host, which headlines name.
    host: Folded,
    /// The words of the address's path, segment by segment.
    address: Vec<Folded>,
}

/// Why a page is of one kind, if it is.
type Evidence<'a> = fn(&Page<'a>) -> Option<String>;

impl<'a> Page<'a> {
    /// `None` for a page that says too much for a notice and nothing of consent: then its tree is not looked at.
    fn new(seen: &Seen<'a>) -> Option<Page<'a>> {
        let own = fold(&seen.article.markdown());
        if own.len() > NOTICE && !own.has_stem(CONSENT_STEMS) {
            return None;
        }
        let address =
            seen.url.path_segments().into_iter().flatten().filter(|s| !s.is_empty()).map(fold).collect();
        let host = fold(seen.url.host_str().unwrap_or_default());
        let signs = Signs::read(seen.tree, &host);
        let bare = own.len() <= HARDLY_ANY && signs.main_text <= HARDLY_ANY;
        let said = if bare { fold(&signs.visible) } else { own.clone() };
        Some(Page { signs, own, said, article: seen.article, host, address })
    }

    /// The first kind that it is; those that hide a whole site come first.
    fn doubt(&self) -> Option<Doubt> {
        let kinds: [(DoubtKind, Evidence<'a>); 7] = [
            (DoubtKind::Challenge, Page::challenge),
            (DoubtKind::Parked, Page::parked),
            (DoubtKind::Maintenance, Page::maintenance),
            (DoubtKind::LoginWall, Page::login),
            (DoubtKind::ConsentWall, Page::consent),
            (DoubtKind::Soft404, Page::not_found),
            (DoubtKind::Shell, Page::shell),
        ];
        kinds.into_iter().find_map(|(kind, evidence)| Some(Doubt { kind, detail: evidence(self)? }))
    }

    fn challenge(&self) -> Option<String> {
        // Where little was extracted, there may be much text nevertheless.
        if self.own.len() > NOTICE || self.signs.main_text > NOTICE {
            return None;
        }
        if let Some(marker) = self.signs.markers.challenge {
            return Some(format!("a challenge for visitors: `{marker}` stands in the page"));
        }
        // Where the widget itself stands, a headline of any kind may stand above it: `Are you a robot?`.
        let asks = || self.said.first_of(CHALLENGE.sentences).filter(|_| self.own.len() <= BEGINNING);
        let says = self.notice(&CHALLENGE).or_else(|| asks().filter(|_| !self.is_about(&CHALLENGE)));
        if let (Some(widget), Some(says)) = (self.signs.markers.widget, says) {
            return Some(format!(
                "a challenge for visitors: it says `{says}`, and `{widget}` stands in the page"
            ));
        }
        let bare = self.signs.main_text <= HARDLY_ANY
            && self.own.len() <= HARDLY_ANY
            && !self.signs.prose
            && self.signs.media == 0;
        if self.signs.refresh && bare && self.signs.scripts > 0 && self.signs.root.is_none() {
            return Some("a challenge for visitors: a script, a refresh and hardly any text".to_owned());
        }
        let says = self.notice(&CHALLENGE)?;
        (self.own.len() <= NOTICE / 2).then(|| self.told(says))
    }

    fn parked(&self) -> Option<String> {
        if let Some(marker) = self.signs.markers.parking
            && self.own.len() <= NOTICE
        {
            return Some(format!("a parked domain: `{marker}` stands in the page"));
        }
        self.notice(&PARKED).map(|says| self.told(says))
    }

    fn maintenance(&self) -> Option<String> {
        let says = self.notice(&MAINTENANCE)?;
        (self.own.len() <= NOTICE / 2 + 200).then(|| self.told(says))
    }

    fn login(&self) -> Option<String> {
        let told = self.headline(&LOGIN).or_else(|| self.said.first_of(LOGIN.sentences));
        if self.signs.password {
            let rest = self.signs.outside_forms;
            // A title that names another subject stands for text of its own, unless there is none to speak of.
            let most = if told.is_some() {
                800
            } else if self.signs.heading {
                60
            } else {
                200
            };
            return (rest <= most && self.own.len() <= NOTICE)
                .then(|| format!("it asks for a password and holds {rest} bytes of text beside that"));
        }
        let nothing_else =
            self.signs.main_text <= HARDLY_ANY && self.own.len() <= HARDLY_ANY && !self.signs.prose;
        if self.signs.password_around && nothing_else && self.signs.root.is_none() {
            return Some("it asks for a password and holds no other text".to_owned());
        }
        if self.own.len() > NOTICE / 2 || self.is_about(&LOGIN) {
            return None;
        }
        let asked = self.headline(&LOGIN).filter(|_| self.signs.identity && self.signs.outside_forms <= 400);
        asked.or_else(|| self.notice(&LOGIN)).map(|says| self.told(says))
    }

    fn consent(&self) -> Option<String> {
        let labels = || self.signs.labels.iter();
        let accept = labels().any(|label| label.has_any(ACCEPT));
        let policy = self.signs.headlines.iter().any(|line| line.has_any(CONSENT.topics));
        let titled = self.headline(&CONSENT).is_some();
        if !accept || (policy && !titled) || self.is_about(&CONSENT) {
            return None;
        }
        let said: Vec<&str> = CONSENT
            .sentences
            .iter()
            .copied()
            .filter(|says| self.said.find(says).is_some() || labels().any(|label| label.find(says).is_some()))
            .collect();
        // A banner over a page leaves the page's own blocks; a wall leaves none.
        let blocks = self.article.blocks.iter().map(|block| fold(&block.markdown));
        let rest: usize = blocks.filter(|block| !block.has_any(CONSENT_WORDS)).map(|block| block.len()).sum();
        let most = if titled { 120 } else { 12 };
        (said.len() >= 2 && rest <= most && (self.said.len() > 0 || titled))
            .then(|| format!("it asks for consent (`{}`) and holds nothing else", said.join("`, `")))
    }

    fn not_found(&self) -> Option<String> {
        let says = self.notice(&NOT_FOUND)?;
        Some(self.told(says))
    }

    fn shell(&self) -> Option<String> {
        let signs = &self.signs;
        let empty = signs.main_text <= HARDLY_ANY
            && !signs.prose
            && signs.media <= 2
            && !signs.password
            && !signs.identity;
        if !empty || signs.scripts <= signs.main_text || self.own.len() > HARDLY_ANY {
            return None;
        }
        match &signs.root {
            Some(root) => Some(format!(
                "`{root}` is empty until its scripts run; a sitemap, a feed or a renderer may help"
            )),
            None if signs.wants_scripts => Some(
                "it holds no text and asks for JavaScript; a sitemap, a feed or a renderer may help"
                    .to_owned(),
            ),
            None => None,
        }
    }

    /// What the page says of itself, if it is such a notice and nothing else: a headline and a sentence that bears it
    /// out, or a sentence right at the beginning of a page without any headline.
    fn notice(&self, wording: &Wording) -> Option<&'static str> {
        if self.own.len() > NOTICE || self.is_about(wording) {
            return None;
        }
        let sentence = || {
            let in_title = || self.signs.headlines.iter().find_map(|line| line.first_of(wording.sentences));
            self.said.first_of(wording.sentences).or_else(in_title)
        };
        if let Some(headline) = self.headline(wording) {
            let bare = self.own.len() <= 80;
            return sentence().or(bare.then_some(headline));
        }
        let at_once = |says: &&'static str| self.said.find(says).is_some_and(|at| at <= BEGINNING);
        let loose = !self.signs.heading && self.own.len() <= NOTICE / 2;
        wording.sentences.iter().copied().filter(|_| loose).find(at_once)
    }

    /// The headline of this wording that the page has.
    fn headline(&self, wording: &Wording) -> Option<&'static str> {
        let headlines = || self.signs.headlines.iter();
        wording
            .headlines
            .iter()
            .copied()
            .find(|phrase| headlines().any(|headline| headline.is(phrase, &self.host)))
    }

    /// Whether the address names the subject, so that the page is about it: `/errors/404`, `/cookie-policy`; but
    /// `/404.html` and `/login` are such pages themselves.
    fn is_about(&self, wording: &Wording) -> bool {
        let names = |segment: &Folded| segment.has_any(wording.topics);
        let alone = self.address.len() == 1;
        self.address.iter().any(|segment| {
            let other = |word: &str| !wording.topics.contains(&word) && !ADDRESS_FILLERS.contains(&word);
            names(segment) && (!alone || segment.as_str().split(' ').any(other))
        })
    }

    fn told(&self, says: &str) -> String {
        format!("it says `{says}` and holds {} bytes of text", self.said.len())
    }
}

/// Words of an address that do not make a page one about its subject.
const ADDRESS_FILLERS: [&str; 12] =
    ["html", "htm", "php", "aspx", "asp", "jsp", "page", "not", "mode", "in", "en", "is"];

#[cfg(test)]
mod tests;
