//! The snapshot: the pages that documents are made of.
//!
//! A complete crawl makes a candidate; it becomes the snapshot when the gates pass what was made of it, or a person
//! approves it. So a crawl that is held changes nothing that later ones fall back on.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use url::Url;

use super::{
    Store, StoreError,
    crawl::{forget_visits, note_visits},
    millis,
    redirects::end_of,
    timestamp,
};
use crate::{
    corpus::worth::year,
    crawl::{part::Part, url::PageKey},
    hash::Hash,
    outcome::{self, Failure, Outcome, SkipReason},
    snapshot::{self, Fate, Patience, Standing},
};

/// A page of the snapshot, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its identity.
    pub key: PageKey,
    /// Which source it came from.
    pub source: usize,
    /// What it names as its canonical form.
    pub canonical: Option<String>,
    /// Its variant in a preferred language.
    pub variant: Option<String>,
    /// Whether a content container was recognised.
    pub contained: bool,
    /// The hash of its article.
    pub article: Hash,
    /// The hash of its list of links.
    pub links: Hash,
    /// Links away from a start URL.
    pub depth: u32,
    /// The year of its last change, as sitemap or server say; 0 where they do not.
    pub year: u16,
}

/// How the snapshot changed when a crawl was completed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SnapshotChange {
    /// Pages that were no members before.
    pub new: u64,
    /// Members whose article changed.
    pub changed: u64,
    /// Members whose article did not.
    pub unchanged: u64,
    /// Members that were not read now and stay as they were.
    pub carried_forward: u64,
    /// Of these, how many are of a source that could not be crawled completely.
    pub withheld: u64,
    /// Of these, how many are gone, and stay until another crawl confirms it.
    pub going: u64,
    /// Pages that are members no more.
    pub removed: u64,
    /// Members that were not asked for, because the crawl was limited to a part.
    pub outside: u64,
}

impl SnapshotChange {
    /// Members that there were before.
    pub fn members(&self) -> u64 {
        self.changed + self.unchanged + self.carried_forward + self.removed + self.outside
    }
}

impl Store {
    /// Completes the crawl: settles redirect chains, decides the fate of every known page by the patience of
    /// its source, and collects what nothing refers to any more. One transaction. A source about which there are doubts
    /// stays as it was, for however long; so does what is not of the part that the crawl was limited to.
    pub async fn complete_crawl(
        &self,
        patience: Vec<Patience>,
        only: Option<Part>,
        now: Timestamp,
    ) -> Result<SnapshotChange, StoreError> {
        self.write(move |tx| {
            let chains = settle_redirect_chains(tx)?;
            let change = make_candidate(tx, &chains, &patience, only.as_ref(), now)?;
            note_visits(tx)?;
            tx.execute("UPDATE crawl SET state = 'complete' WHERE state = 'running'", [])?;
            if only.is_some() {
                // What was not come across is not unknown for that.
                collect_blobs(tx)?;
            } else {
                collect(tx)?;
            }
            forget_visits(tx)?;
            Ok(change)
        })
        .await
    }

    /// How the last complete crawl stands against the snapshot: what [`complete_crawl`](Self::complete_crawl) gave, until it
    /// was promoted.
    pub async fn snapshot_change(&self) -> Result<SnapshotChange, StoreError> {
        self.read(|connection| {
            let change = connection.query_row(
                "SELECT count(*) FILTER (WHERE read AND NOT member),
                     count(*) FILTER (WHERE read AND member AND candidate != snapshot),
                     count(*) FILTER (WHERE read AND member AND candidate = snapshot AND asked),
                     count(*) FILTER (WHERE carried AND asked),
                     count(*) FILTER (WHERE carried AND asked AND doubted),
                     count(*) FILTER (WHERE carried AND asked AND NOT doubted AND gone_runs > 0),
                     count(*) FILTER (WHERE member AND candidate IS NULL),
                     count(*) FILTER (WHERE member AND candidate = snapshot AND NOT asked)
                 FROM (SELECT *, candidate IS NOT NULL AND NOT waits AS read, candidate IS NOT NULL AND waits AS carried
                       FROM (SELECT candidate, snapshot, gone_runs, snapshot IS NOT NULL AS member,
                                 gone_runs > 0 OR failing_since IS NOT NULL AS waits,
                                 source IN (SELECT source FROM doubt) AS doubted,
                                 key IN (SELECT key FROM frontier) AS asked FROM page))",
                [],
                |row| {
                    Ok(SnapshotChange {
                        new: row.get(0)?,
                        changed: row.get(1)?,
                        unchanged: row.get(2)?,
                        carried_forward: row.get(3)?,
                        withheld: row.get(4)?,
                        going: row.get(5)?,
                        removed: row.get(6)?,
                        outside: row.get(7)?,
                    })
                },
            )?;
            Ok(change)
        })
        .await
    }

