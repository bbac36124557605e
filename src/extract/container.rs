//! Which part of a page holds its content.

use std::collections::HashSet;

use crate::html::{Element, NodeId, Tree, is_silent, local_name};

use super::cleaning::Asked;
use super::metadata::{Metadata, contains_loosely, starts_loosely};
use super::removal::{Reason, Removals};
use super::rules::{Hits, Rule, Take};
use super::{Container, chrome, density, linklist, widgets};

/// A container must hold this share of the page's text outside of links, or its rule is taken for a coincidence.
const FAIR_SHARE: f64 = 0.25;

/// Bytes of what a page says below its top heading, before the content.
const MIN_OPENING: usize = 60;
const MAX_OPENING: usize = 3_000;

/// Levels above the content where a heading still is right above it.
const NEAR: usize = 2;

/// The chosen content: its roots in document order.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) container: Container,
    pub(super) roots: Vec<NodeId>,
    /// The text of the content's first top heading.
    pub(super) heading: Option<String>,
    /// Rules that were not taken, with the reason.
    pub(super) passed_over: Vec<String>,
    rule: Option<&'static Rule>,
}

/// The places that HTML itself names.
#[derive(Debug, Default)]
struct Landmarks {
    body: Option<NodeId>,
    mains: Vec<NodeId>,
    articles: Vec<NodeId>,
    bodies: Vec<NodeId>,
    /// Footnotes.
    notes: Vec<NodeId>,
}

impl Landmarks {
    fn see(&mut self, id: NodeId, element: &Element) {
        match *element.name() {
            local_name!("body") => self.body = self.body.or(Some(id)),
            local_name!("main") => self.mains.push(id),
            local_name!("article") => self.articles.push(id),
            _ => {
                if element.attr(&local_name!("role")) == Some("main") {
                    self.mains.push(id);
                }
            }
        }
        if element.attr(&local_name!("itemprop")) == Some("articleBody") {
            self.bodies.push(id);
        }
        if element.id() == Some("footnotes") || element.attr(&local_name!("role")) == Some("doc-endnotes") {
            self.notes.push(id);
        }
    }
}

/// Chooses the content of a page.
pub(super) fn choose(page: chrome::Page<'_>, metadata: &Metadata, asked: &Asked<'_>) -> Choice {
    let tree = page.tree;
    let mut hits = Hits::new();
    let mut landmarks = Landmarks::default();
    let mut aside = Aside::default();
    let mut nodes = tree.descendants(Tree::ROOT);
    while let Some(id) = nodes.next() {
        let Some(element) = tree.element(id) else { continue };
        if is_silent(element) && *element.name() != local_name!("head") {
            nodes.skip_children();
            continue;
        }
        if widgets::name(element).is_some() {
            aside.text += page.measure.text(id);
            aside.link += page.measure.link(id);
            nodes.skip_children();
            continue;
        }
        landmarks.see(id, element);
        hits.see(tree, id, element);
    }
    let body = landmarks.body.unwrap_or(Tree::ROOT);
    let text = page.measure.text(body).saturating_sub(aside.text);
    let own = text.saturating_sub(page.measure.link(body).saturating_sub(aside.link));
    let mut search = Search { page, body, text, own, main: None };
    search.main = search.fair(&landmarks.mains);
    let mut choice = by_request(tree, asked)
        .or_else(|| search.by_rule(&hits))
        .or_else(|| search.by_landmark(&landmarks))
        .unwrap_or_else(|| search.by_text());
    let rule = choice.rule.map(|rule| rule.name);
    choice.passed_over = hits
        .rules()
        .map(|(rule, _)| rule.name)
        .take_while(|name| Some(*name) != rule && choice.container != Container::Asked)
        .map(str::to_owned)
        .collect();
    choice.heading = search.heading(&mut choice.roots, metadata, asked);
    if let ([notes], false) = (&*landmarks.notes, choice.container == Container::Asked) {
        choice.join_notes(tree, *notes);
    }
    choice
}

/// The places that the pipeline's first selector with any names.
pub(super) fn by_request(tree: &Tree, asked: &Asked<'_>) -> Option<Choice> {
    let named = asked.content.iter().map(|selector| {
        let found = selector.find(tree, Tree::ROOT).into_iter();
        found.filter(|&id| !asked.removes(tree, id)).collect::<Vec<_>>()
    });
    let found = named.into_iter().find(|found| !found.is_empty())?;
    Some(Choice::new(Container::Asked, outermost(tree, &found)))
}

