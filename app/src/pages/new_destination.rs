//! Adding a destination.

use crate::{
    api::destinations::AddDestination,
    components::{
        destination::facts::kind_words,
        form::{AreaField, FormError, SelectField, Submit, TextField, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::Field,
};
use domain::{
    destination::{DestinationAuth, DestinationKind, DestinationMethod},
    role::Role,
};
use leptos::prelude::*;

/// Name, URL, and how Tidegate proves itself.
#[component]
pub fn NewDestinationPage() -> impl IntoView {
    let action = ServerAction::<AddDestination>::new();
    view! {
        <PageHead title="Add destination" parent=("Destinations", "/destinations")/>
        <OnlyFor right=Role::may_configure><DestinationForm action/></OnlyFor>
    }
    .into_any()
}

/// What a way of signing in is called.
const fn auth_words(auth: DestinationAuth) -> &'static str {
    match auth {
        DestinationAuth::AppPassword => "Application password (WordPress)",
        DestinationAuth::Jwt => "Signed token (needs our plugin)",
        DestinationAuth::Signature => "Signature (HTTP endpoint)",
    }
}

#[component]
fn DestinationForm(action: ServerAction<AddDestination>) -> impl IntoView {
    let fault = fault_of(action);
    let kinds =
        DestinationKind::ALL.iter().map(|kind| (kind.to_string(), kind_words(*kind).into())).collect();
    let auths =
        DestinationAuth::ALL.iter().map(|auth| (auth.to_string(), auth_words(*auth).into())).collect();
    let methods = DestinationMethod::ALL
        .iter()
        .filter(|method| **method != DestinationMethod::Post)
        .map(|method| (method.to_string(), method.as_str().to_uppercase()))
        .collect();
    view! {
        <section class="panel sheet">
            <ActionForm action>
                <FormError fault/>
                <SelectField label="Kind" name="kind" field=Field::Kind fault options=kinds/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="daily-herald"
                    hint="What rules call it."/>
                <TextField label="URL" name="url" kind="url" field=Field::Url fault required=true placeholder="https://example.com"
                    hint="The site’s address, or the endpoint’s."/>
                <SelectField label="Signs in with" name="auth" field=Field::Auth fault options=auths none="What the kind usually has"/>
                <TextField label="User name" name="user" field=Field::User fault placeholder="tidegate"
                    hint="The WordPress account that owns the application password. Empty for signed tokens: the site chooses the account."/>
                <TextField label="Application password or secret" name="password" kind="password" field=Field::Password fault
                    autocomplete="new-password"
                    hint="WordPress: Users → Profile → Application Passwords. Left empty for an endpoint, a secret is made and shown once; empty for signed tokens."/>
                <SelectField label="Method" name="method" field=Field::Method fault options=methods none="POST"
                    hint="How an endpoint is called."/>
                <AreaField label="Headers" name="headers" field=Field::CallHeaders fault
                    placeholder="Authorization: Bearer …\nContent-Type: application/json"
                    hint="An endpoint is called with these, one Name: value a line. They are stored sealed and shown to nobody."/>
                <div class="actions">
                    <Submit words="Add destination" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/destinations">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
