//! The files that a configuration was read from, and how one sees that it would be read differently now.
//!
//! A pipeline is made of more than its file: keys, tokens and certificates lie in files of their own, and are replaced
//! without a change of the pipeline file.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::files;
use crate::hash::{Hash, sha256};

/// More than is read of any file that counts.
const LARGEST: u64 = 2 << 20;

/// What files held at some moment, as a hash; `None` of one that could not be read, which is a state like any other: the
/// one who reads it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs(BTreeMap<PathBuf, Option<Hash>>);

impl Inputs {
    /// Looks at a file that is about to be read: what changes between the two looks different the next time.
    pub(super) fn note(&mut self, path: &Path) {
        self.0.insert(path.to_owned(), digest(path).ok());
    }

    /// Looks at the pipeline files of a folder, and again at all else that was read with them.
    ///
    /// # Errors
    /// Where the folder cannot be listed: that says nothing about its files.
    pub fn again(&self, folder: &Path) -> io::Result<Inputs> {
        let mut now = Inputs::default();
        // What was a pipeline file and is gone is looked at as well, and cannot be read.
        files(folder)?.iter().chain(self.0.keys()).for_each(|path| now.note(path));
        Ok(now)
    }
}

fn digest(path: &Path) -> io::Result<Hash> {
    // A pipe would keep us waiting.
    if !fs::metadata(path)?.is_file() {
        return Ok(Hash::default());
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(sha256(&text))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::{Defaults, Env, load_dir, tests::MINIMAL};

    /// What is read of a folder with one pipeline, whose key lies in `key`.
    fn read(folder: &Path) -> Inputs {
        let yaml = MINIMAL.replace("${KEY}", "{file: key}");
        fs::write(folder.join("docs.yaml"), yaml).unwrap();
        let env = Env { var: &|_| Some("x".to_owned()), credentials_dir: None, allow_unset: false };
        load_dir(folder, &mut Defaults::default(), &env).unwrap().inputs
    }

    #[test]
    fn what_was_read_is_the_same_until_something_of_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("key"), "one").unwrap();
        let inputs = read(folder.path());
        let same = || inputs.again(folder.path()).unwrap() == inputs;
        assert!(same());
        fs::write(path("notes.txt"), "nobody reads this").unwrap();
        fs::write(path("key"), "one").unwrap();
        assert!(same());
        fs::write(path("key"), "two").unwrap();
        assert!(!same());
        fs::remove_file(path("key")).unwrap();
        assert!(!same());
        fs::write(path("key"), "one").unwrap();
        assert!(same());
        fs::write(path("other.yaml"), "version: 1").unwrap();
        assert!(!same());
        fs::remove_file(path("other.yaml")).unwrap();
        fs::remove_file(path("docs.yaml")).unwrap();
        assert!(!same());
    }

    #[test]
    fn a_key_that_is_missing_is_seen_when_it_comes() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = read(folder.path());
        assert_eq!(inputs.again(folder.path()).unwrap(), inputs);
        fs::write(folder.path().join("key"), "one").unwrap();
        assert_ne!(inputs.again(folder.path()).unwrap(), inputs);
    }

    #[test]
    fn it_sees_what_files_hold_behind_any_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (version, key) in [("..1", "one"), ("..2", "two")] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("key"), key).unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/key", path("key")).unwrap();
        let inputs = read(folder.path());
        symlink("..2", path("..new")).unwrap();
        fs::rename(path("..new"), path("..data")).unwrap();
        assert_ne!(inputs.again(folder.path()).unwrap(), inputs);
    }
}
