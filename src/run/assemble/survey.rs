//! The first pass: which members are documents of their own, and how large these are together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{
    reader::{MemberPage, PORTION, Reader, of_page},
    remarks::Remarks,
};
use crate::{
    blocking::blocking,
    corpus::{Budget, Counts, assemble::cost, worth::year},
    crawl::url::PageKey,
    dedupe::{Bands, Deduper, Index, Likeness, Said, likeness},
    document::Document,
    outcome::SkipReason,
    pipeline::Pipeline,
    run::RunError,
    store::{LeftOut, WhyLeftOut},
    template::Template,
};

/// What a survey found.
pub(super) struct Survey {
    /// The documents, in the order of their places.
    pub(super) candidates: Vec<Candidate>,
    /// What all of them cost together.
    pub(super) cost: Counts,
    /// Members that are no documents of their own.
    pub(super) left_out: Vec<LeftOut>,
    pub(super) remarks: Remarks,
}

/// A document that competes for the budget.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its place in the corpus.
    pub(super) place: usize,
    /// The year of its last change; 0 where that is not known.
    pub(super) year: u16,
    /// Whether the pipeline requires it.
    pub(super) required: bool,
    /// Where it says nearly the same as another document: that one's URL, and what this one says of its own.
    pub(super) variant_of: Option<(String, String)>,
    /// Whether it names itself as its canonical form.
    is_canonical: bool,
    cost: Counts,
}

/// Surveys the members, of which the first `own` are no one's twins.
pub(super) async fn survey(reader: &Reader<'_>, own: usize, pipeline: &Pipeline) -> Result<Survey, RunError> {
    let mut surveyor = Surveyor::new(pipeline);
    let places: Vec<usize> = (0..reader.members.len()).collect();
    let (own, twins) = places.split_at(own);
    // Whether its canonical form is a document has to be known when a twin is looked at.
    for portion in own.chunks(PORTION).chain(twins.chunks(PORTION)) {
        let (pages, templates) = (reader.pages(portion).await?, reader.templates.clone());
        let read;
        (surveyor, read) = blocking(move || {
            let none = Template::default();
            let template = |page: &MemberPage| templates.get(&page.member.source).unwrap_or(&none);
            let read =
                pages.iter().filter_map(|page| surveyor.read(page, template(page))).collect::<Vec<_>>();
            (surveyor, read)
        })
        .await;
        let similar = reader.documents(&surveyor.similar(&read)).await?;
        surveyor = blocking(move || {
            surveyor.settle(read, similar);
            surveyor
        })
        .await;
    }
    let Surveyor { candidates, left_out, remarks, .. } = surveyor;
    let candidates: Vec<Candidate> = candidates.into_values().collect();
    let cost = candidates.iter().fold(Counts::default(), |cost, candidate| cost + candidate.cost);
    Ok(Survey { candidates, cost, left_out, remarks })
}

/// A survey that is under way.
struct Surveyor {
    budget: Budget,
    near: Option<f64>,
    deduper: Deduper,
    index: Index,
    /// The places of documents that gave way to one that came after them, and that one's.
    heirs: HashMap<usize, usize>,
    documents: HashSet<PageKey>,
    candidates: BTreeMap<usize, Candidate>,
    left_out: Vec<LeftOut>,
    remarks: Remarks,
}

/// A document that is the first with its text.
struct Read {
    candidate: Candidate,
    /// None where nobody looks for what is nearly the same, or it has no words.
    comparable: Option<(Said, Bands)>,
}

impl Surveyor {
    fn new(pipeline: &Pipeline) -> Surveyor {
        Surveyor {
            budget: pipeline.budget.clone(),
            near: pipeline.near,
            deduper: Deduper::default(),
            index: Index::default(),
            heirs: HashMap::new(),
            documents: HashSet::new(),
            candidates: BTreeMap::new(),
            left_out: Vec::new(),
            remarks: Remarks::default(),
        }
    }

    /// The member's document, if it has one that no other stands for.
    fn read(&mut self, read: &MemberPage, template: &Template) -> Option<Read> {
        let MemberPage { place, member, page } = read;
        self.remarks.flags(page);
        let document = match self.document(read, template) {
            Ok(document) => document,
            Err((reason, detail)) => {
                self.leave_out(member.key.clone(), reason, detail);
                return None;
            }
        };
        self.documents.insert(member.key.clone());
        let key = member.key.as_ref();
        let candidate = Candidate {
            place: *place,
            year: page.article.modified.as_deref().map_or(member.year, year),
            required: self.budget.requires(key),
            variant_of: None,
            is_canonical: member.canonical.as_deref() == Some(key),
            cost: cost(&document, &self.budget),
        };
        let said = self.near.map(|_| Said::by(document));
        let comparable = said.and_then(|said| Bands::of(&said).map(|bands| (said, bands)));
        Some(Read { candidate, comparable })
    }

