//! How many pages link to which.

use std::collections::HashMap;

use url::Url;

use super::{Store, StoreError, blob::Decompressor};
use crate::{crawl::url::PageKey, hash::Hash};

impl Store {
    /// How many pages of the last complete crawl link to each of them; those that none links to are left out.
    pub async fn inbound(&self) -> Result<HashMap<PageKey, u32>, StoreError> {
        self.read(|connection| {
            let mut members =
                connection.prepare_cached("SELECT key FROM page WHERE candidate IS NOT NULL")?;
            let members = members.query_map([], |row| Ok((row.get::<_, String>(0)?, 0)))?;
            let mut inbound: HashMap<String, u32> = members.collect::<Result<_, _>>()?;
            let mut decompressor = Decompressor::new().map_err(|_| StoreError::Damaged("list of links"))?;
            // Pages with the same links are counted together.
            let mut lists = connection.prepare_cached(
                "SELECT links, count(*) FROM page WHERE candidate IS NOT NULL GROUP BY links",
            )?;
            let mut lists = lists.query([])?;
            while let Some(row) = lists.next()? {
                let (links, pages): (Hash, u32) = (row.get(0)?, row.get(1)?);
                let list = decompressor.text(connection, &links, "list of links")?;
                // What comes after an empty line is named, not linked to.
                for link in list.lines().take_while(|line| !line.is_empty()) {
                    count(&mut inbound, link, pages);
                }
            }
            let inbound = inbound.into_iter().filter(|(_, pages)| *pages > 0);
            Ok(inbound.map(|(key, pages)| (PageKey::stored(key), pages)).collect())
        })
        .await
    }
}

fn count(inbound: &mut HashMap<String, u32>, link: &str, pages: u32) {
    let link = link.split('#').next().unwrap_or(link);
    // Most links are written as the key is.
    if let Some(count) = inbound.get_mut(link) {
        *count += pages;
    } else if let Some(key) = Url::parse(link).ok().as_ref().and_then(PageKey::new)
        && let Some(count) = inbound.get_mut(key.as_ref())
    {
        *count += pages;
    }
}
