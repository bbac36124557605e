//! One pipeline file, read from its bytes to a pipeline, or to its faults.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Defaults, Diagnostic, Env, Loaded, clean, corpus,
    diagnostic::{Faults, Mark},
    fields::Fields,
    inputs::Inputs,
    keys, notify,
    reader::Reader,
    schedule, site, target,
    tree::{Node, Tree},
    verify,
};
use crate::{
    pipeline::{Agent, Pipeline, Source},
    report::PipelineName,
};

/// A pipeline file is a page or two; more is a mistake, or an attack on the parser.
const MAX_FILE: u64 = 1 << 20;

/// A file that was read, before it is compared with the others of its folder.
pub(super) struct Draft {
    pub(super) path: PathBuf,
    pub(super) faults: Faults,
    /// The agent whose training text it would replace, known even when the rest is faulty: a broken file's
    /// pipeline goes on running as it was.
    pub(super) agent: Option<(String, Mark)>,
    /// None when a fault leaves none.
    pipeline: Option<Pipeline>,
}

impl Draft {
    pub(super) fn read(path: &Path, defaults: &Defaults, env: &Env<'_>, inputs: &mut Inputs) -> Draft {
        inputs.note(path);
        let mut faults = Faults::new(path.to_owned());
        let name = pipeline_name(path, &mut faults);
        let mut draft = Draft { path: path.to_owned(), faults, agent: None, pipeline: None };
        let tree =
            text(File::open(path), &mut draft.faults).and_then(|text| Tree::parse(&text, &mut draft.faults));
        if let Some(tree) = tree {
            draft.fill_in(name, &tree, defaults, env, inputs);
        }
        draft
    }

    fn fill_in(
        &mut self,
        name: Option<PipelineName>,
        tree: &Tree,
        defaults: &Defaults,
        env: &Env<'_>,
        inputs: &mut Inputs,
    ) {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let mut reader = Reader { tree, env, folder, faults: &mut self.faults, inputs };
        let file = reader.fields(tree.root(), &keys::FILE);
        version(&mut reader, &file);
        let enabled = reader.flag(&file, "enabled", true);
        let (agent, agent_at) = agent(&mut reader, &file).unzip();
        let schedule = schedule::schedule(&mut reader, &file, name.as_ref());
        let sources = sources(&mut reader, &file);
        let cleaning = clean::cleaning(&mut reader, &file);
        let near = corpus::near(&mut reader, &file);
        let budget = corpus::budget(&mut reader, &file);
        let gates = corpus::gates(&mut reader, &file);
        let publish = target::publish(&mut reader, &file);
        let verify = verify::questionnaire(&mut reader, &file, &publish);
        let notify = notify::notify(&mut reader, &file, &keys::NOTIFY, &defaults.notify);

        let claimed = agent.as_ref().map(|agent| agent.id.clone());
        self.agent = claimed.zip(agent_at).filter(|_| publish.is_chatbase);
        if let (Some(name), Some(agent), Some(target)) = (name, agent, publish.target) {
            self.pipeline = Some(Pipeline {
                name,
                enabled,
                agent,
                schedule,
                sources,
                only: None,
                cleaning,
                near,
                budget,
                gates,
                target,
                min_interval: publish.min_interval,
                keep: publish.keep,
                verify,
                notify: Arc::new(notify),
            });
        }
    }

    pub(super) fn finish(self) -> Result<Loaded, Vec<Diagnostic>> {
        let has_errors = self.faults.has_errors();
        let diagnostics = self.faults.into_diagnostics();
        match self.pipeline {
            Some(pipeline) if !has_errors => Ok(Loaded { pipeline, warnings: diagnostics }),
            _ => Err(diagnostics),
        }
    }
}

fn pipeline_name(path: &Path, faults: &mut Faults) -> Option<PipelineName> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = PipelineName::new(&stem);
    if let Err(error) = &name {
        faults.error(None, error.to_string(), "a pipeline has the name of its file: rename it");
    }
    name.ok()
}