    /// The sources that have pages in the snapshot.
    pub async fn sources_with_members(&self) -> Result<HashSet<usize>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT DISTINCT source FROM page WHERE snapshot IS NOT NULL")?;
            let sources = statement.query_map([], |row| row.get(0))?;
            Ok(sources.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The last complete crawl becomes the snapshot.
    pub async fn promote(&self) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute("UPDATE page SET snapshot = candidate WHERE snapshot IS NOT candidate", [])?;
            Ok(())
        })
        .await
    }

    /// The pages of the last complete crawl, in the order of the keys.
    pub async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                // What was read later, and is no part of the snapshot, says nothing of what is.
                "SELECT key, source, CASE WHEN candidate = article THEN canonical END,
                     CASE WHEN candidate = article THEN variant END, contained, candidate, links, depth,
                     coalesce(lastmod, last_modified) FROM page
                 WHERE candidate IS NOT NULL ORDER BY key",
            )?;
            let members = statement.query_map([], |row| {
                Ok(Member {
                    key: PageKey::stored(row.get(0)?),
                    source: row.get(1)?,
                    canonical: row.get(2)?,
                    variant: row.get(3)?,
                    contained: row.get(4)?,
                    article: row.get(5)?,
                    links: row.get(6)?,
                    depth: row.get(7)?,
                    year: row.get::<_, Option<String>>(8)?.map_or(0, |date| year(&date)),
                })
            })?;
            Ok(members.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Marks redirect loops as failed, and gives the end of every other chain.
fn settle_redirect_chains(tx: &Transaction<'_>) -> Result<HashMap<String, Option<Outcome>>, StoreError> {
    let mut steps = HashMap::new();
    let mut statement = tx.prepare("SELECT key, leads_to FROM ended WHERE outcome = 'redirected'")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        steps.insert(row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?.unwrap_or_default());
    }
    let mut outcome_of = tx.prepare("SELECT outcome FROM ended WHERE key = ?1")?;
    let mut mark_loop =
        tx.prepare("UPDATE frontier SET outcome = 'status', detail = 'redirect loop' WHERE key = ?1 AND outcome = 'redirected'")?;
    let mut ends = HashMap::with_capacity(steps.len());
    for key in steps.keys() {
        let end = end_of(&steps, key);
        if steps.contains_key(end) {
            mark_loop.execute([key])?;
            ends.insert(key.clone(), Some(Outcome::Failed(Failure::Status)));
        } else {
            let name: Option<String> = outcome_of.query_row([end], |row| row.get(0)).optional()?.flatten();
            ends.insert(key.clone(), name.as_deref().and_then(Outcome::from_name));
        }
    }
    Ok(ends)
}

/// How a redirected URL ended, for its own fate.
fn end_of_redirect(end: Option<Outcome>) -> Outcome {
    match end {
        // The target is a page: this URL is none of its own any more.
        Some(
            Outcome::Fetched
            | Outcome::NotModified
            | Outcome::Skipped(
                SkipReason::Noindex | SkipReason::NotKept | SkipReason::Language | SkipReason::Robots,
            ),
        ) => Outcome::Skipped(SkipReason::Redirected),
        Some(gone @ Outcome::Skipped(SkipReason::NotFound | SkipReason::Soft404)) => gone,
        Some(failed @ Outcome::Failed(_)) => failed,
        // To a place we do not go, as to a login elsewhere: not a reason to forget the page.
        _ => Outcome::Failed(Failure::Status),
    }
}

