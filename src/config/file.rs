//! Opening what a configuration is made of.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

/// Opens a file, behind any link. A pipe would keep its reader waiting, for ever where nobody writes into it, and a device
/// may have no end.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let found = fs::metadata(path)?;
    if !found.is_file() && !found.is_dir() {
        return Err(io::Error::other("it is a pipe or a device, and no file"));
    }
    File::open(path)
}
