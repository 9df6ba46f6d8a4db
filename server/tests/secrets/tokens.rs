//! The key that signs tokens is replaced under the eyes of the sites that believe it.

use crate::support::{Node, Place, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, TokenKeysPort},
    view::token_keys::KeyTurn,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    role::Role,
    time::{DAY, HOUR, MINUTE, SECOND},
};
use serde_json::Value;

fn owner() -> Actor {
    Actor { role: Role::Owner, ..admin() }
}

/// The name of the key that signs.
async fn signs(node: &Node) -> String {
    let token = node.base.delivery.tokens().for_site("https://blog.example").await.unwrap();
    let head = token.split('.').next().unwrap();
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

/// The names of the keys that are published, in the order in which they sign.
async fn published(node: &Node) -> Vec<String> {
    let set = node.base.delivery.tokens().published().await.unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn replace(node: &Node, lead: Option<i64>) -> Result<String, AppError> {
    node.base.services.replace_token_key(&owner(), lead).await
}

#[tokio::test]
async fn on_every_node_the_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_ended() {
    let place = Place::new();
    let (one, two) = (place.open(&[]).await.unwrap(), place.open(&[]).await.unwrap());
    let old = signs(&one).await;
    assert_eq!((signs(&two).await, published(&two).await), (old.clone(), vec![old.clone()]));

    let new = replace(&one, Some(DAY)).await.unwrap();
    let audit = one.last_audit().await;
    assert_eq!((audit.action.as_str(), audit.target.as_str()), ("token.rotate", new.as_str()));
    // What the other node read is good for ten seconds.
    place.clock.advance(10 * SECOND);
    for node in [&one, &two] {
        assert_eq!(published(node).await, [old.clone(), new.clone()]);
        assert_eq!(signs(node).await, old, "sites may not know the new one yet");
    }
    // A process that starts meanwhile finds it as far as it is.
    let three = place.open(&[]).await.unwrap();
    assert_eq!((signs(&three).await, published(&three).await.len()), (old.clone(), 2));

    place.clock.advance(DAY - 10 * SECOND);
    for node in [&one, &two, &three] {
        assert_eq!(signs(node).await, new);
        assert_eq!(published(node).await, [old.clone(), new.clone()], "tokens it signed are still good");
    }
    place.clock.advance(10 * MINUTE);
    for node in [&one, &two, &three] {
        assert_eq!(published(node).await, std::slice::from_ref(&new));
    }
    tidegate::tokens::forget(one.base.store.as_ref(), one.base.clock.now()).await.unwrap();
    assert_eq!(one.base.store.token_keys().await.unwrap().len(), 1);
    assert_eq!((signs(&three).await, published(&three).await), (new.clone(), vec![new]));
}

#[tokio::test]
async fn while_a_key_waits_to_sign_no_other_is_published_unless_one_leaked() {
    let place = Place::new();
    let (one, two) = (place.open(&[]).await.unwrap(), place.open(&[]).await.unwrap());
    let first = signs(&two).await;
    let waits = replace(&one, Some(HOUR)).await.unwrap();
    assert_eq!(replace(&two, Some(DAY)).await, Err(AppError::invalid(Field::Form, Reason::UnderWay)));
    assert_eq!(published(&one).await, [first.clone(), waits]);

    let clean = replace(&one, None).await.unwrap();
    assert_eq!(published(&one).await, std::slice::from_ref(&clean), "nobody is told to believe the others");
    assert_eq!(one.last_audit().await.detail, "signs from now on; those before were withdrawn");
    place.clock.advance(10 * SECOND);
    assert_eq!((signs(&two).await, published(&two).await), (clean.clone(), vec![clean]));
}

#[tokio::test]
async fn only_owners_replace_the_key_and_only_with_time_enough_for_sites() {
    let place = Place::new();
    let node = place.open(&[]).await.unwrap();
    let refused = node.base.services.replace_token_key(&admin(), Some(DAY)).await;
    assert_eq!(refused, Err(AppError::NotAllowed));
    for (lead, reason) in [(MINUTE, Reason::TooShort), (31 * DAY, Reason::TooLong)] {
        assert_eq!(replace(&node, Some(lead)).await, Err(AppError::invalid(Field::Lead, reason)));
    }
    let keys = node.base.services.token_keys(&admin()).await.unwrap();
    assert_eq!((keys.keys.len(), keys.keys[0].turn), (1, KeyTurn::Signs));
}
