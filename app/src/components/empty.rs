//! The states a list has besides its rows: loading, nothing yet, no match, could not load.

use crate::error::AppError;
use leptos::prelude::*;

/// Grey lines where rows will be.
#[component]
pub fn Skeleton(
    /// How many.
    #[prop(default = 6)]
    rows: u8,
) -> impl IntoView {
    view! {
        <div class="panel skeleton" role="status">
            <span class="unseen">"Loading"</span>
            {(0..rows).map(|_| view! { <div><span></span><span></span></div> }).collect_view()}
        </div>
    }
    .into_any()
}

/// Nothing yet, and what to do about it.
#[component]
pub fn Nothing(
    /// What there is none of.
    title: &'static str,
    /// What it would be good for.
    text: &'static str,
    /// The command that does the same as the form.
    #[prop(optional)]
    command: Option<&'static str>,
    /// What a person can press.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <section class="panel nothing">
            <h2>{title}</h2>
            <p>{text}</p>
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
            {command.map(|command| view! {
                <p class="or">"or in a terminal"</p>
                <pre class="code"><code>{command}</code></pre>
            })}
        </section>
    }
    .into_any()
}

/// There is something, but not what was asked for.
#[component]
pub fn NoMatch(
    /// Address without filters.
    href: &'static str,
) -> impl IntoView {
    view! {
        <section class="panel nothing">
            <h2>"No match"</h2>
            <p>"Nothing fits these filters at the moment."</p>
            <div class="actions"><a class="button" href=href>"Clear filters"</a></div>
        </section>
    }
    .into_any()
}

/// Could not load: why, what to do, and what to look for in the log.
#[component]
pub fn LoadError(
    /// What went wrong.
    error: AppError,
    /// Address to try again.
    #[prop(into)]
    href: String,
) -> impl IntoView {
    mark_answer(error);
    let signed_out = error == AppError::NotSignedIn;
    let final_word = matches!(error, AppError::NotFound | AppError::NotAllowed);
    let again = !final_word && !signed_out;
    view! {
        <section class="panel nothing" role="alert">
            <h2>{match error {
                AppError::NotSignedIn => "You are signed out",
                AppError::NotAllowed => "Not for you to change",
                AppError::NotFound => "Not here",
                _ => "Could not load",
            }}</h2>
            <p>{error.to_string()}</p>
            <div class="actions">
                {signed_out.then(|| view! { <a class="button main" href="/login" rel="external">"Sign in"</a> })}
                {again.then(|| view! { <a class="button" href=href rel="external">"Try again"</a> })}
                {final_word.then(|| view! { <a class="button" href="/">"Go to the overview"</a> })}
            </div>
            {error.request().map(|id| view! { <p class="or">"Request "<code>{id.to_string()}</code></p> })}
        </section>
    }
    .into_any()
}

/// Gives the page's answer the status that fits, so that crawlers and monitors see it as well.
fn mark_answer(error: AppError) {
    let _ = error;
    #[cfg(feature = "ssr")]
    if let Some(answer) = use_context::<leptos_axum::ResponseOptions>() {
        answer.set_status(match error {
            AppError::NotSignedIn => http::StatusCode::UNAUTHORIZED,
            AppError::NotAllowed => http::StatusCode::FORBIDDEN,
            AppError::NotFound => http::StatusCode::NOT_FOUND,
            AppError::Invalid { .. } => http::StatusCode::BAD_REQUEST,
            AppError::StillUsed { .. } | AppError::OnlySecret => http::StatusCode::CONFLICT,
            AppError::Busy => http::StatusCode::TOO_MANY_REQUESTS,
            AppError::Unavailable | AppError::Fault(_) => http::StatusCode::SERVICE_UNAVAILABLE,
        });
    }
}
