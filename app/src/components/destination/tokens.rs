//! The tokens a site is shown: whom they name, which keys sign them, and replacing the one in use.

use crate::{
    api::token_keys::ReplaceTokenKey,
    components::{
        badge::{Badge, Tone},
        code::Folded,
        copy::CopyCode,
        form::{FormError, SelectField, Submit, fault_of},
        frame::viewer_may,
    },
    error::Field,
    view::token_keys::{KeyTurn, TokenKeyRow, TokenKeys},
};
use domain::{
    role::Role,
    time::{Timestamp, in_words},
};
use leptos::prelude::*;

/// How long a new key can be published before it signs: hours, and words. Sites fetch keys twice a day.
const LEADS: [(&str, &str); 4] =
    [("24", "24 hours"), ("72", "3 days"), ("168", "7 days"), ("0", "none: the old one leaked and ends now")];

/// What the site is told about its tokens.
#[component]
pub fn Issuer(
    /// Whom they name.
    issuer: String,
) -> impl IntoView {
    view! {
        <p>"On the site, under Settings → Writing, this is the address of Tidegate:"</p>
        <CopyCode text=issuer label="Address of Tidegate"/>
        <p class="hint">"There an administrator also says which account the tokens stand for. A token is good for this site and for a minute."</p>
    }
    .into_any()
}

/// The keys as a table.
#[component]
pub fn Keys(
    /// Those that are published.
    keys: TokenKeys,
) -> impl IntoView {
    let TokenKeys { now, keys } = keys;
    view! {
        <div class="table-box inner">
            <table class="versions signs">
                <caption class="unseen">"Keys of tokens, in the order in which they sign"</caption>
                <thead><tr><th scope="col">"Key"</th><th scope="col">"State"</th></tr></thead>
                <tbody>{keys.into_iter().map(|key| row(key, now)).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(key: TokenKeyRow, now: Timestamp) -> impl IntoView {
    let (tone, words, at) = match key.turn {
        KeyTurn::Signs => (Tone::Good, "Signs".to_owned(), None),
        KeyTurn::Next(from) => {
            (Tone::Waiting, format!("Published, signs in {}", in_words(from.since(now))), Some(from))
        }
        KeyTurn::Last(until) => {
            (Tone::Quiet, format!("Published for {} more", in_words(until.since(now))), Some(until))
        }
    };
    view! {
        <tr>
            <th scope="row"><code class="thumbprint">{key.id}</code></th>
            <td title=at.map(Timestamp::long)><Badge tone words/></td>
        </tr>
    }
}

/// The form that replaces it, for owners: all sites of the installation believe the same keys.
#[component]
pub fn ReplaceKey(
    /// What replaces it.
    action: ServerAction<ReplaceTokenKey>,
) -> impl IntoView {
    let fault = fault_of(action);
    let open = fault.get_untracked().is_some();
    let options = LEADS.map(|(hours, words)| (hours.to_owned(), words.to_owned())).into();
    viewer_may(Role::may_own).then(|| {
        view! {
            <div class="deeds">
                <Folded title="Replace the key" open>
                    <ActionForm action=action>
                        <FormError fault/>
                        <SelectField label="Publish the new one before it signs for" name="lead_hours" field=Field::Lead fault options
                            hint="Sites fetch keys twice a day by themselves. Where keys were pasted, paste the new set meanwhile. Withdrawn at once, the old key is believed until a site has fetched the new one, which it does at the first call signed with it; that call is made again."/>
                        <Submit words="Replace key" busy="Replacing…" pending=action.pending()/>
                    </ActionForm>
                </Folded>
            </div>
        }
    })
}
