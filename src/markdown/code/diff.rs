//! Code whose lines are marked as removed and added by their classes: the signs before them are the style sheet's.

use crate::html::Element;

/// The sign of a line, if it is marked: Shiki's classes, and those of Expressive Code.
pub(super) fn change(line: &Element) -> Option<char> {
    if line.has_class("ec-line") {
        return sign(line, "del", "ins");
    }
    line.has_class("diff").then(|| sign(line, "remove", "add")).flatten()
}

fn sign(line: &Element, removed: &str, added: &str) -> Option<char> {
    if line.has_class(removed) { Some('-') } else { line.has_class(added).then_some('+') }
}

/// Whether a line is removed. Added lines alone are set off; the code is whole without their signs.
pub(super) fn removes(changes: &[(usize, char)]) -> bool {
    changes.iter().any(|&(_, sign)| sign == '-')
}

/// Code with a sign before each line. `changes` says where marked lines begin, in order.
pub(super) fn signed(code: &str, changes: &[(usize, char)]) -> String {
    let mut out = String::with_capacity(code.len() + code.len() / 16);
    let (mut at, mut rest) = (0, changes);
    for line in code.split_inclusive('\n') {
        let end = at + line.len();
        let marked = rest.iter().take_while(|&&(start, _)| start < end).count();
        out.push(rest[..marked].first().map_or(' ', |&(_, sign)| sign));
        out.push_str(line);
        (at, rest) = (end, &rest[marked..]);
    }
    out
}
