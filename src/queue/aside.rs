//! Work that waits for the disk, beside the tasks of its thread, which go on meanwhile.

use std::panic::resume_unwind;

use tokio::task::spawn_blocking;

/// Does it in a thread where it may wait. It is done to its end, even if nobody awaits that any more;
/// a panic in it is one of who awaits it.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => resume_unwind(error.into_panic()),
    }
}
