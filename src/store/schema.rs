//! The schema, as an ordered list of migrations.
//!
//! Never edit or remove an entry: add one. The version is the length of the list, kept in `user_version`
//! by the migration crate; a database with a newer version is refused.

/// Every migration, oldest first.
pub(super) const STEPS: [&str; 8] = ["
    -- What is large lies here once, addressed by its SHA-256.
    CREATE TABLE blob (
        sha256 BLOB PRIMARY KEY,
        bytes  BLOB NOT NULL
    );

    -- The crawl that is under way, or the last one.
    CREATE TABLE crawl (
        id         INTEGER PRIMARY KEY,
        plan       TEXT    NOT NULL,  -- fingerprint of the sources: a crawl resumes only under the same
        started_at INTEGER NOT NULL,  -- ms since the epoch, as every time here
        moved_at   INTEGER NOT NULL,  -- when something was settled last
        state      TEXT    NOT NULL   -- running | complete | incomplete
    );

    -- Why this crawl cannot become complete.
    CREATE TABLE doubt (
        reason TEXT PRIMARY KEY
    ) WITHOUT ROWID;

    -- Every URL that this crawl came across, for each source that did, and how it ended.
    CREATE TABLE frontier (
        key      TEXT    NOT NULL,
        url      TEXT    NOT NULL,    -- what is requested: the URL as it was linked
        source   INTEGER NOT NULL,
        depth    INTEGER NOT NULL,
        hops     INTEGER NOT NULL,    -- redirects that led here
        found_on TEXT,
        state    INTEGER NOT NULL,    -- 0 waiting, 1 admitted to a wave, 2 settled
        admitted INTEGER NOT NULL DEFAULT 0,  -- whether it ever was in a wave: it counts against max_pages
        outcome  TEXT,
        detail   TEXT,
        status   INTEGER,
        leads_to TEXT,                -- key of a redirect's target
        PRIMARY KEY (key, source)
    ) WITHOUT ROWID;
    CREATE INDEX frontier_turn ON frontier (source, state, depth, key);

    -- How a URL ended: what it was for the first source that read it; else for one that tried; else by a rule.
    CREATE VIEW ended AS
        SELECT * FROM (
            SELECT *, row_number() OVER (PARTITION BY key ORDER BY CASE
                WHEN outcome IN ('fetched', 'not_modified') THEN 0
                WHEN outcome IN ('noindex', 'not_kept', 'redirected', 'not_found', 'empty', 'robots') THEN 1
                WHEN outcome IN ('dns', 'connect', 'tls', 'timeout', 'status', 'truncated', 'decode', 'parse_limit') THEN 1
                WHEN outcome IN ('scope', 'excluded') THEN 3
                ELSE 2 END, source) AS place
            FROM frontier)
        WHERE place = 1;

    -- What was read last of each known page.
    CREATE TABLE page (
        key           TEXT    PRIMARY KEY,
        url           TEXT    NOT NULL,
        source        INTEGER NOT NULL,
        depth         INTEGER NOT NULL,
        etag          TEXT,
        last_modified TEXT,
        content_type  TEXT,
        coding        TEXT    NOT NULL,  -- of the stored body: a content coding, or zstd where it came without
        body          BLOB    NOT NULL REFERENCES blob (sha256),
        content       BLOB    NOT NULL,  -- SHA-256 of the decoded body
        extractor     INTEGER NOT NULL,  -- version of the rules that made the article
        article       BLOB    NOT NULL REFERENCES blob (sha256),
        links         BLOB    NOT NULL REFERENCES blob (sha256),
        canonical     TEXT,
        noindex       INTEGER NOT NULL,
        contained     INTEGER NOT NULL,  -- whether a content container was recognised
        fetched_at    INTEGER NOT NULL,
        gone_runs     INTEGER NOT NULL DEFAULT 0,
        failing_since INTEGER,
        candidate     BLOB,              -- its article in the last complete crawl, where it is part of that
        snapshot      BLOB               -- its article in the snapshot, where it is part of that
    );
    CREATE INDEX page_candidate ON page (candidate);
    CREATE INDEX page_body ON page (body);
    CREATE INDEX page_article ON page (article);
    CREATE INDEX page_links ON page (links);
    CREATE INDEX page_snapshot ON page (snapshot);

    -- Corpora: what was published, is being published, or is held.
    CREATE TABLE corpus (
        sha256     BLOB    PRIMARY KEY,
        text       BLOB    NOT NULL,   -- zstd
        manifest   BLOB    NOT NULL,   -- zstd, JSON
        left_out   BLOB    NOT NULL,   -- zstd, JSON: pages that gave no document, or one that did not fit
        made_from  BLOB    NOT NULL,   -- fingerprint of the snapshot and of the rules: the same gives the same corpus
        created_at INTEGER NOT NULL
    );
    CREATE INDEX corpus_made_from ON corpus (made_from);

    -- Intent before a push, acknowledgement after it.
    CREATE TABLE publication (
        id         INTEGER PRIMARY KEY,
        run        INTEGER NOT NULL,
        corpus     BLOB    NOT NULL REFERENCES corpus (sha256),
        target     TEXT    NOT NULL,
        state      TEXT    NOT NULL,   -- intent | acknowledged | rejected | unknown | superseded
        before     TEXT    NOT NULL,   -- JSON: what the API said of the agent before the push
        request_id TEXT,
        detail     TEXT,
        created_at INTEGER NOT NULL,
        settled_at INTEGER
    );

    -- The corpus that the gates hold; at most one row.
    CREATE TABLE held (
        corpus BLOB    NOT NULL REFERENCES corpus (sha256),
        run    INTEGER NOT NULL,
        target TEXT    NOT NULL,
        gates  TEXT    NOT NULL        -- JSON
    );

    -- Why nothing more is sent for now; at most one row.
    CREATE TABLE pause (
        reason      TEXT    NOT NULL,
        fingerprint TEXT    NOT NULL,  -- of the settings that were refused: other settings lift the pause
        at          INTEGER NOT NULL
    );

    CREATE TABLE run (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        started_at  INTEGER NOT NULL,
        finished_at INTEGER,
        outcome     TEXT,
        report      TEXT               -- JSON
    );
    ", "
    -- Frontier rows live for one crawl only: an interrupted one begins anew.
    DROP VIEW ended;
    DROP TABLE frontier;
    DROP TABLE doubt;
    UPDATE crawl SET state = 'incomplete' WHERE state = 'running';

    -- Why the crawl of a source cannot become complete.
    CREATE TABLE doubt (
        source INTEGER NOT NULL,
        reason TEXT    NOT NULL,
        PRIMARY KEY (source, reason)
    ) WITHOUT ROWID;

    -- Every URL that this crawl came across, for each source that did, and how it ended.
    CREATE TABLE frontier (
        key      TEXT    NOT NULL,
        source   INTEGER NOT NULL,
        url      TEXT    NOT NULL,    -- what is requested: the URL as it was linked
        depth    INTEGER NOT NULL,
        hops     INTEGER NOT NULL,    -- redirects that led here
        found_on TEXT,
        lastmod  TEXT,                -- as a sitemap says
        state    INTEGER NOT NULL,    -- 0 waiting, 1 admitted to a wave, 2 settled
        admitted INTEGER NOT NULL DEFAULT 0,  -- whether it ever was in a wave: it counts against max_pages
        outcome  TEXT,
        rank     INTEGER NOT NULL,    -- whose outcome counts where several sources came across the URL: the least
        detail   TEXT,
        status   INTEGER,
        leads_to TEXT,                -- key of a redirect's target
        PRIMARY KEY (key, source)
    ) WITHOUT ROWID;
    CREATE INDEX frontier_turn ON frontier (source, state, depth, key) WHERE outcome IS NULL;
    CREATE INDEX frontier_admitted ON frontier (source) WHERE admitted = 1;

    -- How a URL ended: what it was for the first source that read it; else for one that tried; else by a rule.
    CREATE VIEW ended AS
        SELECT * FROM frontier f WHERE NOT EXISTS (
            SELECT 1 FROM frontier other
            WHERE other.key = f.key AND other.source != f.source AND (other.rank, other.source) < (f.rank, f.source));

    -- How visits to a URL ended, whenever that was another way than before.
    CREATE TABLE visit (
        key     TEXT    NOT NULL,
        at      INTEGER NOT NULL,
        outcome TEXT    NOT NULL,
        status  INTEGER,
        detail  TEXT,
        PRIMARY KEY (key, at)
    ) WITHOUT ROWID;

    ALTER TABLE page RENAME COLUMN extractor TO rules;
    ALTER TABLE page ADD COLUMN lastmod TEXT;   -- as the sitemap said when it was read
    ALTER TABLE page ADD COLUMN unwanted TEXT;  -- why its language is not wanted
    ALTER TABLE page ADD COLUMN variant TEXT;   -- key of its variant in a preferred language
    ALTER TABLE page ADD COLUMN headers TEXT;   -- JSON: what its headers said of it
    ALTER TABLE page ADD COLUMN representation INTEGER;  -- under which request headers it was read

    -- What an article calls itself: how a site changes shows in it without reading all articles.
    CREATE TABLE heading (
        article  BLOB PRIMARY KEY,
        title    TEXT NOT NULL,
        language TEXT
    ) WITHOUT ROWID;
    ", "
    ALTER TABLE corpus ADD COLUMN remarks TEXT NOT NULL DEFAULT '[]';  -- JSON: what a person should know of its pages
    ", "
    -- The publication whose corpus a person wants live, whatever later runs find; at most one row.
    CREATE TABLE pin (
        publication INTEGER NOT NULL REFERENCES publication (id),
        at          INTEGER NOT NULL
    );
    ALTER TABLE publication ADD COLUMN restores INTEGER;  -- number of the earlier publication that it went back to
    ", "
    ALTER TABLE publication ADD COLUMN settings TEXT;  -- fingerprint of what the pipeline file said then
    ", "
    -- Up to when the schedule has had its fires; at most one row.
    CREATE TABLE fired (
        schedule TEXT    NOT NULL,     -- which: of another one this says nothing
        at       INTEGER NOT NULL
    );
    ", "
    -- What agents answered when they had been trained on a corpus.
    CREATE TABLE verification (
        target        TEXT    NOT NULL,
        corpus        BLOB    NOT NULL,
        fallback      BLOB,             -- the corpus that takes its place where it fails
        state         TEXT    NOT NULL, -- due | passed | failed
        questionnaire TEXT    NOT NULL, -- fingerprint of what was asked and expected
        run           INTEGER NOT NULL,
        asked         TEXT    NOT NULL, -- JSON: what came of each question
        at            INTEGER NOT NULL,
        PRIMARY KEY (target, corpus)
    ) WITHOUT ROWID;
    ", "
    -- Since when what is live was stale when that was told; at most one row.
    CREATE TABLE told_stale (
        true_at INTEGER NOT NULL
    );
    "];

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::database::migrations;

    /// A database as the first version left it, in the middle of a crawl.
    const FIRST: &str = "
        INSERT INTO blob VALUES (x'01', x'aa');
        INSERT INTO crawl VALUES (1, 'plan', 1000, 2000, 'running');
        INSERT INTO doubt VALUES ('a sitemap was cut');
        INSERT INTO frontier (key, url, source, depth, hops, state) VALUES ('https://a.test/', 'https://a.test/', 0, 0, 0, 1);
        INSERT INTO page (key, url, source, depth, coding, body, content, extractor, article, links, noindex, contained,
            fetched_at, candidate, snapshot)
            VALUES ('https://a.test/', 'https://a.test/', 0, 0, 'zstd', x'01', x'02', 2, x'01', x'01', 0, 1, 1500, x'01', x'01');
        INSERT INTO corpus VALUES (x'03', x'00', x'00', x'00', x'04', 1500);
        INSERT INTO publication VALUES (1, 1, x'03', 'v1 agent', 'acknowledged', '{}', 'req', NULL, 1500, 1600);
        INSERT INTO run VALUES (1, 1000, 2000, 'published', '{}');";

    #[test]
    fn what_the_first_version_stored_is_still_there() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrations(&STEPS).to_version(&mut connection, 1).unwrap();
        connection.execute_batch(FIRST).unwrap();
        migrations(&STEPS).to_latest(&mut connection).unwrap();
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0)).unwrap();
        assert_eq!(count("SELECT count(*) FROM page WHERE snapshot = x'01' AND rules = 2"), 1);
        assert_eq!(count("SELECT count(*) FROM publication WHERE state = 'acknowledged'"), 1);
        assert_eq!(count("SELECT count(*) FROM corpus"), 1);
        assert_eq!(count("SELECT count(*) FROM run"), 1);
        // The crawl begins anew: what it had found is found again.
        assert_eq!(count("SELECT count(*) FROM crawl WHERE state = 'running'"), 0);
        assert_eq!(count("SELECT count(*) FROM frontier"), 0);
        assert_eq!(count("PRAGMA user_version"), STEPS.len() as u64);
    }

    #[test]
    fn what_was_published_before_pins_can_be_pinned() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        migrations(&STEPS).to_version(&mut connection, 1).unwrap();
        connection.execute_batch(FIRST).unwrap();
        migrations(&STEPS).to_latest(&mut connection).unwrap();
        connection.execute("INSERT INTO pin VALUES (1, 2000)", []).unwrap();
        assert!(connection.execute("INSERT INTO pin VALUES (2, 2000)", []).is_err(), "there is none");
        assert!(connection.execute("DELETE FROM publication", []).is_err(), "what is pinned is kept");
    }
}
