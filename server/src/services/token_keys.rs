//! The keys that sign tokens for sites: which ones are published, and replacing the one in use.

use super::{Services, unavailable};
use crate::tokens::{KeyInfo, TokenError, Turn};
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, TokenKeysPort},
    view::token_keys::{KeyTurn, LEADS, TokenKeyRow, TokenKeys},
};
use async_trait::async_trait;
use domain::time::in_words;
use store::{Others, StoreError};

fn said(error: TokenError) -> AppError {
    match error {
        TokenError::Store(StoreError::Conflict) => AppError::invalid(Field::Form, Reason::UnderWay),
        TokenError::Store(error) => unavailable(error),
        // Told in the log by whoever tried to open it.
        TokenError::Key => AppError::Unavailable,
    }
}

fn row(key: KeyInfo) -> Option<TokenKeyRow> {
    let turn = match key.turn {
        Turn::Next(from) => KeyTurn::Next(from),
        Turn::Signs => KeyTurn::Signs,
        Turn::Last(until) => KeyTurn::Last(until),
        Turn::Over => return None,
    };
    Some(TokenKeyRow { id: key.id, turn })
}

#[async_trait]
impl TokenKeysPort for Services {
    async fn token_keys(&self, _: &Actor) -> Result<TokenKeys, AppError> {
        let keys = self.delivery.tokens().keys().await.map_err(said)?;
        Ok(TokenKeys { now: self.clock.now(), keys: keys.into_iter().filter_map(row).collect() })
    }

    async fn replace_token_key(&self, actor: &Actor, lead: Option<i64>) -> Result<String, AppError> {
        if !actor.role.may_own() {
            return Err(AppError::NotAllowed);
        }
        let (lead, others, detail) = match lead {
            None => (0, Others::Go, "signs from now on; those before were withdrawn".to_owned()),
            Some(lead) if lead < *LEADS.start() => {
                return Err(AppError::invalid(Field::Lead, Reason::TooShort));
            }
            Some(lead) if lead > *LEADS.end() => return Err(AppError::invalid(Field::Lead, Reason::TooLong)),
            Some(lead) => {
                let from = self.clock.now().plus(lead).rfc3339();
                (lead, Others::Stay, format!("published; signs from {from}, after {}", in_words(lead)))
            }
        };
        // Of the whole installation, so of no tenant.
        let audit = |name: &str| self.audit(actor, None, "token.rotate", name, detail);
        self.delivery.tokens().replace(lead, others, audit).await.map_err(said)
    }
}