fn make_candidate(
    tx: &Transaction<'_>,
    chains: &HashMap<String, Option<Outcome>>,
    patience: &[Patience],
    only: Option<&Part>,
    now: Timestamp,
) -> Result<SnapshotChange, StoreError> {
    let mut change = SnapshotChange::default();
    let withheld: HashSet<usize> = tx
        .prepare("SELECT DISTINCT source FROM doubt")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut known = tx.prepare(
        "SELECT p.key, coalesce(e.source, p.source), p.snapshot IS NOT NULL, p.gone_runs, p.failing_since, e.outcome,
             p.snapshot IS p.article, p.noindex
         FROM page p LEFT JOIN ended e ON e.key = p.key ORDER BY p.key",
    )?;
    // What stays as it is is not written again.
    let mut stay = tx.prepare(
        "UPDATE page SET gone_runs = 0, failing_since = NULL, candidate = article
         WHERE key = ?1 AND (gone_runs > 0 OR failing_since IS NOT NULL OR candidate IS NOT article)",
    )?;
    let mut carry = tx
        .prepare("UPDATE page SET gone_runs = ?2, failing_since = ?3, candidate = snapshot WHERE key = ?1")?;
    let mut as_it_was =
        tx.prepare("UPDATE page SET candidate = snapshot WHERE key = ?1 AND candidate IS NOT snapshot")?;
    // What was counted stays: where the gates hold its leaving, the next crawl has not to wait as long once more.
    let mut leave =
        tx.prepare("UPDATE page SET candidate = NULL WHERE key = ?1 AND candidate IS NOT NULL")?;
    let mut rows = known.query([])?;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let source: usize = row.get(1)?;
        let failing_since: Option<i64> = row.get(4)?;
        let member: bool = row.get(2)?;
        let is_outside = only.is_some_and(|part| Url::parse(&key).is_ok_and(|url| !part.covers(&url)));
        if is_outside && source < patience.len() {
            change.outside += u64::from(member);
            as_it_was.execute([&key])?;
            continue;
        }
        let standing = Standing {
            // What was read last counts, also in a crawl that was never completed.
            member: member && !row.get::<_, bool>(7)?,
            gone_runs: row.get(3)?,
            failing_since: failing_since.map(timestamp).transpose()?,
        };
        let ended = match row.get::<_, Option<String>>(5)?.as_deref().and_then(Outcome::from_name) {
            Some(Outcome::Skipped(SkipReason::Redirected)) => {
                Some(end_of_redirect(chains.get(&key).copied().flatten()))
            }
            ended => ended,
        };
        let fate = match patience.get(source) {
            // A source that the configuration lost takes its pages with it.
            None => Fate::Out,
            // One that could not be crawled completely keeps its own: nothing is published without it.
            Some(_) if withheld.contains(&source) => withheld_fate(standing, now),
            Some(patience) => snapshot::fate(standing, ended, *patience, now),
        };
        match fate {
            Fate::Current => {
                match (member, row.get(6)?) {
                    (false, _) => change.new += 1,
                    (true, false) => change.changed += 1,
                    (true, true) => change.unchanged += 1,
                }
                stay.execute([&key])?;
            }
            Fate::CarriedForward { gone_runs, failing_since } => {
                change.carried_forward += 1;
                if withheld.contains(&source) {
                    change.withheld += 1;
                } else {
                    change.going += u64::from(gone_runs > 0);
                }
                carry.execute(params![key, gone_runs, failing_since.map(millis)])?;
            }
            Fate::Out => {
                change.removed += u64::from(member);
                leave.execute([&key])?;
            }
        }
    }
    Ok(change)
}

/// What becomes of a page whose source stays as it was.
fn withheld_fate(known: Standing, now: Timestamp) -> Fate {
    let Standing { member, gone_runs, failing_since } = known;
    if member {
        Fate::CarriedForward { gone_runs, failing_since: failing_since.or(Some(now)) }
    } else {
        Fate::Out
    }
}

/// Forgets pages that no crawl comes across any more, and blobs that nothing refers to.
fn collect(tx: &Transaction<'_>) -> Result<(), StoreError> {
    // Besides members, only pages that are read for their links, or that may be read again, are worth their place.
    let kept: Vec<_> = outcome::ALL
        .into_iter()
        .filter(|outcome| outcome.may_be_read_again())
        .map(|o| format!("'{}'", o.name()))
        .collect();
    let forget = format!(
        "DELETE FROM page WHERE snapshot IS NULL AND candidate IS NULL
         AND key NOT IN (SELECT key FROM ended WHERE outcome IN ({}))",
        kept.join(", ")
    );
    tx.execute(&forget, [])?;
    collect_blobs(tx)
}

