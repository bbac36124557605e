//! What the tree builder may see: tags within the caps.

use std::cell::Cell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::tree_builder::TreeBuilder;
use html5ever::{Attribute, LocalName, local_name};

use super::super::tree::NodeId;
use super::sink::Sink;
use super::{MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, MAX_DEPTH};

/// Hands tokens on to the tree builder, within the caps.
pub(super) struct Guard {
    pub(super) builder: TreeBuilder<NodeId, Sink>,
    /// Tokens seen, to notice when none come.
    pub(super) tokens: Cell<usize>,
    /// False inside raw text (script, style, …).
    pub(super) in_markup: Cell<bool>,
    /// The page begins as XML does.
    pub(super) xml: Cell<bool>,
    /// Start tags dropped for depth whose end tags are still to be dropped.
    pub(super) swallowed: Cell<usize>,
    /// Templates dropped for depth that are still open: what they hold is hidden and must not surface.
    pub(super) muted: Cell<usize>,
}

impl Guard {
    /// Whether the innermost open element sits at the depth cap.
    fn is_deep(&self) -> bool {
        let sink = &self.builder.sink;
        if sink.depth.get() < MAX_DEPTH {
            return false;
        }
        // The builder does not show its stack, but answering this it asks the sink for its current node's name.
        self.builder.adjusted_current_node_present_but_not_in_html_namespace();
        sink.nodes.borrow()[sink.asked.get().index()].depth >= MAX_DEPTH
    }

    /// `<script/>`: HTML knows no such thing and would take the rest of the page for its text.
    fn open_and_close(&self, tag: Tag) -> TokenSinkResult<NodeId> {
        let end = Tag { kind: TagKind::EndTag, self_closing: false, attrs: Vec::new(), ..tag.clone() };
        // What the builder asks of the tokenizer here, the end tag takes back.
        let _: TokenSinkResult<NodeId> = self.builder.process_token(Token::TagToken(tag), 1);
        let _: TokenSinkResult<NodeId> = self.builder.process_token(Token::TagToken(end), 1);
        TokenSinkResult::Continue
    }

    /// Whether the tree builder may see this tag.
    fn admits(&self, tag: &Tag) -> bool {
        match tag.kind {
            TagKind::StartTag => {
                if self.muted.get() > 0 {
                    self.muted.set(self.muted.get() + usize::from(tag.name == local_name!("template")));
                    return false;
                }
                if closes_itself(&tag.name) || !self.is_deep() {
                    return true;
                }
                if tag.name == local_name!("template") {
                    self.muted.set(1);
                } else if !tag.self_closing {
                    self.swallowed.set(self.swallowed.get() + 1);
                }
                false
            }
            TagKind::EndTag => {
                if self.muted.get() > 0 {
                    self.muted.set(self.muted.get() - usize::from(tag.name == local_name!("template")));
                    return false;
                }
                if self.swallowed.get() > 0 && !closes_itself(&tag.name) {
                    self.swallowed.set(self.swallowed.get() - 1);
                    return false;
                }
                true
            }
        }
    }
}

/// Elements that cannot pile up: void ones, raw text, and those that close what is open of their kind.
fn closes_itself(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("area")
            | local_name!("base")
            | local_name!("br")
            | local_name!("col")
            | local_name!("embed")
            | local_name!("hr")
            | local_name!("img")
            | local_name!("input")
            | local_name!("link")
            | local_name!("meta")
            | local_name!("param")
            | local_name!("source")
            | local_name!("track")
            | local_name!("wbr")
            | local_name!("script")
            | local_name!("style")
            | local_name!("title")
            | local_name!("textarea")
            | local_name!("xmp")
            | local_name!("iframe")
            | local_name!("noembed")
            | local_name!("noframes")
            | local_name!("noscript")
            | local_name!("plaintext")
            | local_name!("p")
            | local_name!("h1")
            | local_name!("h2")
            | local_name!("h3")
            | local_name!("h4")
            | local_name!("h5")
            | local_name!("h6")
    )
}

/// Elements whose text is taken as it stands.
fn is_raw(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("script")
            | local_name!("style")
            | local_name!("title")
            | local_name!("textarea")
            | local_name!("iframe")
            | local_name!("noscript")
            | local_name!("xmp")
            | local_name!("noembed")
            | local_name!("noframes")
    )
}

fn is_inline(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("a")
            | local_name!("b")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("span")
            | local_name!("strong")
            | local_name!("sub")
            | local_name!("sup")
            | local_name!("u")
    )
}

impl TokenSink for Guard {
    type Handle = NodeId;

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<NodeId> {
        if self.builder.sink.over.get().is_some() {
            return TokenSinkResult::Continue;
        }
        let token = match token {
            // Errors are not reported and comments are not content.
            Token::ParseError(_) => return TokenSinkResult::Continue,
            Token::CommentToken(text) => {
                // To the tokenizer `<?xml … ?>` is a comment.
                self.xml.set(self.xml.get() || (self.tokens.get() == 0 && text.starts_with("?xml")));
                self.tokens.set(self.tokens.get() + 1);
                return TokenSinkResult::Continue;
            }
            Token::TagToken(mut tag) => {
                self.tokens.set(self.tokens.get() + 1);
                if tag.kind == TagKind::EndTag {
                    self.in_markup.set(true);
                }
                if !self.admits(&tag) {
                    // Words on both sides of a dropped tag stay apart.
                    let space =
                        tag.kind == TagKind::StartTag && self.muted.get() == 0 && !is_inline(&tag.name);
                    return if space {
                        self.builder.process_token(Token::CharacterTokens(StrTendril::from_slice(" ")), 1)
                    } else {
                        TokenSinkResult::Continue
                    };
                }
                cap_attributes(&mut tag.attrs);
                if tag.self_closing && self.xml.get() && is_raw(&tag.name) {
                    return self.open_and_close(tag);
                }
                Token::TagToken(tag)
            }
            Token::CharacterTokens(text) => {
                self.tokens.set(self.tokens.get() + 1);
                if self.muted.get() > 0 {
                    return TokenSinkResult::Continue;
                }
                Token::CharacterTokens(text)
            }
            other => {
                self.tokens.set(self.tokens.get() + 1);
                other
            }
        };
        // A constant line: the builder would tell the sink about every change, and nobody asks.
        let result = self.builder.process_token(token, 1);
        if matches!(result, TokenSinkResult::RawData(_) | TokenSinkResult::Plaintext) {
            self.in_markup.set(false);
        }
        result
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

fn cap_attributes(attributes: &mut Vec<Attribute>) {
    attributes.truncate(MAX_ATTRIBUTES);
    for attribute in attributes.iter_mut().filter(|a| a.value.len() > MAX_ATTRIBUTE_BYTES) {
        attribute.value = StrTendril::from_slice(
            &attribute.value[..attribute.value.floor_char_boundary(MAX_ATTRIBUTE_BYTES)],
        );
    }
}
