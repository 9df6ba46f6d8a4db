//! Event types as rows: counts, first and last seen, the schema's state.

use crate::{
    components::{shape::ModeBadge, when::Ago},
    view::{types::TypeRow, words::number},
};
use domain::time::Timestamp;
use leptos::prelude::*;

/// The table; names the vendor of each row where there are several.
#[component]
pub fn TypesTable(
    /// The rows.
    rows: Vec<TypeRow>,
    /// The server's clock.
    now: Timestamp,
    /// Whether all rows are of one vendor that is named elsewhere.
    #[prop(optional)]
    of_one: bool,
) -> impl IntoView {
    let line = move |row: TypeRow| {
        let schema = row.version.zip(row.mode);
        view! {
            <tr>
                <th scope="row" class="c-main">
                    <a class="title" href=row.href()>{row.name()}</a>
                    {(!of_one).then(|| view! { <span class="sub">{row.vendor.clone()}</span> })}
                </th>
                <td data-label="Schema"><ModeBadge schema/></td>
                <td class:alarm=row.drift_since.is_some() data-label="Drift">
                    {row.drift_since.map(|at| view! { "began "<Ago at now/> })}
                </td>
                <td class="num" data-label="Events">{number(row.events)}</td>
                <td class="num quiet" data-label="First seen"><Ago at=row.first_seen now/></td>
                <td class="num quiet" data-label="Last seen"><Ago at=row.last_seen now/></td>
                <td class="num" data-label="Sample">
                    <a href=format!("/events/{}", row.sample)><code title=row.sample.to_string()>{row.sample.short()}</code></a>
                </td>
            </tr>
        }
    };
    view! {
        <div class="panel table-box">
            <table>
                <caption class="unseen">"Event types, by vendor and name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Type"</th>
                        <th scope="col">"Schema"</th>
                        <th scope="col">"Drift"</th>
                        <th scope="col" class="num">"Events"</th>
                        <th scope="col" class="num">"First seen"</th>
                        <th scope="col" class="num">"Last seen"</th>
                        <th scope="col" class="num">"Sample"</th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