/// Forgets blobs, and what articles call themselves, that nothing refers to.
pub(super) fn collect_blobs(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM heading WHERE article NOT IN (SELECT article FROM page
             UNION SELECT snapshot FROM page WHERE snapshot IS NOT NULL
             UNION SELECT candidate FROM page WHERE candidate IS NOT NULL)",
        [],
    )?;
    tx.execute(
        "DELETE FROM blob WHERE sha256 NOT IN (SELECT body FROM page UNION SELECT article FROM page UNION SELECT links FROM page
             UNION SELECT snapshot FROM page WHERE snapshot IS NOT NULL
             UNION SELECT candidate FROM page WHERE candidate IS NOT NULL)",
        [],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;

    use super::*;
    use crate::{
        outcome,
        store::{database::migrations, schema},
    };

    fn connection() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations(&schema::STEPS).to_latest(&mut connection).unwrap();
        connection
    }

    fn ends(connection: &Connection, key: &str, source: usize, outcome: Outcome) {
        let sql = "INSERT INTO frontier (key, url, source, depth, hops, state, outcome, rank) VALUES (?1, ?1, ?2, 0, 0, 2, ?3, ?4)";
        connection.execute(sql, params![key, source, outcome.name(), outcome.rank()]).unwrap();
    }

    #[test]
    fn of_several_sources_the_one_that_came_furthest_with_a_url_says_how_it_ended() {
        let connection = connection();
        for first in outcome::ALL {
            for second in outcome::ALL {
                let key = format!("{} {}", first.name(), second.name());
                ends(&connection, &key, 0, first);
                ends(&connection, &key, 1, second);
                let ended: String = connection
                    .query_row("SELECT outcome FROM ended WHERE key = ?1", [&key], |row| row.get(0))
                    .unwrap();
                let expected = if second.rank() < first.rank() { second } else { first };
                assert_eq!(ended, expected.name(), "{key}");
            }
        }
    }

    /// How many pages leave in each of four crawls, a second apart, that find the one page of the snapshot like this.
    fn removed(connection: &mut Connection, outcome: Outcome) -> [u64; 4] {
        connection.execute("INSERT INTO blob (sha256, bytes) VALUES (x'00', x'')", []).unwrap();
        ends(connection, "/a", 0, outcome);
        let sql = "INSERT INTO page (key, url, source, depth, coding, body, content, rules, article, links,
                       noindex, contained, fetched_at, snapshot, candidate)
                   VALUES ('/a', '/a', 0, 0, 'zstd', x'00', x'00', 1, x'00', x'00', 0, 0, 0, x'00', x'00')";
        connection.execute(sql, []).unwrap();
        let patience = [Patience { gone_after: 2, stale_for: Duration::from_secs(1) }];
        [0, 1, 2, 3].map(|second| {
            let tx = connection.transaction().unwrap();
            let now = Timestamp::from_second(second).unwrap();
            let change = make_candidate(&tx, &HashMap::new(), &patience, None, now).unwrap();
            tx.commit().unwrap();
            change.removed
        })
    }

    #[test]
    fn a_page_whose_leaving_was_held_is_still_leaving() {
        let gone = Outcome::Skipped(SkipReason::NotFound);
        assert_eq!(removed(&mut connection(), gone), [0, 1, 1, 1]);
        assert_eq!(removed(&mut connection(), Outcome::Failed(Failure::Status)), [0, 0, 1, 1]);
    }

    #[test]
    fn a_source_that_cannot_be_crawled_keeps_its_pages_however_long() {
        let mut connection = connection();
        connection.execute("INSERT INTO doubt (source, reason) VALUES (0, 'down')", []).unwrap();
        assert_eq!(removed(&mut connection, Outcome::Failed(Failure::Connect)), [0; 4]);
    }

    #[test]
    fn pages_are_kept_besides_members_where_their_links_count_or_where_they_may_come_back() {
        let mut connection = connection();
        connection.execute("INSERT INTO blob (sha256, bytes) VALUES (x'00', x'')", []).unwrap();
        for outcome in outcome::ALL {
            ends(&connection, outcome.name(), 0, outcome);
            let sql =
                "INSERT INTO page (key, url, source, depth, coding, body, content, rules, article, links,
                           noindex, contained, fetched_at)
                       VALUES (?1, ?1, 0, 0, 'zstd', x'00', x'00', 1, x'00', x'00', 0, 0, 0)";
            connection.execute(sql, [outcome.name()]).unwrap();
        }
        let tx = connection.transaction().unwrap();
        collect(&tx).unwrap();
        for outcome in outcome::ALL {
            let kept: bool = tx
                .query_row("SELECT count(*) FROM page WHERE key = ?1", [outcome.name()], |row| row.get(0))
                .unwrap();
            assert_eq!(kept, outcome.may_be_read_again(), "{}", outcome.name());
        }
    }
}
