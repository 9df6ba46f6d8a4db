//! Jobs as rows of two lines: state, what it is and why it stands there, length, tokens, cost, time.

use super::{badge::StateBadge, when::When};
use crate::view::{
    jobs::JobRow,
    words::{kind_name, money, number, progress, state_words},
};
use domain::time::Timestamp;
use leptos::{prelude::*, tachys::view::keyed::keyed};

/// A table of jobs. Rows keep their place in the document while they do not change, so that a reader's focus and
/// selection survive an update.
#[component]
pub fn JobTable(
    /// The rows.
    rows: Vec<JobRow>,
    /// The server's clock.
    now: Timestamp,
    /// What the table holds, for screen readers.
    caption: &'static str,
) -> impl IntoView {
    let key = move |row: &JobRow| (row.id, face(row, now));
    view! {
        <div class="panel table-box">
            <table class="jobs">
                <caption class="unseen">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"State"</th>
                        <th scope="col">"Job"</th>
                        <th scope="col" class="num">"Took"</th>
                        <th scope="col" class="num">"Tokens"</th>
                        <th scope="col" class="num">"Cost"</th>
                        <th scope="col" class="num">"Created"</th>
                    </tr>
                </thead>
                <tbody>{keyed(rows, key, move |_, row| (|_: usize| (), line(row, now)))}</tbody>
            </table>
        </div>
    }
    .into_any()
}

/// All words of a row that can change; a row is drawn anew only when they do.
fn face(row: &JobRow, now: Timestamp) -> (String, String, Option<String>) {
    (state_words(row.state, row.attempt, row.next_run_at, now), progress(row, now), row.reason.clone())
}

fn line(row: JobRow, now: Timestamp) -> impl IntoView {
    let way = [row.vendor.clone(), row.target.clone()].into_iter().flatten().collect::<Vec<_>>().join(" → ");
    let sub = format!("{} · {way}", kind_name(row.kind).to_lowercase());
    let took = Some(progress(&row, now)).filter(|words| !words.is_empty());
    view! {
        <tr>
            <td class="c-state">
                <StateBadge state=row.state attempt=row.attempt next_run_at=row.next_run_at now/>
            </td>
            <th scope="row" class="c-main">
                <a href=format!("/jobs/{}", row.id) title=row.title.clone()>{row.title.clone()}</a>
                <span class="sub">{sub}{row.reason.clone().map(|reason| format!(" — {reason}"))}</span>
            </th>
            <td class="num" data-label="Took">{took}</td>
            <td class="num" data-label="Tokens">{(row.tokens > 0).then(|| number(row.tokens))}</td>
            <td class="num" data-label="Cost">{row.cost_micros.filter(|cost| *cost > 0).map(money)}</td>
            <td class="num quiet c-time"><When at=row.created_at now/></td>
        </tr>
    }
    .into_any()
}
