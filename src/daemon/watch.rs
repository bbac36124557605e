//! Notices that pipeline files have changed.
//!
//! It looks at what the files hold, every few seconds: that sees files replaced by a rename, folders swapped by a link
//! (as Kubernetes does), and mounts that tell of no changes; and it sees none where a file was only touched.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    blocking::blocking,
    config,
    hash::{Hash, sha256},
};

/// How often it looks. A change counts when it is still the same the next time: nobody writes for so long.
const EVERY: Duration = Duration::from_secs(2);
/// More than any pipeline file that is taken.
const LARGEST: u64 = 2 << 20;

/// What the files of a folder held at some moment; `None` where that could not be found out.
pub(super) async fn look(folder: &Path) -> Option<Hash> {
    let folder = folder.to_owned();
    let digest = blocking(move || digest(&folder)).await;
    digest.inspect_err(|error| tracing::debug!("the pipeline files could not be looked at: {error}")).ok()
}

/// Notifies `changed` whenever the files of `folder` have changed from what was `read` last, and then stood still; never
/// ends.
pub(super) async fn watch(folder: PathBuf, mut read: Option<Hash>, changed: Arc<Notify>) {
    let mut last = read;
    loop {
        tokio::time::sleep(EVERY).await;
        let now = look(&folder).await;
        // A folder that cannot be read says nothing about its files.
        if now.is_some() && now == last && now != read {
            read = now;
            changed.notify_one();
        }
        last = now;
    }
}

fn digest(folder: &Path) -> io::Result<Hash> {
    let mut all = Vec::new();
    for path in config::files(folder)? {
        all.extend(sha256(path.as_os_str().as_encoded_bytes()));
        // A file that cannot be read is a change like any other: the one who reads it next will say so.
        all.extend(text(&path).map_or(Hash::default(), |text| sha256(&text)));
    }
    Ok(sha256(&all))
}

fn text(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe would keep us waiting.
    if !fs::metadata(path)?.is_file() {
        return Ok(Vec::new());
    }
    let mut text = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn it_sees_what_files_hold_behind_any_link() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (version, text) in [("..1", "a"), ("..2", "b")] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("docs.yaml"), text).unwrap();
        }
        symlink("..1", path("..data")).unwrap();
        symlink("..data/docs.yaml", path("docs.yaml")).unwrap();
        let first = digest(folder.path()).unwrap();
        fs::write(path("notes.txt"), "x").unwrap();
        fs::write(path("..1").join("docs.yaml"), "a").unwrap();
        assert_eq!(digest(folder.path()).unwrap(), first);
        symlink("..2", path("..new")).unwrap();
        fs::rename(path("..new"), path("..data")).unwrap();
        assert_ne!(digest(folder.path()).unwrap(), first);
    }
}
