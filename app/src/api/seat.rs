//! Where a server function finds who asks and whom to ask. Nothing here panics: what the server did not provide
//! makes the call fail as "unavailable".

use crate::{
    error::AppError,
    ports::{Actor, Ports, RequestInfo, Session},
};
use leptos::prelude::use_context;

/// All ports.
pub(super) fn ports() -> Result<Ports, AppError> {
    use_context().ok_or(AppError::Unavailable).map_err(named)
}

/// The session of this request.
pub(super) fn session() -> Result<Session, AppError> {
    use_context().ok_or(AppError::Unavailable).map_err(named)
}

/// The HTTP call being answered.
pub(super) fn request() -> RequestInfo {
    use_context().unwrap_or_default()
}

/// Whoever is signed in, if anybody.
pub(super) fn visitor() -> Option<Actor> {
    use_context::<Option<Actor>>().flatten()
}

/// Whoever is signed in.
pub(super) fn actor() -> Result<Actor, AppError> {
    visitor().ok_or(AppError::NotSignedIn)
}

/// Whoever is signed in, if they may act on jobs.
pub(super) fn operator() -> Result<Actor, AppError> {
    actor().and_then(|actor| if actor.role.may_operate() { Ok(actor) } else { Err(AppError::NotAllowed) })
}

/// Whoever is signed in, if they may change connections.
pub(super) fn configurer() -> Result<Actor, AppError> {
    actor().and_then(|actor| if actor.role.may_configure() { Ok(actor) } else { Err(AppError::NotAllowed) })
}

/// Whoever is signed in, if they may change what concerns all tenants.
pub(super) fn owner() -> Result<Actor, AppError> {
    actor().and_then(|actor| if actor.role.may_own() { Ok(actor) } else { Err(AppError::NotAllowed) })
}

/// Adds the request to look for in the log.
pub(super) fn named(error: AppError) -> AppError {
    match (error, request().id.parse()) {
        (AppError::Unavailable, Ok(id)) => AppError::Fault(id),
        _ => error,
    }
}
