//! Adding an AI API.

use super::providers::kind_words;
use crate::{
    api::providers::AddProvider,
    components::{
        form::{FormError, SelectField, Submit, TextField, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::Field,
};
use domain::{provider::ProviderKind, role::Role};
use leptos::prelude::*;

/// Name, kind, model, key.
#[component]
pub fn NewProviderPage() -> impl IntoView {
    let action = ServerAction::<AddProvider>::new();
    view! {
        <PageHead title="Add provider" parent=("Providers", "/providers")/>
        <OnlyFor right=Role::may_configure><ProviderForm action/></OnlyFor>
    }
    .into_any()
}

#[component]
fn ProviderForm(action: ServerAction<AddProvider>) -> impl IntoView {
    let fault = fault_of(action);
    let options = ProviderKind::ALL
        .iter()
        .map(|kind| {
            let alike = if *kind == ProviderKind::Openai { ", or a server that speaks the same" } else { "" };
            (kind.to_string(), format!("{}{alike}", kind_words(*kind)))
        })
        .collect();
    view! {
        <section class="panel sheet">
            <ActionForm action>
                <FormError fault/>
                <SelectField label="Kind" name="kind" field=Field::Kind fault options/>
                <TextField label="Name" name="slug" field=Field::Slug fault required=true placeholder="openai"
                    hint="What rules call it."/>
                <TextField label="Model" name="model" field=Field::Model fault required=true placeholder="gpt-5-mini"
                    hint="Asked for unless a rule names another."/>
                <TextField label="Base URL" name="base_url" kind="url" field=Field::BaseUrl fault placeholder="http://127.0.0.1:8080/v1"
                    hint="For a server of your own. Ends before /chat/completions or /messages."/>
                <TextField label="API key" name="key" kind="password" field=Field::Key fault autocomplete="new-password"
                    hint="Stored sealed; never shown again."/>
                <div class="actions">
                    <Submit words="Add provider" busy="Adding…" pending=action.pending()/>
                    <a class="button" href="/providers">"Cancel"</a>
                </div>
            </ActionForm>
        </section>
    }
    .into_any()
}