    fn document(&mut self, read: &MemberPage, template: &Template) -> Result<Document, (SkipReason, String)> {
        let MemberPage { member, page, .. } = read;
        let another = |named: &Option<String>| {
            let named = named.clone().filter(|named| named != member.key.as_ref());
            named.filter(|named| self.documents.contains(&PageKey::stored(named.clone())))
        };
        if let Some(canonical) = another(&member.canonical) {
            return Err((SkipReason::Canonical, format!("its canonical form is {canonical}")));
        }
        if let Some(variant) = another(&member.variant) {
            let detail = format!("its variant in a preferred language, {variant}, is kept");
            return Err((SkipReason::Language, detail));
        }
        let trimmed = template.trim(member.key.as_ref(), &page.article);
        self.remarks.template(member, &trimmed);
        let Some(document) = of_page(member, page, &trimmed) else {
            return Err((SkipReason::Empty, "nothing but the site's template".to_owned()));
        };
        match self.deduper.twin(&document) {
            Some(twin) => Err((SkipReason::Duplicate, format!("same text as {twin}"))),
            None => Ok(document),
        }
    }

    fn leave_out(&mut self, key: PageKey, reason: SkipReason, detail: String) {
        let why = WhyLeftOut::Skipped(reason);
        self.left_out.push(LeftOut { key, why, detail, size: Counts::default() });
    }

    /// The places of documents settled before that may be nearly the same as these.
    fn similar(&self, read: &[Read]) -> Vec<usize> {
        let bands = read.iter().filter_map(|read| read.comparable.as_ref()).map(|(_, bands)| bands);
        let places = bands.flat_map(|bands| self.similar_to(bands));
        places.collect::<BTreeSet<usize>>().into_iter().collect()
    }

    fn similar_to(&self, bands: &Bands) -> Vec<usize> {
        let similar = self.index.similar(bands).into_iter();
        similar.map(|place| self.heirs.get(&place).copied().unwrap_or(place)).collect()
    }

    /// Makes candidates of the documents that say something that no other does; `similar` are the texts of documents
    /// settled before.
    fn settle(&mut self, read: Vec<Read>, similar: Vec<(usize, Document)>) {
        let mut settled: HashMap<usize, Said> =
            similar.into_iter().map(|(place, document)| (place, Said::by(document))).collect();
        for Read { mut candidate, comparable } in read {
            if let Some((said, bands)) = comparable {
                if self.is_said(&said, &mut candidate, &bands, &settled) {
                    continue;
                }
                self.index.insert(&bands, candidate.place);
                settled.insert(candidate.place, said);
            }
            self.candidates.insert(candidate.place, candidate);
        }
    }

    /// Whether another candidate says all that the document does. One that says all that the document does, and is not its
    /// own canonical form, gives way to one that is.
    fn is_said(
        &mut self,
        said: &Said,
        candidate: &mut Candidate,
        bands: &Bands,
        settled: &HashMap<usize, Said>,
    ) -> bool {
        let Some(near) = self.near else { return false };
        for place in self.similar_to(bands) {
            let (Some(twin), Some(standing)) = (settled.get(&place), self.candidates.get(&place)) else {
                continue;
            };
            let is_rightful = candidate.is_canonical && !standing.is_canonical && !standing.required;
            if is_rightful && likeness(twin, said, near) == Likeness::Same {
                self.candidates.remove(&place);
                self.heirs.insert(place, candidate.place);
                self.leave_out_for(&twin.document, &said.document);
                continue;
            }
            match likeness(said, twin, near) {
                Likeness::Same if !candidate.required => {
                    self.leave_out_for(&said.document, &twin.document);
                    return true;
                }
                Likeness::Variant(fact) if candidate.variant_of.is_none() => {
                    candidate.variant_of = Some((twin.document.url.clone(), fact));
                }
                Likeness::Same | Likeness::Variant(_) | Likeness::Apart => {}
            }
        }
        false
    }

    fn leave_out_for(&mut self, document: &Document, other: &Document) {
        let detail = format!("nearly the same text as {}, and nothing of its own but wording", other.url);
        self.leave_out(PageKey::stored(document.url.clone()), SkipReason::NearDuplicate, detail);
    }
}
