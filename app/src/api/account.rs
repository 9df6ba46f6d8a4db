//! Setting up the first account, signing in and out. Pages send these as plain forms, never through script: the
//! session changes under the whole page, so the whole page is loaded anew.

use crate::error::AppError;
use leptos::{prelude::*, server_fn::codec::GetUrl};

/// Whether nobody has an account yet.
#[server(prefix = "/ui", endpoint = "setup/needed", input = GetUrl)]
pub async fn needs_set_up() -> Result<bool, AppError> {
    use super::seat;
    seat::ports()?.account.needs_setup().await.map_err(seat::named)
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

/// Whoever is signed in, as pages know them. On the server only; browsers get it with the page.
pub fn viewer() -> Option<crate::view::account::Viewer> {
    #[cfg(feature = "ssr")]
    {
        let actor = super::seat::visitor()?;
        Some(crate::view::account::Viewer { email: actor.email, role: actor.role })
    }
    #[cfg(not(feature = "ssr"))]
    None
}
