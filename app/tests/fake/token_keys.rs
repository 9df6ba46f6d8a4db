//! Keys of tokens: one that signs, one that waits to.

use super::Fake;
use app::{
    error::{AppError, Field, Reason},
    ports::{Actor, TokenKeysPort},
    view::token_keys::{KeyTurn, LEADS, TokenKeyRow, TokenKeys},
};
use async_trait::async_trait;
use domain::time::HOUR;

#[async_trait]
impl TokenKeysPort for Fake {
    async fn token_keys(&self, _: &Actor) -> Result<TokenKeys, AppError> {
        self.well()?;
        let key = |id: &str, turn| TokenKeyRow { id: id.into(), turn };
        let keys = vec![
            key("S5hGGnDTyQ0nhWyE1jvSMPmmCwVzVAJmzGfZ0LkzDFc", KeyTurn::Signs),
            key("7Yb2mJ2mBk9n9qN2s0Zk3w4hZpX1yq8rT5uV6wX7yZ0", KeyTurn::Next(self.now.plus(23 * HOUR))),
        ];
        Ok(TokenKeys { now: self.now, keys })
    }

    async fn replace_token_key(&self, _: &Actor, lead: Option<i64>) -> Result<String, AppError> {
        if lead.is_some_and(|lead| lead > *LEADS.end()) {
            return Err(AppError::invalid(Field::Lead, Reason::TooLong));
        }
        self.note(format!("replace token key {lead:?}"));
        Ok("new".into())
    }
}
