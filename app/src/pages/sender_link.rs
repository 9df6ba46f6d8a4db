//! Giving out a link to a vendor's sender page, and ending all that were given out. Opening the page makes a link;
//! it is not kept, and giving it out is audited.

use crate::{
    api::sender::{EndSenderLinks, make_sender_link},
    components::{
        code::Code,
        empty::{LoadError, Skeleton},
        form::{FormError, Submit, fault_of},
        frame::OnlyFor,
        page_head::PageHead,
    },
    error::AppError,
    view::sender::SenderLink,
};
use domain::{id::VendorId, role::Role};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// A link for the vendor named in the query.
#[component]
pub fn SenderLinkPage() -> impl IntoView {
    let vendor = use_query_map().get_untracked().get("vendor").and_then(|id| id.parse::<VendorId>().ok());
    let end = ServerAction::<EndSenderLinks>::new();
    view! {
        <PageHead title="Sender page" parent=("Requests", "/requests")/>
        <OnlyFor right=Role::may_configure><Link vendor end/></OnlyFor>
    }
    .into_any()
}

#[component]
fn Link(vendor: Option<VendorId>, end: ServerAction<EndSenderLinks>) -> impl IntoView {
    let link = Resource::new_blocking(
        || (),
        move |()| async move { make_sender_link(vendor.ok_or(AppError::NotFound)?).await },
    );
    view! {
        <Suspense fallback=|| view! { <Skeleton rows=2/> }>
            {move || Suspend::new(async move {
                match (link.await, vendor) {
                    (Ok(link), Some(vendor)) => view! { <Given link vendor end/> }.into_any(),
                    (Err(error), _) => view! { <LoadError error href="/vendors"/> }.into_any(),
                    (Ok(_), None) => view! { <LoadError error=AppError::NotFound href="/vendors"/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Given(link: SenderLink, vendor: VendorId, end: ServerAction<EndSenderLinks>) -> impl IntoView {
    view! {
        <section class="panel sheet once">
            <h2>{format!("For the engineer behind “{}”", link.vendor)}</h2>
            <p>"Whoever has this link sees, without an account, what this vendor’s last requests were refused for, how to sign, and can check a signature. It shows no secret, no body and nothing of other vendors."</p>
            <Code text=link.url label="Link to the sender page"/>
            <p class="hint">{format!("Works until {}.", link.expires_at.long())}</p>
            <ActionForm action=end>
                <input type="hidden" name="vendor" value=vendor.to_string()/>
                <p class="hint">"If a link fell into wrong hands, end all of them; this one, too."</p>
                <div class="actions">
                    <a class="button main" href=format!("/requests?vendor={vendor}&outcome=refused")>"I have copied it"</a>
                    <Submit words="End all links" busy="Ending…" pending=end.pending() main=false/>
                </div>
                <FormError fault=fault_of(end)/>
            </ActionForm>
        </section>
    }
    .into_any()
}