/// Checks which format the file is of.
pub(super) fn version<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) {
    if let Some(version) = reader.required(file, "version", "add `version: 1` as the first line")
        && let Some(text) = reader.text(version).filter(|text| !text.unset)
    {
        reader.choice(version, &text, &[("1", ())]);
    }
}

/// The text of a file, without byte order mark.
pub(super) fn text(file: io::Result<File>, faults: &mut Faults) -> Option<String> {
    let mut bytes = Vec::new();
    let read = file.and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        faults.error(None, format!("cannot read the file: {error}"), "");
        return None;
    }
    if bytes.len() as u64 > MAX_FILE {
        faults.error(
            None,
            format!("the file is larger than {MAX_FILE} bytes"),
            "a pipeline file is a page or two",
        );
        return None;
    }
    // With or without its mark, UTF-16 has a zero byte beside every ASCII character.
    if bytes.starts_with(b"\xff\xfe")
        || bytes.starts_with(b"\xfe\xff")
        || bytes.iter().take(4).any(|b| *b == 0)
    {
        faults.error(None, "the file is UTF-16 or UTF-32", "save it as UTF-8");
        return None;
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid =
                String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).into_owned();
            let last_line = valid.rsplit('\n').next().unwrap_or_default();
            let line = valid.bytes().filter(|b| *b == b'\n').count() as u64 + 1;
            let at = Mark { line, column: last_line.chars().count() as u64 + 1 };
            faults.error(at, "the file is not UTF-8", "save it as UTF-8");
            return None;
        }
    };
    match text.strip_prefix('\u{feff}') {
        Some(unmarked) => Some(unmarked.to_owned()),
        None => Some(text),
    }
}

/// The agent, and where its id stands.
fn agent<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Option<(Agent, Mark)> {
    /// The vendor's documentation asks for as many in `chatbotName`.
    const SHORTEST_NAME: usize = 3;
    let agent = reader.section(file, "agent", &keys::AGENT);
    let name = agent.field("name").and_then(|field| Some((field, reader.text(field)?)));
    if let Some((field, text)) = &name {
        let length = text.value.chars().count();
        if text.value.trim().is_empty() || text.value.chars().any(char::is_control) {
            reader.faults.error(field.at(), "`name` is empty or holds a control character", "");
        } else if length < SHORTEST_NAME && !text.unset {
            let message = format!(
                "`name` has {length} characters: Chatbase asks for {SHORTEST_NAME}, and may refuse it"
            );
            reader.faults.warn(field.at(), message, "remove it to keep the agent's name as it is");
        }
    }
    let id = reader.required(&agent, "id", "copy the id from the agent's settings at Chatbase")?;
    let text = reader.text(id)?;
    if !text.unset
        && (text.value.is_empty() || text.value.chars().any(|c| c.is_control() || c.is_whitespace()))
    {
        reader.faults.error(id.at(), "`id` is empty, or holds white space or a control character", "");
    } else if !text.value.is_ascii() {
        // Some look like letters that are, or like nothing at all.
        let message = "`id` holds characters that no id at Chatbase has";
        reader.faults.warn(id.at(), message, "copy it from the agent's settings, or type it again");
    }
    // An unset id is the text as written, so that two files which name the same variable still clash.
    Some((Agent { id: text.value, name: name.map(|(_, text)| text.value) }, id.at()))
}

fn sources<'a>(reader: &mut Reader<'a>, file: &Fields<'a>) -> Vec<Source> {
    const HELP: &str =
        "write `sources: [{site: {start: \"https://docs.example.com/\"}}]`, or one `- site:` a line";
    let Some(field) = reader.required(file, "sources", HELP) else {
        return Vec::new();
    };
    let items = reader.items(field, HELP);
    if field.is_empty_list() {
        reader.faults.error(field.at(), "`sources` is empty", HELP);
    }
    items.iter().filter_map(|item| source(reader, reader.tree.node(*item), HELP)).collect()
}

fn source<'a>(reader: &mut Reader<'a>, node: &'a Node, help: &str) -> Option<Source> {
    let source = reader.fields(node, &keys::SOURCE);
    let site = reader.required(&source, "site", help)?;
    site::site(reader, site.node).map(Source::Site)
}
