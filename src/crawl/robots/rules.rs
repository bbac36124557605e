//! All rules for one crawler, and the one that decides over a path.
//!
//! Rules that begin alike share their first steps, so that a file is one tree: under each head the pieces that
//! may follow it, under each of those the next. One pass over the path takes every step of the tree where it
//! first can be taken. That is enough: what can follow the first place of a piece is all that can follow a
//! later one. So no step is taken twice, whatever the stars, and rules whose beginning does not fit cost nothing.

use std::collections::HashMap;

use super::prefix::PrefixTable;
use super::rule::{Access, END, Rule};

/// Ends a list of steps.
const NONE: u32 = u32::MAX;

/// Where no rule covers: less specific than any.
const UNDECIDED: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Access and line, the most specific first. A rule's place is its rank.
    ranked: Vec<(Access, String)>,
    heads: PrefixTable,
    pieces: PrefixTable,
    /// The tree; a head's step has the number of the head.
    steps: Vec<Step>,
}

/// A head or a piece that a path may have, after all that its parents ask for.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Its number among the pieces, or among the heads.
    text: u32,
    /// The rank of the rule that ends here.
    decides: u32,
    first_child: u32,
    next_sibling: u32,
}

impl Rules {
    pub(super) fn new(mut rules: Vec<Rule>) -> Self {
        rules.sort_by_key(Rule::precedence);
        let heads = PrefixTable::new(rules.iter().map(Rule::head));
        let pieces = PrefixTable::new(rules.iter().flat_map(Rule::pieces));
        let mut steps: Vec<Step> = (0..heads.len()).map(Step::new).collect();
        let mut children = HashMap::new();
        for (rank, rule) in rules.iter().enumerate() {
            let mut at = heads.number(rule.head()).expect("the table has every head");
            for piece in rule.pieces() {
                let text = pieces.number(piece).expect("the table has every piece");
                at = *children.entry((at, text)).or_insert_with(|| {
                    let child = steps.len();
                    let next_sibling = std::mem::replace(&mut steps[at].first_child, compact(child));
                    steps.push(Step { next_sibling, ..Step::new(text) });
                    child
                });
            }
            steps[at].decides = steps[at].decides.min(compact(rank));
        }
        let ranked = rules.into_iter().map(|rule| (rule.access, rule.line)).collect();
        Self { ranked, heads, pieces, steps }
    }

    /// The most specific rule that covers `path`, a path with its query in comparable spelling: what it says,
    /// and its line.
    pub(super) fn deciding(&self, path: &str) -> Option<(Access, &str)> {
        let rank = Pass::best_rank(self, &[path.as_bytes(), &[END]].concat());
        self.ranked.get(rank as usize).map(|(access, line)| (*access, line.as_str()))
    }
}

impl Step {
    fn new(text: usize) -> Self {
        Self { text: compact(text), decides: UNDECIDED, first_child: NONE, next_sibling: NONE }
    }
}

/// A number in half the room: what a pass reads is then more often in the processor's cache.
fn compact(number: usize) -> u32 {
    u32::try_from(number).expect("a file of 500 KiB has no 4 billion rules")
}

/// One pass over a path. The lists of steps are linked through `following`, as a step is in one at a time.
struct Pass<'a> {
    rules: &'a Rules,
    best: u32,
    /// Steps that were taken and have children, by the place in the path where they end.
    taken: Vec<u32>,
    /// Steps that can be taken from here on, by the piece that they wait for.
    waiting: Vec<u32>,
    following: Vec<u32>,
}

