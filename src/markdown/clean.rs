//! Characters that carry no content: invisible ones, controls, private use. What stays is what a reader sees.

/// What becomes of a character of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Keep,
    Drop,
    Space,
    LineBreak,
}

/// Decides about non-ASCII and control characters one by one, in text order.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Cleaner {
    /// The last character that was kept.
    previous: char,
    within: Within,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Text,
    /// After U+1F3F4: tag characters spell a flag (Unicode 16, 23.9).
    Flag,
    /// Between U+FFFA and U+FFFB: an interlinear gloss.
    Gloss,
    /// After ESC: a terminal sequence, until its final letter.
    Escape,
}

impl Cleaner {
    /// Notes that plain text ending in `c` went by.
    pub(super) fn passed(&mut self, c: char) {
        self.previous = c;
        self.within = Within::Text;
    }

    /// Whether every character must go through [`Cleaner::fate`].
    pub(super) fn is_busy(self) -> bool {
        self.within != Within::Text
    }

    /// What becomes of `c`.
    pub(super) fn fate(&mut self, c: char) -> Fate {
        match self.within {
            Within::Text => {}
            Within::Flag => match c {
                '\u{E0020}'..='\u{E007E}' => return Fate::Keep,
                '\u{E007F}' => {
                    self.within = Within::Text;
                    return Fate::Keep;
                }
                _ => self.within = Within::Text,
            },
            Within::Gloss => {
                if c == '\u{FFFB}' || c == '\n' {
                    self.within = Within::Text;
                }
                return Fate::Drop;
            }
            Within::Escape => {
                if c != '[' && !c.is_ascii_digit() && c != ';' {
                    self.within = Within::Text;
                }
                return Fate::Drop;
            }
        }
        let fate = self.plain_fate(c);
        if fate == Fate::Keep {
            self.previous = c;
        }
        fate
    }

    fn plain_fate(&mut self, c: char) -> Fate {
        match c {
            '\x1B' => {
                self.within = Within::Escape;
                Fate::Drop
            }
            '\u{FFFA}' => {
                self.within = Within::Gloss;
                Fate::Drop
            }
            '\u{1F3F4}' => {
                self.within = Within::Flag;
                Fate::Keep
            }
            '\u{2028}' | '\u{2029}' => Fate::LineBreak,
            // Spaces of every width, and the two blanks that are letters by their class.
            '\t'
            | '\n'
            | '\r'
            | '\x0C'
            | '\u{A0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200A}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{3000}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{85}' => Fate::Space,
            // Joiners shape letters of Arabic and Indic scripts; between emoji they make one picture.
            '\u{200C}' => keep_if(is_shaped(self.previous)),
            '\u{200D}' => keep_if(is_shaped(self.previous) || is_pictorial(self.previous)),
            '\u{FE00}'..='\u{FE0F}' => {
                keep_if(is_pictorial(self.previous) || matches!(self.previous, '0'..='9' | '#' | '*'))
            }
            '\u{E0100}'..='\u{E01EF}' => {
                keep_if(matches!(self.previous, '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}'))
            }
            '\0'..='\x1F'
            | '\x7F'..='\u{9F}'
            | '\u{AD}'
            | '\u{34F}'
            | '\u{61C}'
            | '\u{115F}'
            | '\u{1160}'
            | '\u{17B4}'
            | '\u{17B5}'
            | '\u{180B}'..='\u{180F}'
            | '\u{200B}'
            | '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFC}'
            | '\u{E000}'..='\u{F8FF}'
            | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{10FFFF}' => Fate::Drop,
            _ => Fate::Keep,
        }
    }
}

/// One line of text as a reader sees it: white space collapsed and trimmed, invisible characters dropped.
pub fn clean_line(text: &str) -> String {
    let mut cleaner = Cleaner::default();
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let fate = if c == ' ' { Fate::Space } else { cleaner.fate(c) };
        match fate {
            Fate::Keep => out.push(c),
            Fate::Drop => {}
            Fate::Space | Fate::LineBreak if out.is_empty() || out.ends_with(' ') => {}
            Fate::Space | Fate::LineBreak => out.push(' '),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether characters that nobody sees may spell something: letters as tags, text turned around by force, or many
/// invisible characters in a row. Single ones are everyday noise.
pub(crate) fn spells_invisibly(text: &str) -> bool {
    /// So many in a row are no accident.
    const MANY: usize = 8;
    if text.is_ascii() {
        return false;
    }
    let mut cleaner = Cleaner::default();
    let mut run = 0;
    for c in text.chars() {
        let dropped = !c.is_ascii() && cleaner.fate(c) == Fate::Drop;
        if c.is_ascii() {
            cleaner.passed(c);
        }
        run = if dropped { run + 1 } else { 0 };
        if run >= MANY || (dropped && matches!(c, '\u{E0000}'..='\u{E007F}' | '\u{202D}' | '\u{202E}')) {
            return true;
        }
    }
    false
}

fn keep_if(condition: bool) -> Fate {
    if condition { Fate::Keep } else { Fate::Drop }
}

fn is_shaped(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{DFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{18AF}')
}

fn is_pictorial(c: char) -> bool {
    matches!(c, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{3299}' | '\u{FE0F}' | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(input: &str) -> String {
        let mut cleaner = Cleaner::default();
        input
            .chars()
            .filter_map(|c| match cleaner.fate(c) {
                Fate::Keep => Some(c),
                Fate::Drop => None,
                Fate::Space => Some(' '),
                Fate::LineBreak => Some('\n'),
            })
            .collect()
    }

    fn check(input: &str, expected: &str) {
        assert_eq!(clean(input), expected, "{input:?}");
    }

    #[test]
    fn invisible_characters_go_and_pictures_stay_whole() {
        check("a\u{200C}b\u{FEFF}c\u{AD}d\u{200B}e", "abcde");
        check("a\u{A0}b\u{2800}c", "a b c");
        check("👩\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3}", "👩\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3}");
        check("🏴\u{E0067}\u{E0062}\u{E007F}", "🏴\u{E0067}\u{E0062}\u{E007F}");
        check("hi\u{E0069}\u{E0067}", "hi");
        check("a\u{E0100}\u{E0101}", "a");
        check("می\u{200C}خواهم", "می\u{200C}خواهم");
    }

    #[test]
    fn controls_and_glosses_go() {
        check("a\x1b[31mred", "ared");
        check("a\u{FFF9}b\u{FFFA}c\u{FFFB}d", "abd");
        check("abc\u{202E}def\u{202C}", "abcdef");
        check("a\u{E000}b", "ab");
        check("a\u{2028}b", "a\nb");
    }
}
