//! Signing in.

use crate::{
    api::account::{LogIn, needs_set_up},
    components::{
        form::{FormError, Submit, TextField, fault_of},
        icon::Mark,
    },
    error::Field,
};
use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

/// E-mail address and password; a way to the first set-up while there is no account.
#[component]
pub fn LoginPage() -> impl IntoView {
    let action = ServerAction::<LogIn>::new();
    let fault = fault_of(action);
    let fresh = Resource::new_blocking(|| (), |()| needs_set_up());
    let next = use_query_map().get_untracked().get("next").unwrap_or_default();
    view! {
        <Title text="Sign in"/>
        <main class="alone">
            <section class="panel sheet">
                <p class="brand"><Mark/>"Tidegate"</p>
                <h1>"Sign in"</h1>
                <Suspense>
                    {move || Suspend::new(async move {
                        (fresh.await == Ok(true)).then(|| view! {
                            <p class="notice">
                                "Nobody has an account yet. Open the one-time link that Tidegate printed when it started, or make an account with "
                                <code>"tidegate user add"</code>"."
                            </p>
                        })
                    })}
                </Suspense>
                <form method="post" action=LogIn::url()>
                    <FormError fault/>
                    <input type="hidden" name="next" value=next/>
                    <TextField label="E-mail address" name="email" kind="email" field=Field::Email fault required=true autocomplete="username"/>
                    <TextField label="Password" name="password" kind="password" field=Field::Password fault required=true autocomplete="current-password"/>
                    <Submit words="Sign in" busy="Signing in…" pending=false/>
                </form>
            </section>
        </main>
    }
    .into_any()
}
