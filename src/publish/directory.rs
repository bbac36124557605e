//! The corpus as a file: `corpus.md`, replaced as a whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use crate::{
    gate::ApprovedCorpus,
    hash::{Hash, sha256},
};

/// The file's name.
const FILE: &str = "corpus.md";

/// Writes `corpus.md` into `folder`, which is made where it is missing, for its owner alone.
pub(super) fn write(folder: &Path, corpus: &ApprovedCorpus) -> io::Result<()> {
    make(folder)?;
    let (path, fresh) = (folder.join(FILE), folder.join(".corpus.md.new"));
    let mut file = File::create(&fresh)?;
    file.write_all(corpus.text().as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, &path)?;
    // The rename is durable when the folder is.
    File::open(folder)?.sync_all()
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
