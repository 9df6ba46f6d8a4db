//! The signing secret of an HTTP endpoint: which ones sign, replacing it, and ending the one that was replaced.

use crate::{
    api::destination::{EndOldSecret as EndIt, ReplaceSigningSecret},
    components::{
        badge::{Badge, Tone},
        code::Folded,
        form::{FormError, SelectField, Submit, TextField, fault_of},
        overlap::overlaps,
    },
    error::Field,
    view::destination::DestinationView,
};
use domain::{id::DestinationId, time::in_words};
use leptos::prelude::*;

/// Those that sign, the one in use first.
#[component]
pub fn SigningSecrets(
    /// How the destination stands.
    view: DestinationView,
) -> impl IntoView {
    let DestinationView { now, row, secret_readable, .. } = view;
    let (tone, words) = match secret_readable {
        Some(true) => (Tone::Good, "Active"),
        _ => (Tone::Bad, "Cannot be read"),
    };
    let retiring = row.old_secret_until.map(|until| {
        let words = format!("Retiring, {} left", in_words(until.since(now)));
        view! {
            <tr>
                <th scope="row"><strong>"Before"</strong></th>
                <td title=until.long()><Badge tone=Tone::Waiting words/></td>
                <td data-label="Signs">"beside the one in use"</td>
            </tr>
        }
    });
    view! {
        <div class="table-box inner">
            <table class="versions signs">
                <caption class="unseen">"Signing secrets, the one in use first"</caption>
                <thead><tr><th scope="col">"Secret"</th><th scope="col">"State"</th><th scope="col">"Signs"</th></tr></thead>
                <tbody>
                    <tr>
                        <th scope="row">
                            <strong>"In use"</strong>
                            {row.secret_place.map(|place| view! { <code class="sub">{place}</code> })}
                        </th>
                        <td><Badge tone words/></td>
                        <td data-label="Signs">"every message"</td>
                    </tr>
                    {retiring}
                </tbody>
            </table>
        </div>
        <p class="hint">"Messages carry the signatures of all that sign, side by side in webhook-signature; X-AI-Signature has room for the one in use alone."</p>
    }
    .into_any()
}

/// The form that replaces it.
#[component]
pub fn ReplaceSecret(
    /// Whose.
    id: DestinationId,
    /// What replaces it.
    action: ServerAction<ReplaceSigningSecret>,
) -> impl IntoView {
    let fault = fault_of(action);
    let open = fault.get_untracked().is_some();
    view! {
        <Folded title="Replace it" open>
            <ActionForm action=action>
                <input type="hidden" name="id" value=id.to_string()/>
                <FormError fault/>
                <TextField label="New secret" name="secret" field=Field::Secret fault kind="password" autocomplete="new-password"
                    hint="Leave it empty to have one made; it is shown once. Or say where it is: env:NAME, file:/path or vault:mount/path#field."/>
                <SelectField label="Sign with the old one, too, for" name="overlap_hours" field=Field::Overlap fault options=overlaps()
                    hint="The endpoint may check by either meanwhile. One that is retiring already ends now."/>
                <Submit words="Replace secret" busy="Replacing…" pending=action.pending()/>
            </ActionForm>
        </Folded>
    }
    .into_any()
}

/// The form that ends the one that was replaced, where one still signs.
#[component]
pub fn EndOldSecret(
    /// How the destination stood when the form was drawn.
    view: DestinationView,
    /// What ends it.
    action: ServerAction<EndIt>,
) -> impl IntoView {
    let fault = fault_of(action);
    let open = fault.get_untracked().is_some();
    let old = move || fault.get().and_then(|error| error.about(Field::OldSecret));
    view.row.old_secret_until.map(|_| {
        view! {
            <Folded title="End the old one now" open>
                <ActionForm action=action>
                    <input type="hidden" name="id" value=view.row.id.to_string()/>
                    <FormError fault/>
                    {move || old().map(|words| view! { <p class="notice bad" role="alert">{words}</p> })}
                    <p class="hint">"Messages are signed with the one in use alone from then on. An endpoint that still checks by the old one refuses them. This cannot be undone."</p>
                    <TextField label="Why" name="why" field=Field::Why fault required=true placeholder="It leaked, or the endpoint has changed over"
                        hint="A few plain words, for the audit log."/>
                    <Submit words="End old secret" busy="Ending…" pending=action.pending() main=false/>
                </ActionForm>
            </Folded>
        }
    })
}
