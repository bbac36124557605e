//! Notices that pipeline files, or files with keys that they name, have changed.
//!
//! It looks at what the files hold, every few seconds: that sees files replaced by a rename, folders swapped by a link
//! (as Kubernetes does), and mounts that tell of no changes; and it sees none where a file was only touched.

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::{Notify, watch::Receiver};

use crate::{blocking::blocking, config::Inputs};

/// How often it looks. A change counts when it is still the same the next time: nobody writes for so long.
const EVERY: Duration = Duration::from_secs(2);

/// Notifies `changed` whenever the files of `folder`, or those that they name, hold something else than when they were
/// `read` last, and then stood still; also when the folder can no longer be listed, and when it can be again. Never ends.
pub(super) async fn watch(folder: PathBuf, read: Receiver<Option<Inputs>>, changed: Arc<Notify>) {
    let mut last = read.borrow().clone();
    loop {
        tokio::time::sleep(EVERY).await;
        let (seen, folder) = (read.borrow().clone(), folder.clone());
        let (seen, now) = blocking(move || {
            // Whoever reads the files then says why the folder cannot be listed.
            let now = seen.as_ref().unwrap_or(&Inputs::default()).again(&folder).ok();
            (seen, now)
        })
        .await;
        if now == last && now != seen {
            changed.notify_one();
        }
        last = now;
    }
}
