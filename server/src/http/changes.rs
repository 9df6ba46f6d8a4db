//! Whether anything changed that a page may show. It is looked once a second per tenant somebody watches, however many
//! pages are open, and not at all when none is. Owns the looking; who is told, and that they may be, is `stream`'s.

use domain::id::TenantId;
use futures::future::BoxFuture;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::watch;

/// How often it is looked; also the shortest time between two changes that are told.
const LOOK_EVERY: Duration = Duration::from_millis(1000);

/// Numbers that differ when something changed.
pub type Marker = (i64, i64);

/// Reads the marker of one tenant, or of all; none when the database does not answer.
pub type Look = Box<dyn Fn(Option<TenantId>) -> BoxFuture<'static, Option<Marker>> + Send + Sync>;

/// Counts changes per tenant, for those who watch.
pub struct Changes {
    look: Look,
    watched: Mutex<HashMap<Option<TenantId>, watch::Sender<u64>>>,
}

impl Changes {
    /// Nobody watches yet.
    pub fn new(look: Look) -> Arc<Self> {
        Arc::new(Self { look, watched: Mutex::default() })
    }

    /// A number that grows with every change. The first look counts as one, so that what changed before it is not missed
    /// by whoever read a page before.
    pub fn watch(self: &Arc<Self>, scope: Option<TenantId>) -> watch::Receiver<u64> {
        let mut watched = self.watched();
        if let Some(count) = watched.get(&scope) {
            return count.subscribe();
        }
        let (count, receiver) = watch::channel(0);
        watched.insert(scope, count.clone());
        tokio::spawn(self.clone().follow(scope, count));
        receiver
    }

    async fn follow(self: Arc<Self>, scope: Option<TenantId>, count: watch::Sender<u64>) {
        let mut seen = None;
        loop {
            let now = (self.look)(scope).await;
            if now.is_some() && now != seen {
                count.send_modify(|changes| *changes += 1);
            }
            seen = now.or(seen);
            tokio::time::sleep(LOOK_EVERY).await;
            // Under the lock, so that nobody subscribes to a count that is no longer followed.
            let mut watched = self.watched();
            if count.receiver_count() == 0 {
                watched.remove(&scope);
                return;
            }
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Option<TenantId>, watch::Sender<u64>>> {
        // Nothing panics while it is held, and a map is whole after every step.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};

    /// A database whose marker tests set, and which counts how often it is asked. Below zero it does not answer.
    #[derive(Default)]
    struct Database {
        marker: AtomicI64,
        asked: AtomicUsize,
    }

    fn over(database: &Arc<Database>) -> Arc<Changes> {
        let database = database.clone();
        Changes::new(Box::new(move |_| {
            let database = database.clone();
            Box::pin(async move {
                database.asked.fetch_add(1, Relaxed);
                let marker = database.marker.load(Relaxed);
                (marker >= 0).then_some((marker, 0))
            })
        }))
    }

    /// Time is the test's own, so this passes at once.
    async fn seconds(count: u64) {
        tokio::time::sleep(Duration::from_secs(count)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_pages_are_told_of_a_change_by_one_look_a_second() {
        let database = Arc::<Database>::default();
        let changes = over(&database);
        let mut pages: Vec<_> = (0..100).map(|_| changes.watch(None)).collect();
        seconds(10).await;
        assert!((9..=11).contains(&database.asked.load(Relaxed)), "{:?}", database.asked);
        for page in &mut pages {
            assert_eq!(*page.borrow_and_update(), 1, "the first look, and nothing since");
        }
        database.marker.store(7, Relaxed);
        for page in &mut pages {
            page.changed().await.unwrap();
            assert_eq!(*page.borrow_and_update(), 2);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_looks_when_nobody_watches_and_whoever_comes_next_is_told() {
        let database = Arc::<Database>::default();
        let changes = over(&database);
        drop(changes.watch(None));
        seconds(2).await;
        let asked = database.asked.load(Relaxed);
        seconds(60).await;
        assert_eq!(database.asked.load(Relaxed), asked);
        assert!(changes.watched().is_empty());
        let mut page = changes.watch(None);
        page.changed().await.unwrap();
        database.marker.store(1, Relaxed);
        page.changed().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_database_that_does_not_answer_for_a_while_is_no_change() {
        let database = Arc::<Database>::default();
        let changes = over(&database);
        let mut page = changes.watch(None);
        page.changed().await.unwrap();
        page.borrow_and_update();
        database.marker.store(-1, Relaxed);
        seconds(5).await;
        database.marker.store(0, Relaxed);
        seconds(5).await;
        assert!(!page.has_changed().unwrap());
        database.marker.store(2, Relaxed);
        page.changed().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn tenants_are_looked_at_apart() {
        let asked: Arc<Mutex<Vec<Option<TenantId>>>> = Arc::default();
        let one = Some(TenantId::new(uuid::Uuid::from_u128(1)));
        let changes = Changes::new(Box::new({
            let asked = asked.clone();
            move |scope| {
                asked.lock().unwrap().push(scope);
                Box::pin(async { Some((0, 0)) })
            }
        }));
        let (mut all, mut of_one) = (changes.watch(None), changes.watch(one));
        all.changed().await.unwrap();
        of_one.changed().await.unwrap();
        let asked = asked.lock().unwrap().clone();
        assert!(asked.contains(&None) && asked.contains(&one), "{asked:?}");
    }
}