impl Pass<'_> {
    /// The rank of the rule that decides, or [`UNDECIDED`].
    fn best_rank(rules: &Rules, path: &[u8]) -> u32 {
        let mut pass = Pass {
            rules,
            best: UNDECIDED,
            taken: vec![NONE; path.len() + 1],
            waiting: vec![NONE; rules.pieces.len()],
            following: vec![NONE; rules.steps.len()],
        };
        for head in rules.heads.starts_of(path) {
            pass.take(compact(head), rules.heads.text(head).len());
        }
        for place in 0..path.len() {
            pass.offer_children(place);
            for piece in rules.pieces.starts_of(&path[place..]) {
                let mut step = std::mem::replace(&mut pass.waiting[piece], NONE);
                while step != NONE {
                    let next = pass.following[step as usize];
                    pass.take(step, place + rules.pieces.text(piece).len());
                    step = next;
                }
            }
        }
        pass.best
    }

    fn take(&mut self, number: u32, end: usize) {
        let step = &self.rules.steps[number as usize];
        self.best = self.best.min(step.decides);
        if step.first_child != NONE {
            self.following[number as usize] = std::mem::replace(&mut self.taken[end], number);
        }
    }

    /// Lets the children of what ended at this place wait for their pieces.
    fn offer_children(&mut self, place: usize) {
        let mut parent = self.taken[place];
        while parent != NONE {
            let mut number = self.rules.steps[parent as usize].first_child;
            while number != NONE {
                let child = &self.rules.steps[number as usize];
                let waiting = &mut self.waiting[child.text as usize];
                self.following[number as usize] = std::mem::replace(waiting, number);
                number = child.next_sibling;
            }
            parent = self.following[parent as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str, expected: bool) {
        let rule = Rule::new(Access::Disallow, pattern.as_bytes(), b"");
        let rules = Rules::new(rule.into_iter().collect());
        assert_eq!(rules.deciding(path).is_some(), expected, "{pattern} {path}");
    }

    #[test]
    fn stars_and_the_end_mark_are_the_only_syntax() {
        check("/fish", "/fishing?x", true);
        check("/fish$", "/fish", true);
        check("/fish$", "/fish?x", false);
        check("/fish*", "/fish", true);
        check("/*.php$", "/a.php/b.php", true);
        check("/*.php$", "/a.php?x", false);
        check("/a*b*b$", "/ab", false);
        check("/a*b*b$", "/abb", true);
        check("*$", "/x", true);
        check("/a*$", "/abc", true);
        check("/**b", "/ab", true);
        check("/a$b", "/a$b/c", true);
        check("/a$$", "/a$", true);
        check("fish", "/fish", false);
        check("$", "/", false);
        check("", "/", false);
    }

    #[test]
    fn an_escaped_star_or_dollar_is_the_plain_character() {
        check("/a%2a", "/a*", true);
        check("/a%2Ab", "/axb", false);
        check("/a%24", "/a$", true);
        check("/a%24", "/a", false);
    }

    #[test]
    fn a_piece_stands_wholly_behind_the_one_before() {
        check("/aba*bab", "/abab", false);
        check("/*aba*bab", "/ababab", true);
        check("/*ab*ab*ab$", "/abab", false);
        check("/*a*a*a*b$", "/aab", false);
        check("/*a*a*a*b$", "/xaxaxaxb", true);
    }

    #[test]
    fn the_most_specific_of_all_that_cover_decides() {
        let rule = |(access, pattern): (Access, &str)| {
            Rule::new(access, pattern.as_bytes(), pattern.as_bytes()).unwrap()
        };
        let rules = [
            (Access::Disallow, "/"),
            (Access::Allow, "/a"),
            (Access::Disallow, "/a"),
            (Access::Disallow, "/a*b"),
            (Access::Allow, "/a*"),
            (Access::Allow, "/a*b*c"),
            (Access::Disallow, "/a*c$"),
        ];
        let rules = Rules::new(rules.into_iter().map(rule).collect());
        let check = |path: &str, expected: (Access, &str)| {
            assert_eq!(rules.deciding(path), Some(expected), "{path}");
        };
        check("/x", (Access::Disallow, "/"));
        check("/a", (Access::Allow, "/a*"));
        check("/axb", (Access::Disallow, "/a*b"));
        check("/abxc", (Access::Allow, "/a*b*c"));
        check("/axc", (Access::Disallow, "/a*c$"));
    }
}