/// The places that are not inside another one.
fn outermost(tree: &Tree, found: &[NodeId]) -> Vec<NodeId> {
    // In document order the outer one comes first, and what it holds follows at once.
    let mut roots: Vec<NodeId> = Vec::new();
    for &id in found {
        if !roots.last().is_some_and(|&last| tree.ancestors(id).any(|up| up == last)) {
            roots.push(id);
        }
    }
    roots
}

/// Text in widgets, which is no part of the page.
#[derive(Debug, Default)]
struct Aside {
    text: usize,
    link: usize,
}

struct Search<'t> {
    page: chrome::Page<'t>,
    body: NodeId,
    /// Bytes of the page's text, widgets not counted.
    text: usize,
    /// The part of it that is outside of links.
    own: usize,
    /// The one `main`, if there is one that holds enough.
    main: Option<NodeId>,
}

impl Search<'_> {
    /// Text outside of links.
    fn own_text(&self, id: NodeId) -> usize {
        self.page.measure.text(id).saturating_sub(self.page.measure.link(id))
    }

    fn holds_fair_share(&self, id: NodeId) -> bool {
        let (own, all) = (self.own_text(id) as f64, self.page.measure.text(id) as f64);
        all > 0.0 && (own >= FAIR_SHARE * self.own as f64 || all >= 0.5 * self.text as f64)
    }

    /// The one of several places that holds most of their text, if it is a fair share of the page's.
    fn fair(&self, found: &[NodeId]) -> Option<NodeId> {
        self.dominant(found).filter(|&id| self.holds_fair_share(id))
    }

    /// Whether a place holds half the text outside of links of what HTML itself names as the main part.
    fn holds_most(&self, id: NodeId) -> bool {
        let own = self.own_text(id);
        own > 0 && own * 2 >= self.main.map_or(self.own, |main| self.own_text(main))
    }

    /// The one of several places that holds most of the text, if one does.
    fn dominant(&self, found: &[NodeId]) -> Option<NodeId> {
        let largest =
            found.iter().copied().max_by_key(|&id| (self.page.measure.text(id), std::cmp::Reverse(id)))?;
        let all: usize = found
            .iter()
            .filter(|&&id| !self.page.tree.ancestors(id).take(64).any(|up| up == largest))
            .map(|&id| self.page.measure.text(id))
            .sum();
        (self.page.measure.text(largest) as f64 >= 0.6 * all as f64).then_some(largest)
    }

    fn by_rule(&self, hits: &Hits) -> Option<Choice> {
        hits.rules().find_map(|(rule, found)| {
            let roots = match rule.take {
                Take::One => vec![self.fair(found)?],
                Take::Mixed => vec![self.dominant(found).filter(|&id| self.holds_most(id))?],
                Take::Every | Take::Parts => self.every(found)?,
            };
            let name = rule.name.to_owned();
            let container =
                if rule.take == Take::Mixed { Container::Platform(name) } else { Container::Rule(name) };
            Some(Choice { rule: Some(rule), ..Choice::new(container, roots) })
        })
    }

    /// These places, if together they hold a fair share of the page's text.
    fn every(&self, found: &[NodeId]) -> Option<Vec<NodeId>> {
        let roots = outermost(self.page.tree, found);
        let own: usize = roots.iter().map(|&id| self.own_text(id)).sum();
        (own > 0 && own as f64 >= FAIR_SHARE * self.own as f64).then_some(roots)
    }

    fn by_landmark(&self, landmarks: &Landmarks) -> Option<Choice> {
        let choice = |name: &str, root| Choice::new(Container::Landmark(name.to_owned()), vec![root]);
        let main = self.main;
        let inside = |id: &NodeId| main.is_none_or(|m| self.page.tree.ancestors(*id).any(|up| up == m));
        let articles: Vec<_> = landmarks.articles.iter().copied().filter(inside).collect();
        if let Some(body) = self.fair(&landmarks.bodies) {
            return Some(choice("articleBody", body));
        }
        if let Some(article) =
            self.fair(&articles).filter(|&a| main.is_none_or(|m| self.own_text(a) * 2 >= self.own_text(m)))
        {
            return Some(choice("article", article));
        }
        main.map(|id| choice("main", id))
    }

    fn by_text(&self) -> Choice {
        let mut removals = Removals::new(self.page.tree.len());
        chrome::mark(self.page, self.body, &mut removals);
        let root =
            density::root(self.page.tree, self.page.measure, self.body, &removals).unwrap_or(self.body);
        Choice::new(Container::Body, vec![root])
    }

    /// The content's top heading. If it has none, and one outside is the page's own by its title, that one joins it.
    fn heading(&self, roots: &mut Vec<NodeId>, metadata: &Metadata, asked: &Asked<'_>) -> Option<String> {
        let inside = |id: NodeId| {
            roots.iter().any(|&root| root == id || self.page.tree.ancestors(id).any(|up| up == root))
        };
        if let Some((_, text)) = metadata.headings.iter().find(|(id, _)| inside(*id)) {
            return Some(text.clone());
        }
        let title = metadata.title_without_site();
        // A site's name is in its titles, too; but that does not stand right above the content.
        let is_near = |id: NodeId| {
            let parent = self.page.tree.parent(id);
            roots.iter().any(|&root| self.page.tree.ancestors(root).take(NEAR).any(|up| Some(up) == parent))
        };
        let is_title = |(id, text): &&(NodeId, String)| {
            !title.is_empty()
                && !asked.removes(self.page.tree, *id)
                && (starts_loosely(title, text)
                    || starts_loosely(text, title)
                    || (is_near(*id) && contains_loosely(&metadata.title, text)))
        };
        if let Some((id, text)) = metadata.headings.iter().find(is_title) {
            roots.insert(0, *id);
            return Some(text.clone());
        }
        let (id, text) = self.opening(roots, metadata)?;
        roots.insert(0, id);
        Some(text)
    }

    /// Where only the amount of text said what the content is: the part above it with the page's one top heading, and
    /// what it says below that.
    fn opening(&self, roots: &[NodeId], metadata: &Metadata) -> Option<(NodeId, String)> {
        let (tree, measure) = (self.page.tree, self.page.measure);
        let ([(heading, text)], [root]) = (&metadata.headings[..], roots) else { return None };
        let is_around = |up: NodeId| up == *root || tree.ancestors(*root).any(|id| id == up);
        let part = tree.parent(*heading).filter(|&part| !is_around(part))?;
        let is_chrome = tree.ancestors(*heading).filter_map(|up| tree.name(up)).any(|name| {
            matches!(
                *name,
                local_name!("header") | local_name!("nav") | local_name!("aside") | local_name!("footer")
            )
        });
        let says = measure.text(part) - measure.text(*heading) >= MIN_OPENING
            && measure.text(part) <= MAX_OPENING
            && measure.link(part) * 10 < measure.text(part) * 3;
        (part < *root && says && !is_chrome && !metadata.is_site(text)).then(|| (part, text.clone()))
    }
}

