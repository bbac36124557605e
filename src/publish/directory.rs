//! The corpus as a file: `corpus.md`, replaced as a whole or not at all.

use std::{fs, io, path::Path};

use crate::{
    gate::ApprovedCorpus,
    hash::{Hash, sha256},
    replace::replace,
};

/// The file's name.
const FILE: &str = "corpus.md";

/// Writes `corpus.md` into `folder`, which is made where it is missing, for its owner alone.
pub(super) fn write(folder: &Path, corpus: &ApprovedCorpus) -> io::Result<()> {
    make(folder)?;
    replace(&folder.join(FILE), corpus.text().as_bytes())
}

/// SHA-256 of the corpus in `folder`; `None` where there is none.
pub(super) fn held(folder: &Path) -> Option<Hash> {
    fs::read(folder.join(FILE)).ok().map(|text| sha256(&text))
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
