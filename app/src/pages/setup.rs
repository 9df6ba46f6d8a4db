//! The first account, made once through the link that the server prints when it starts without any.

use crate::{
    api::account::{SetUp, needs_set_up},
    components::{
        form::{FormError, Submit, TextField, fault_of},
        icon::Mark,
    },
    error::{AppError, Field},
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// E-mail address and password for the owner, if the link is there and nobody was first.
#[component]
pub fn SetupPage() -> impl IntoView {
    let fresh = Resource::new_blocking(|| (), |()| needs_set_up());
    let token = use_query_map().get_untracked().get("token").unwrap_or_default();
    // Made here and not below the waiting: without JavaScript its error comes with the page's URL.
    let action = ServerAction::<SetUp>::new();
    view! {
        <Title text="Set up"/>
        <main class="alone">
            <section class="panel sheet">
                <p class="brand"><Mark/>"Tidegate"</p>
                <h1>"Set up"</h1>
                <Suspense>
                    {move || {
                        let token = token.clone();
                        Suspend::new(async move {
                            match fresh.await {
                                Ok(true) if token.is_empty() => view! { <NoLink/> }.into_any(),
                                Ok(true) => view! { <OwnerForm token action/> }.into_any(),
                                _ => view! { <DoneAlready/> }.into_any(),
                            }
                        })
                    }}
                </Suspense>
            </section>
        </main>
    }
    .into_any()
}

#[component]
fn OwnerForm(token: String, action: ServerAction<SetUp>) -> impl IntoView {
    let fault = fault_of(action);
    let spent = move || fault.get().and_then(|error| AppError::about(error, Field::SetupLink));
    view! {
        <p class="lead">"This makes the first account. It owns the whole installation; more people can be added later."</p>
        <form method="post" action=SetUp::url()>
            <FormError fault/>
            {move || spent().map(|words| view! { <p class="notice bad" role="alert">{words}</p> })}
            <input type="hidden" name="token" value=token/>
            <TextField label="E-mail address" name="email" kind="email" field=Field::Email fault required=true autocomplete="username"/>
            <TextField label="Password" name="password" kind="password" field=Field::Password fault required=true
                autocomplete="new-password" hint="At least 12 characters."/>
            <Submit words="Make the account" busy="Making it…" pending=false/>
        </form>
    }
    .into_any()
}

#[component]
fn NoLink() -> impl IntoView {
    view! {
        <p class="lead">"Nobody has an account yet. Open the one-time link that Tidegate printed when it started:"</p>
        <pre class="code"><code>"…/setup?token=…"</code></pre>
        <p class="lead">"Or make an account in a terminal:"</p>
        <pre class="code"><code>"tidegate user add you@example.com --role owner"</code></pre>
    }
    .into_any()
}

#[component]
fn DoneAlready() -> impl IntoView {
    view! {
        <p class="lead">"Tidegate is set up already."</p>
        <a class="button main" href="/login">"Sign in"</a>
    }
    .into_any()
}
