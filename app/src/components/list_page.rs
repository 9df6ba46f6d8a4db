//! The frame the lists of connections share: head with a button that adds, notice after adding, loading, failure,
//! nothing yet. What a row looks like is each page's own.

use super::{
    empty::{LoadError, Nothing, Skeleton},
    form::AddedNotice,
    frame::viewer_may,
    page_head::PageHead,
};
use crate::error::AppError;
use domain::role::Role;
use leptos::prelude::*;

/// A list that can be added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// Its name.
    pub title: &'static str,
    /// A few quiet words beside it.
    pub aside: &'static str,
    /// Its address.
    pub href: &'static str,
    /// Words of the button that adds.
    pub add: &'static str,
    /// Address of the form behind it.
    pub form: &'static str,
    /// Heading while there is nothing.
    pub none: &'static str,
    /// What one of them is good for.
    pub about: &'static str,
    /// The command that adds one.
    pub command: &'static str,
}

/// The page of a list. `rows` draws what was read; for an empty list it draws [`NothingYet`].
#[component]
pub fn ListPage<T, F>(
    /// Which list.
    list: &'static List,
    /// What the list says after something was added to it; empty where another page says it.
    #[prop(optional)]
    added: &'static str,
    /// What is read.
    page: Resource<Result<T, AppError>>,
    /// How it is drawn.
    rows: F,
    /// What stands between head and list.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    F: Fn(T) -> AnyView + Copy + Send + Sync + 'static,
{
    view! {
        <PageHead title=list.title aside=list.aside>
            {viewer_may(Role::may_configure).then(|| view! { <a class="button main" href=list.form>{list.add}</a> })}
        </PageHead>
        {(!added.is_empty()).then(|| view! { <AddedNotice words=added/> })}
        {children.map(|children| children())}
        <Transition fallback=|| view! { <Skeleton/> }>
            {move || Suspend::new(async move {
                match page.await {
                    Ok(page) => rows(page),
                    Err(error) => view! { <LoadError error href=list.href/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

/// Nothing yet; those who may are shown how to add the first one.
#[component]
pub fn NothingYet(
    /// Which list.
    list: &'static List,
) -> impl IntoView {
    if !viewer_may(Role::may_configure) {
        return view! { <Nothing title=list.none text=list.about/> }.into_any();
    }
    view! {
        <Nothing title=list.none text=list.about command=list.command>
            <a class="button main" href=list.form>{list.add}</a>
        </Nothing>
    }
    .into_any()
}

/// One column of a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Words.
    Words(&'static str),
    /// Numbers and times, set to the right.
    Numbers(&'static str),
    /// Buttons; its name is spoken only.
    Actions,
}

/// A table in a panel; on a phone its rows become cards.
#[component]
pub fn Table(
    /// What is in it and in which order, for those who do not see it.
    caption: &'static str,
    /// Its columns.
    columns: Vec<Column>,
    /// Its rows.
    children: Children,
) -> impl IntoView {
    let head = columns.into_iter().map(|column| match column {
        Column::Words(words) => view! { <th scope="col">{words}</th> }.into_any(),
        Column::Numbers(words) => view! { <th scope="col" class="num">{words}</th> }.into_any(),
        Column::Actions => view! { <th scope="col"><span class="unseen">"Actions"</span></th> }.into_any(),
    });
    view! {
        <div class="panel table-box">
            <table>
                <caption class="unseen">{caption}</caption>
                <thead><tr>{head.collect_view()}</tr></thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
