//! What the fuzz targets of `fuzz/` check, on their seeds and on some thousand inputs made from them: the same ones
//! each time. `cargo fuzz` looks further. What it finds becomes a seed.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::world::files;

mod body;
mod html;
mod retry_after;
mod robots;
mod sitemap;
mod url_normalise;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

/// The longest input that is made.
const LONGEST: usize = 4096;

/// Checks what is in a folder of fixtures, and so many inputs made from that.
fn holds(folder: &str, check: fn(&[u8]), made: usize) {
    let files = files(&Path::new(FIXTURES).join(folder), "");
    let seeds: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    assert!(!seeds.is_empty());
    for seed in &seeds {
        check(seed);
    }
    let mut chance = Chance(0x2545_F491_4F6C_DD1D);
    for _ in 0..made {
        let input = made_from(&seeds, &mut chance);
        let held = std::panic::catch_unwind(|| check(&input));
        assert!(held.is_ok(), "{folder}: fails on {}", input.escape_ascii());
    }
}

/// A seed with a few changes: parts taken out, doubled or brought in from another seed, and octets changed.
fn made_from(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut input = chance.one_of(seeds).clone();
    for _ in 0..=chance.below(4) {
        let at = chance.below(input.len() + 1);
        let end = at + chance.below((input.len() - at).min(64) + 1);
        match chance.below(4) {
            0 => drop(input.drain(at..end)),
            1 => drop(input.splice(at..at, input[at..end].repeat(1 + chance.below(8)))),
            2 => {
                let other = chance.one_of(seeds);
                let from = chance.below(other.len() + 1);
                let to = from + chance.below((other.len() - from).min(64) + 1);
                drop(input.splice(at..end, other[from..to].iter().copied()));
            }
            _ => input[at..end].iter_mut().take(3).for_each(|octet| *octet ^= 1 << chance.below(8)),
        }
    }
    input.truncate(LONGEST);
    input
}

/// Numbers that look random and are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 32).unwrap() % limit
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

#[test]
fn a_key_names_the_page_that_was_linked() {
    holds("fuzz/url_normalise", url_normalise::check, 5_000);
}

#[test]
fn robots_rules_decide_as_the_oracle_says() {
    holds("fuzz/robots", robots::check, 2_000);
}

#[test]
fn a_sitemap_keeps_what_stands_before_a_cut() {
    holds("fuzz/sitemap", sitemap::check, 2_000);
}

#[test]
fn a_body_stays_within_its_limits() {
    holds("fuzz/body", body::check, 1_000);
}

#[test]
fn a_wait_is_bounded_however_it_is_asked_for() {
    holds("fuzz/retry_after", retry_after::check, 5_000);
}

#[test]
fn a_page_becomes_bounded_markdown() {
    holds("fuzz/html", html::check, 300);
    holds("pages", html::check, 200);
}

// Inputs made of what each format is made of, which bring more rules together than changed seeds do.
proptest! {
    #[test]
    fn a_key_names_the_page_that_was_linked_whatever_it_is_made_of(
        link in "(http://B:80)?(/|%|[0-9aF]|\\.|;jsessionid=|;|~|\\(S\\([0-9a-z]{24}\\)\\)|%2[eE]|%3[0-9]|é|[?&#=]|utm_id=|\
            sid=[0-9a-f]{32}|%75|:| ){0,24}",
    ) {
        url_normalise::check(link.as_bytes());
    }

    #[test]
    fn robots_rules_decide_as_the_oracle_says_whatever_they_are_made_of(
        path in "([ab]|[ab]|[ab/$*?']|%61|%2[aAfF4]|é|\\|){0,16}",
        rules in "([+-][/*]([ab]|[ab*]|[ab/*$?']|%61|%2[aAfF4]|é|\\|){0,10}\\$?\n){0,12}",
    ) {
        robots::check(format!("{path}\n{rules}").as_bytes());
    }

    #[test]
    fn a_robots_file_is_read_whatever_its_lines_are(
        path in "[ab/]{0,6}",
        lines in "((User-agent|Allow|Disallow|Crawl-delay|Sitemap)?(: | )?(\\*|corpusd|/[ab*$]{0,4}|[0-9.]{0,4}|.{0,4})\n){0,12}",
    ) {
        robots::check(format!("{path}\n{lines}").as_bytes());
    }

    #[test]
    fn a_sitemap_keeps_what_stands_before_a_cut_whatever_it_is_made_of(
        body in "<(urlset|sitemapindex|feed|rss)>(<|>|/|&|;|#|\\]|!|<!\\[CDATA\\[|--|\\?|url|loc|link|entry|'|=|\n|\
            <(url|loc|sitemap|entry|item|lastmod)>|</(url|loc|sitemap|entry|item|lastmod)>|&amp;|é| ){0,40}",
    ) {
        sitemap::check(body.as_bytes());
    }

    #[test]
    fn a_wait_is_bounded_whatever_it_is_made_of(
        lines in "([0-9]{1,12}|,| |\n|Fri, |20 Nov 2026 0[67]:05:00|-| GMT|Friday, 20-Nov-26 06:05:00|[a-z]){0,12}",
    ) {
        retry_after::check(lines.as_bytes());
    }

    #[test]
    fn a_body_stays_within_its_limits_whatever_it_is(choice: [u8; 3], body: Vec<u8>, text in "\\PC{0,80}") {
        body::check(&[&choice[..], &body].concat());
        body::check(&[&choice[..], text.as_bytes()].concat());
    }

    #[test]
    fn a_page_becomes_bounded_markdown_whatever_it_is_made_of(
        page in "(<(p|b|a href=x|h2|ul|ol|li|table|tr|td|pre|code|blockquote|br|img src=i alt=a|dl|dt|dd|div|main|sup|hr)>|\
            </(p|b|a|h2|ul|ol|li|table|tr|td|pre|code|blockquote|dl|div|main|sup)>|[a-z*_`|#>\\[\\]() \n-]|1\\. |&lt;|&nbsp;){0,40}",
    ) {
        html::check(page.as_bytes());
    }
}
