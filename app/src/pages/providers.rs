//! AI APIs.

use crate::{
    api::providers::{SwitchProvider, list_providers},
    components::{
        badge::{Badge, Tone},
        flow::{BreakerPanel, PauseSwitch, PausedBadge},
        form::{FormError, Submit, fault_of, pending_for},
        frame::viewer_may,
        list_page::{Column, List, ListPage, NothingYet, Table},
    },
    live::Live,
    view::connections::{ProviderPage, ProviderRow},
};
use domain::{breaker::BreakerKey, pause::PauseTarget, provider::ProviderKind, role::Role};
use leptos::prelude::*;

static LIST: List = List {
    title: "Providers",
    aside: "the AI that writes",
    href: "/providers",
    add: "Add provider",
    form: "/providers/new",
    none: "No providers yet",
    about: "A provider is an AI API: OpenAI, Anthropic, or any server that speaks like one of them, also in your own network.",
    command: "tidegate provider add openai --kind openai --model gpt-5-mini --key-stdin",
};

/// All of them with their models.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let switch = ServerAction::<SwitchProvider>::new();
    let page = Resource::new(move || (Live::version(), switch.version().get()), |_| list_providers());
    let added = "The provider was added. Rules can use it now.";
    view! {
        <ListPage list=&LIST page rows=move |page| rows(page, switch) added>
            <FormError fault=fault_of(switch)/>
        </ListPage>
    }
    .into_any()
}

fn rows(page: ProviderPage, switch: ServerAction<SwitchProvider>) -> AnyView {
    if page.rows.is_empty() {
        return view! { <NothingYet list=&LIST/> }.into_any();
    }
    let may = viewer_may(Role::may_configure);
    let mut columns = vec![Column::Words("Provider"), Column::Words("Model"), Column::Words("Key")];
    columns.extend(may.then_some(Column::Actions));
    let guarded = page
        .rows
        .iter()
        .flat_map(|row| {
            let model = BreakerKey::Model(row.id, row.model.clone());
            [
                (BreakerKey::Provider(row.id), format!("{} · all models", row.slug)),
                (model, format!("{} · {}", row.slug, row.model)),
            ]
        })
        .collect();
    view! {
        <Table caption="Providers, by name" columns>
            {page.rows.into_iter().map(|row| view! { <Line row may switch/> }).collect_view()}
        </Table>
        <BreakerPanel targets=guarded/>
    }
    .into_any()
}

/// What a wire format is called.
pub(super) const fn kind_words(kind: ProviderKind) -> &'static str {
    match kind {
        ProviderKind::Openai => "OpenAI",
        ProviderKind::Anthropic => "Anthropic",
    }
}

#[component]
fn Line(row: ProviderRow, may: bool, switch: ServerAction<SwitchProvider>) -> impl IntoView {
    let (this, on) = (row.id, row.enabled);
    let pending = pending_for(switch, move |input| input.id == this);
    let place = row.base_url.unwrap_or_else(|| format!("{}’s own address", kind_words(row.kind)));
    view! {
        <tr>
            <th scope="row" class="c-main">
                <span class="title">
                    {row.slug}<span class="aside">{kind_words(row.kind)}</span>
                    {(!row.enabled).then(|| view! { <Badge tone=Tone::Quiet words="Off"/> })}
                    <PausedBadge target=PauseTarget::Provider(row.id)/>
                </span>
                <span class="sub" title=place.clone()>{place.clone()}</span>
                {(!on).then(|| view! { <p class="sub wraps">"Its jobs are held until it is switched on."</p> })}
            </th>
            <td class="c-wide" data-label="Model">{row.model}</td>
            <td class="c-wide" data-label="Key">{match row.key_place {
                Some(place) => view! {
                    <code>{place}</code>
                    {row.key_problem.map(|problem| view! { <span class="sub alarm">{problem}</span> })}
                }
                .into_any(),
                None => (if row.has_key { "stored" } else { "none" }).into_any(),
            }}</td>
            {may.then(|| view! {
                <td class="num c-act">
                    <div class="row-acts">
                    <ActionForm action=switch>
                        <input type="hidden" name="id" value=this.to_string()/>
                        <input type="hidden" name="on" value=(!on).to_string()/>
                        <Submit words=if on { "Switch off" } else { "Switch on" } busy="Switching…" pending main=false/>
                    </ActionForm>
                    <PauseSwitch target=PauseTarget::Provider(this)/>
                    </div>
                </td>
            })}
        </tr>
    }
    .into_any()
}
