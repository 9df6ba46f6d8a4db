//! The page a vendor's engineer gets by link, as one whole document. Drawn on the server only, without a script: its
//! forms are plain, and nothing of it runs in the browser.

use crate::{
    components::{
        badge::{Badge, Tone},
        code::Code,
        facts::{Fact, Facts},
        icon::Mark,
    },
    error::AppError,
    view::{
        reasons::reason_name,
        sender::{Recipe, SenderPage, SenderRefusal, SignatureVerdict},
        words::size,
    },
};
use domain::time::Timestamp;
use leptos::prelude::*;

/// What was typed into the check, and what came of it.
pub struct Checked {
    /// The verdict.
    pub verdict: Result<SignatureVerdict, AppError>,
    /// The header lines, as typed.
    pub headers: String,
    /// The body, as typed.
    pub body: String,
}

/// The document.
pub fn sender_document(page: Result<SenderPage, AppError>, checked: Option<Checked>) -> String {
    // Views may hold signals; they end with this owner.
    let owner = Owner::new();
    let html = owner.with(|| view! { <Document page checked/> }.to_html());
    format!("<!DOCTYPE html>{html}")
}

#[component]
fn Document(page: Result<SenderPage, AppError>, checked: Option<Checked>) -> impl IntoView {
    let title = match &page {
        Ok(page) => format!("Sending to “{}” · Tidegate", page.vendor),
        Err(_) => "Sender page · Tidegate".to_owned(),
    };
    view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="robots" content="noindex, nofollow"/>
                <meta name="referrer" content="no-referrer"/>
                <title>{title}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href="/pkg/tidegate.css"/>
            </head>
            <body>
                <main class="sender">
                    <p class="brand"><Mark/>"Tidegate"</p>
                    {match page {
                        Ok(page) => view! { <Shown page checked/> }.into_any(),
                        Err(error) => view! { <Closed error/> }.into_any(),
                    }}
                </main>
            </body>
        </html>
    }
    .into_any()
}

#[component]
fn Closed(error: AppError) -> impl IntoView {
    view! {
        <section class="panel nothing">
            {match error {
                AppError::NotFound => view! {
                    <h1>"This link does not work"</h1>
                    <p>"It has ended, was replaced, or was not copied whole. Ask whoever gave it to you for a new one."</p>
                }.into_any(),
                other => view! { <h1>"Could not load"</h1><p>{other.to_string()}</p> }.into_any(),
            }}
        </section>
    }
    .into_any()
}

#[component]
fn Shown(page: SenderPage, checked: Option<Checked>) -> impl IntoView {
    let (now, ends) = (page.now, page.expires_at);
    view! {
        <header class="head">
            <div class="head-words"><h1>{format!("Sending webhooks to “{}”", page.vendor)}</h1></div>
            <p class="quiet">{format!("This page works until {}.", ends.long())}</p>
        </header>
        <section class="panel" aria-labelledby="url">
            <h2 id="url">"Post to this URL"</h2>
            <Code text=page.url label="URL"/>
        </section>
        <Refusals refusals=page.refusals now/>
        <Check checked/>
        <HowTo recipe=page.recipe/>
    }
    .into_any()
}

#[component]
fn Refusals(refusals: Vec<SenderRefusal>, now: Timestamp) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="refused">
            <h2 id="refused">"Refused lately"</h2>
            {if refusals.is_empty() {
                view! { <p class="quiet">"Nothing was refused lately."</p> }.into_any()
            } else {
                view! { <ol class="refusals">{refusals.into_iter().map(|one| refusal(one, now)).collect_view()}</ol> }.into_any()
            }}
        </section>
    }
    .into_any()
}

fn refusal(one: SenderRefusal, now: Timestamp) -> impl IntoView {
    let likely = one.likely.as_deref().map(reason_name);
    view! {
        <li>
            <div class="step-head">
                <p><strong>{reason_name(&one.reason)}</strong><span class="with">{format!("answered {} · {}", one.status, size(one.body_len))}</span></p>
                <time class="step-time" datetime=one.received_at.rfc3339()>{format!("{}, {} UTC", one.received_at.ago(now), one.received_at.in_list(now))}</time>
            </div>
            <p>{one.detail}</p>
            {likely.map(|likely| view! { <p class="hint">"Likely cause: "{likely}"."</p> })}
            <p class="hint"><code>{one.request_id}</code></p>
        </li>
    }
    .into_any()
}

#[component]
fn Check(checked: Option<Checked>) -> impl IntoView {
    let (verdict, headers, body) = match checked {
        Some(checked) => (Some(checked.verdict), checked.headers, checked.body),
        None => (None, String::new(), String::new()),
    };
    view! {
        <section class="panel" aria-labelledby="check">
            <h2 id="check">"Check my signature"</h2>
            {verdict.map(|verdict| view! { <Verdict verdict/> })}
            <p class="hint">"Paste a request exactly as you send it. Nothing is stored, and no job starts."</p>
            <form method="post" action="#check">
                <div class="field">
                    <label for="headers">"Headers"<span class="aside">"one a line, Name: value"</span></label>
                    <textarea id="headers" name="headers" rows="6" spellcheck="false">{in_textarea(&headers)}</textarea>
                </div>
                <div class="field">
                    <label for="body">"Body"<span class="aside">"the bytes that were signed"</span></label>
                    <textarea id="body" name="body" rows="8" spellcheck="false">{in_textarea(&body)}</textarea>
                </div>
                <div class="actions"><button class="button main" type="submit">"Check"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// What was typed, as the contents of a text field: leptos writes those as they are. The first line break after the tag
/// is none to a browser, so that one of the typed text's own survives.
fn in_textarea(typed: &str) -> String {
    format!("\n{}", typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[component]
fn Verdict(verdict: Result<SignatureVerdict, AppError>) -> impl IntoView {
    match verdict {
        Ok(verdict) => {
            let (tone, words) =
                if verdict.valid { (Tone::Good, "Valid") } else { (Tone::Bad, "Would be refused") };
            view! {
                <div class="notice" class:good=verdict.valid class:bad=!verdict.valid role="status">
                    <p><Badge tone words/>" "<strong>{reason_name(&verdict.code)}</strong></p>
                    <p>{verdict.words}</p>
                    {verdict.likely.map(|likely| view! { <p>{likely}</p> })}
                </div>
            }
            .into_any()
        }
        Err(error) => view! { <p class="notice bad" role="alert">{error.to_string()}</p> }.into_any(),
    }
}

#[component]
fn HowTo(recipe: Recipe) -> impl IntoView {
    let facts = recipe
        .facts
        .into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd><code>{value}</code></dd></div> })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="how">
            <h2 id="how">"How to sign"</h2>
            <Facts>
                <Fact name="Scheme">{recipe.preset}</Fact>
                {facts}
            </Facts>
            {recipe.doc_url.map(|href| view! {
                <p class="hint">"Described at "<a href=href.clone() rel="external noreferrer">{href.clone()}</a></p>
            })}
            {recipe.script.map(|script| view! {
                <h3>"A request that is accepted, from a shell"</h3>
                <Code text=script label="Script that signs and sends a sample"/>
            })}
        </section>
    }
    .into_any()
}
