//! Setting up the first account, signing in and out.

use crate::{error::AppError, view::account::Gate};
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// What stands between this visitor and the dashboard.
#[server(prefix = "/ui", endpoint = "gate", input = GetUrl)]
pub async fn read_gate() -> Result<Gate, AppError> {
    use super::seat;
    use crate::view::account::Viewer;
    if let Some(actor) = seat::visitor() {
        return Ok(Gate::Open(Viewer { email: actor.email, role: actor.role }));
    }
    let fresh = seat::ports()?.account.needs_setup().await.map_err(seat::named)?;
    Ok(if fresh { Gate::NeedsSetup } else { Gate::SignedOut })
}

/// Makes the first account and signs it in.
#[server(prefix = "/ui", endpoint = "setup")]
pub async fn set_up(token: String, email: String, password: String) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let token = typed::needed(Field::SetupLink, &token)?;
    let email = typed::needed(Field::Email, &email)?;
    let user = seat::ports()?.account.setup(&token, &email, &password).await.map_err(seat::named)?;
    seat::session()?.0.sign_in(user).await.map_err(seat::named)?;
    leptos_axum::redirect("/");
    Ok(())
}

/// Signs in and goes on to where the visitor wanted to go.
#[server(prefix = "/ui", endpoint = "login")]
pub async fn log_in(email: String, password: String, next: Option<String>) -> Result<(), AppError> {
    use super::{seat, typed};
    use crate::error::Field;
    let email = typed::needed(Field::Email, &email)?;
    let client = seat::request().client;
    let user = seat::ports()?.account.login(&email, &password, &client).await.map_err(seat::named)?;
    seat::session()?.0.sign_in(user).await.map_err(seat::named)?;
    leptos_axum::redirect(&typed::safe_path(next));
    Ok(())
}

/// Ends the session.
#[server(prefix = "/ui", endpoint = "logout")]
pub async fn log_out() -> Result<(), AppError> {
    use super::seat;
    seat::session()?.0.sign_out().await.map_err(seat::named)?;
    leptos_axum::redirect("/login");
    Ok(())
}