impl Choice {
    pub(super) fn new(container: Container, roots: Vec<NodeId>) -> Self {
        Self { container, roots, heading: None, passed_over: Vec::new(), rule: None }
    }

    /// Joins the page's footnotes that stand beside the content: Asciidoctor's. The content leads to them.
    fn join_notes(&mut self, tree: &Tree, notes: NodeId) {
        let Some(&content) = self.roots.last().filter(|&&root| root < notes) else { return };
        let is_inside = tree.ancestors(notes).any(|up| self.roots.contains(&up));
        let names: HashSet<&str> = tree.descendants(notes).filter_map(|n| tree.element(n)?.id()).collect();
        let leads = |n: NodeId| {
            let target = tree.attr(n, &local_name!("href")).and_then(|href| href.strip_prefix('#'));
            target.is_some_and(|target| names.contains(target))
        };
        if !is_inside && tree.descendants(content).any(leads) {
            self.roots.push(notes);
        }
    }

    /// Whether the content is the posts of a discussion.
    pub(super) fn is_discussion(&self) -> bool {
        self.rule.is_some_and(|rule| rule.take == Take::Every)
    }

    /// Removes what inside `root` is not content.
    pub(super) fn clean(
        &self,
        page: chrome::Page<'_>,
        root: NodeId,
        asked: &Asked<'_>,
        removals: &mut Removals,
    ) {
        if let Some(remove) = self.rule.and_then(|rule| rule.remove.as_ref()) {
            for id in remove.find(page.tree, root) {
                removals.insert(id, Reason::Rule);
            }
        }
        removals.ask(page.tree, root, asked);
        match &self.container {
            Container::Asked => {}
            Container::Rule(_) => linklist::mark_contents(page.tree, page.measure, root, removals),
            _ => chrome::mark(page, root, removals),
        }
    }
}
