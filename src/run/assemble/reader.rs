//! Documents of members, as often as they are asked for: none is held longer than it is looked at.

use std::{collections::HashMap, sync::Arc};

use crate::{
    blocking::blocking,
    document::Document,
    run::RunError,
    store::{ArticlePage, Member, Store},
    template::{Counts, Template, Trimmed},
};

/// Articles that are held at once.
pub(in crate::run) const PORTION: usize = 64;

/// Reads members by their places in the corpus.
pub(in crate::run) struct Reader<'a> {
    pub(in crate::run) store: &'a Store,
    pub(in crate::run) members: &'a [Member],
    pub(in crate::run) templates: Arc<HashMap<usize, Template>>,
}

/// A member with its article.
pub(in crate::run) struct MemberPage {
    pub(in crate::run) place: usize,
    pub(in crate::run) member: Member,
    pub(in crate::run) page: ArticlePage,
}

impl<'a> Reader<'a> {
    /// Learns what repeats over the pages of each source.
    pub(in crate::run) async fn new(store: &'a Store, members: &'a [Member]) -> Result<Reader<'a>, RunError> {
        let templates = Arc::new(templates(members, store).await?);
        Ok(Reader { store, members, templates })
    }

    /// What repeats over the pages of the member's source.
    pub(in crate::run) fn template(&self, member: &Member) -> Option<&Template> {
        self.templates.get(&member.source)
    }

    /// The articles at these places, in this order.
    pub(in crate::run) async fn pages(&self, places: &[usize]) -> Result<Vec<MemberPage>, RunError> {
        let members = places.iter().filter_map(|&place| Some((place, self.members.get(place)?)));
        let members: Vec<_> = members.collect();
        let pages =
            self.store.articles(members.iter().map(|(_, member)| member.key.clone()).collect()).await?;
        // A member whose article is not there is passed over.
        let mut members = members.into_iter();
        let with_member = |page: ArticlePage| {
            let (place, member) = members.find(|(_, member)| member.key == page.key)?;
            Some(MemberPage { place, member: member.clone(), page })
        };
        Ok(pages.into_iter().filter_map(with_member).collect())
    }

    /// The documents at these places, in this order.
    pub(in crate::run) async fn documents(
        &self,
        places: &[usize],
    ) -> Result<Vec<(usize, Document)>, RunError> {
        let pages = self.pages(places).await?;
        let templates = self.templates.clone();
        let none = Template::default();
        let document = move |read: MemberPage| {
            let template = templates.get(&read.member.source).unwrap_or(&none);
            let trimmed = template.trim(read.member.key.as_ref(), &read.page.article);
            Some((read.place, of_page(&read.member, &read.page, &trimmed)?))
        };
        Ok(blocking(move || pages.into_iter().filter_map(document).collect()).await)
    }
}

/// The document of a page without its template.
pub(in crate::run) fn of_page(
    member: &Member,
    page: &ArticlePage,
    trimmed: &Trimmed<'_>,
) -> Option<Document> {
    let ArticlePage { article, .. } = page;
    let document = Document::new(member.key.as_ref(), &article.title, trimmed.own.iter().copied())?;
    Some(
        document
            .below(&article.breadcrumbs)
            .stating(article.language.as_deref(), article.modified.as_deref()),
    )
}

async fn templates(members: &[Member], store: &Store) -> Result<HashMap<usize, Template>, RunError> {
    let mut uncontained: Vec<_> = members
        .iter()
        .filter(|member| !member.contained)
        .map(|member| (member.source, member.key.clone()))
        .collect();
    uncontained.sort_unstable();
    let mut templates = HashMap::new();
    for of_source in uncontained.chunk_by(|a, b| a.0 == b.0) {
        let mut counts = Counts::default();
        for portion in of_source.chunks(PORTION) {
            let pages = store.articles(portion.iter().map(|(_, key)| key.clone()).collect()).await?;
            for page in &pages {
                counts.add(page.key.as_ref(), &page.article);
            }
        }
        templates.insert(of_source[0].0, counts.template());
    }
    Ok(templates)
}
