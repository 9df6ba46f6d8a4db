//! Telling other nodes that there may be work.

use crate::support::{Db, on_both};
use std::time::Duration;
use store::Word;

on_both! {
    a_word_to_other_nodes_is_heard_by_every_one_that_listens,
}

async fn a_word_to_other_nodes_is_heard_by_every_one_that_listens(db: Db) {
    let (one, two) = (db.listen().await.unwrap(), db.listen().await.unwrap());
    for word in [Word::Stored, Word::Anywhere] {
        db.tell_nodes(word).await.unwrap();
    }
    let Some((mut one, mut two)) = one.zip(two) else {
        assert!(db.url.starts_with("sqlite"), "only a file has no other nodes");
        return;
    };
    for node in [&mut one, &mut two] {
        for word in [Word::Stored, Word::Anywhere] {
            let heard = tokio::time::timeout(Duration::from_secs(20), node.heard()).await;
            assert_eq!(heard.expect("a word that was said is heard").unwrap(), word);
        }
    }
}
