//! `corpusd man [DIR]`: the manual pages, from the help of each command and what the help has no room for.

use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{Cli, Exit, put};

/// Files that the program reads and writes, for `corpusd(1)`.
const FILES: [(&str, &str); 4] = [
    ("pipelines/*.yaml, else /etc/corpusd/*.yaml", "A pipeline each, named for its file."),
    (
        "corpusd.yaml",
        "Settings of the daemon, in the folder where it starts, in that of the pipelines, or in /etc/corpusd.",
    ),
    ("state/, or /var/lib/corpusd as a service", "What each pipeline knows, one SQLite file each."),
    (
        "/etc/default/corpusd",
        "Variables for the services of systemd, such as CHATBASE_API_KEY=…; read by root.",
    ),
];

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Where the pages go, one per command; without it the first of them is printed
    dir: Option<PathBuf>,
}

/// Writes the manual pages.
pub(super) fn man(args: &ManArgs) -> anyhow::Result<Exit> {
    let mut program = Cli::command();
    // Gives the commands their full names, and the options that all have.
    program.build();
    if let Some(dir) = &args.dir {
        fs::create_dir_all(dir).with_context(|| format!("create `{}`", dir.display()))?;
        for command in [&program].into_iter().chain(program.get_subcommands()) {
            let file = dir.join(format!("{}.1", command.get_display_name().unwrap_or("corpusd")));
            let page = page(command).context("make a page")?;
            fs::write(&file, page).with_context(|| format!("write `{}`", file.display()))?;
        }
    } else {
        put(&String::from_utf8(page(&program)?)?)?;
    }
    Ok(Exit::Done)
}

/// The page of a command, in roff.
fn page(command: &clap::Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .source(concat!("corpusd ", env!("CARGO_PKG_VERSION")))
        .manual("corpusd manual");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
        let codes = Exit::ALL.map(|exit| (exit.code().to_string(), exit.meaning()));
        definitions("EXIT STATUS", codes.iter().map(|(code, meaning)| (code.as_str(), *meaning)), &mut page)?;
        definitions("FILES", FILES.into_iter(), &mut page)?;
    } else {
        Roff::new()
            .control("SH", ["SEE ALSO"])
            .text([bold("corpusd"), roman("(1), for exit codes and files")])
            .to_writer(&mut page)?;
    }
    Ok(page)
}

/// A section of terms, each with what it is.
fn definitions<'a>(
    heading: &str,
    terms: impl Iterator<Item = (&'a str, &'a str)>,
    page: &mut impl Write,
) -> io::Result<()> {
    let mut section = Roff::new();
    section.control("SH", [heading]);
    for (term, meaning) in terms {
        section.control("TP", []).text([bold(term)]).text([roman(meaning)]);
    }
    section.to_writer(page)
}
