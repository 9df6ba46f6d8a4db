//! Opening by URL, and the migrations as files.

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};
use store::{OpenOptions, StoreError, open};

#[tokio::test]
async fn a_url_of_no_known_kind_is_refused() {
    for url in ["", "mysql://localhost/x", "sqlite://", "tidegate.db", "postgres"] {
        let opened = open(url, &OpenOptions::default()).await;
        assert!(matches!(opened, Err(StoreError::UnknownUrl)), "{url}");
    }
}

#[tokio::test]
async fn a_new_sqlite_file_and_its_folder_are_for_their_owner_alone() {
    let root = std::env::temp_dir().join(format!("tidegate-store-{}", uuid::Uuid::now_v7().simple()));
    let file = root.join("deep").join("tidegate.db");
    let url = format!("sqlite://{}", file.display());
    let store = open(&url, &OpenOptions::default()).await.unwrap();
    assert!(matches!(store.ping().await, Err(StoreError::SchemaBehind { missing }) if missing[0] == 1));
    store.migrate().await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(file.parent().unwrap()), mode(&file)), (0o700, 0o600));
    assert_eq!(mode(&file.with_extension("db-wal")), 0o600);
    store.close().await;
    fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn several_processes_may_open_and_migrate_one_new_file_at_once() {
    let root = std::env::temp_dir().join(format!("tidegate-store-{}", uuid::Uuid::now_v7().simple()));
    let url = format!("sqlite://{}", root.join("tidegate.db").display());
    let mut processes = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let url = url.clone();
        processes.spawn(async move {
            let store = open(&url, &OpenOptions::default()).await.unwrap();
            store.migrate().await.unwrap();
            store.ping().await.unwrap();
            store.close().await;
        });
    }
    processes.join_all().await;
    fs::remove_dir_all(root).unwrap();
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_made_only_when_that_is_wanted() {
    let root = std::env::temp_dir().join(format!("tidegate-store-{}", uuid::Uuid::now_v7().simple()));
    let url = format!("sqlite://{}", root.join("tidegate.db").display());
    let opened = open(&url, &OpenOptions { create: false, ..OpenOptions::default() }).await;
    assert!(matches!(opened, Err(StoreError::Missing(_))));
    assert!(!root.exists());
}

#[tokio::test]
async fn a_sqlite_file_that_cannot_be_made_is_an_error() {
    let opened = open("sqlite:///proc/nowhere/tidegate.db", &OpenOptions::default()).await;
    assert!(matches!(opened, Err(StoreError::Unavailable(_))));
}

#[test]
fn migrations_come_in_pairs_and_no_number_comes_twice() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(engine);
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let sqlite = names("sqlite");
    assert_eq!(sqlite, names("postgres"));
    let mut numbers = BTreeSet::new();
    for name in &sqlite {
        let (number, _) = name.split_once('_').unwrap();
        assert!(number.len() == 4 && number.parse::<u32>().is_ok() && name.ends_with(".sql"), "{name}");
        assert!(numbers.insert(number), "{name}");
    }
}
