//! Fields, errors and buttons of forms. Every field has a label, every error stands beside its field and is
//! tied to it; all of it works without JavaScript, where an error comes back in the page's URL.

use crate::error::{AppError, Field};
use leptos::{prelude::*, server_fn::ServerFn};

/// The error of the last try of a form.
pub type FormFault = Signal<Option<AppError>>;

/// The error of `action`'s last try, whether it was sent with JavaScript or without.
pub fn fault_of<F>(action: ServerAction<F>) -> FormFault
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let value = action.value();
    Signal::derive(move || value.with(|last| last.as_ref().and_then(|last| last.as_ref().err().copied())))
}

/// Counts how often `action` was answered well. What stands around a form follows this rather than its version: drawn
/// anew after an error, it would take the cursor from somebody who is already mending it.
pub fn done_count<F>(action: ServerAction<F>) -> Memo<usize>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    Memo::new(move |before: Option<&usize>| {
        let version = action.version().get();
        let failed = action.value().with(|last| matches!(last, Some(Err(_))));
        if failed { before.copied().unwrap_or_default() } else { version }
    })
}

/// Whether one of several forms of the same action is under way: the one whose input `is` it.
pub fn pending_for<F>(
    action: ServerAction<F>,
    is: impl Fn(&F) -> bool + Send + Sync + 'static,
) -> Signal<bool>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    Signal::derive(move || action.input().with(|input| input.as_ref().is_some_and(&is)))
}

/// What is wrong with a form as a whole.
#[component]
pub fn FormError(
    /// The last error.
    fault: FormFault,
) -> impl IntoView {
    move || {
        fault.get().and_then(AppError::in_general).map(|words| {
            view! { <p class="notice bad" role="alert">{words}</p> }
        })
    }
}

/// A field of one line.
#[component]
pub fn TextField(
    /// What people read above it.
    label: &'static str,
    /// Name of the argument it fills.
    name: &'static str,
    /// Which field an error would name.
    field: Field,
    /// The last error.
    fault: FormFault,
    /// `text`, `email`, `password`, `url`, `number`.
    #[prop(default = "text")]
    kind: &'static str,
    /// What to write, and where to find it.
    #[prop(optional)]
    hint: &'static str,
    /// An example.
    #[prop(optional)]
    placeholder: &'static str,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What stands in it at first.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    view! {
        <div class="field">
            <Label label name optional=!required/>
            <input
                id=name name=name type=kind value=(!value.is_empty()).then_some(value) placeholder=placeholder required=required autocomplete=autocomplete
                spellcheck="false" autocapitalize="none"
                aria-describedby=format!("{name}-hint")
                aria-invalid=move || wrong(fault, field)
            />
            <Under name hint field fault/>
        </div>
    }
    .into_any()
}

/// A field of several lines.
#[component]
pub fn AreaField(
    /// What people read above it.
    label: &'static str,
    /// Name of the argument it fills.
    name: &'static str,
    /// Which field an error would name.
    field: Field,
    /// The last error.
    fault: FormFault,
    /// What to write.
    #[prop(optional)]
    hint: &'static str,
    /// An example.
    #[prop(optional)]
    placeholder: &'static str,
    /// What stands in it already.
    #[prop(optional, into)]
    value: String,
) -> impl IntoView {
    view! {
        <div class="field wide">
            <Label label name optional=true/>
            <textarea
                id=name name=name rows="5" placeholder=placeholder
                aria-describedby=format!("{name}-hint")
                aria-invalid=move || wrong(fault, field)
            >{value}</textarea>
            <Under name hint field fault/>
        </div>
    }
    .into_any()
}

/// A choice from a list.
#[component]
pub fn SelectField(
    /// What people read above it.
    label: &'static str,
    /// Name of the argument it fills.
    name: &'static str,
    /// Which field an error would name.
    field: Field,
    /// The last error.
    fault: FormFault,
    /// Values and words.
    options: Vec<(String, String)>,
    /// Words for choosing nothing; `None` where something must be chosen.
    #[prop(optional)]
    none: Option<&'static str>,
    /// What the choice means.
    #[prop(optional)]
    hint: &'static str,
    /// Its id on the page, where another form of the page has a field of the same name.
    #[prop(optional)]
    id: Option<&'static str>,
    /// The value that is chosen at first; else the first.
    #[prop(optional, into)]
    chosen: String,
) -> impl IntoView {
    let id = id.unwrap_or(name);
    view! {
        <div class="field">
            <Label label name=id optional=false/>
            <select
                id=id name=name required=none.is_none()
                aria-describedby=format!("{id}-hint")
                aria-invalid=move || wrong(fault, field)
            >
                {none.map(|words| view! { <option value="">{words}</option> })}
                {options.into_iter().map(|(value, words)| {
                    let selected = value == chosen;
                    view! { <option value=value selected=selected>{words}</option> }
                }).collect_view()}
            </select>
            <Under name=id hint field fault/>
        </div>
    }
    .into_any()
}

/// Something that is done only when it is ticked.
#[component]
pub fn CheckField(
    /// What ticking it means.
    label: &'static str,
    /// Name of the argument it fills, with `on`.
    name: &'static str,
    /// Its id on the page.
    id: &'static str,
    /// When it is needed.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView {
    view! {
        <div class="field check">
            <label for=id><input id=id name=name type="checkbox" aria-describedby=format!("{id}-hint")/>{label}</label>
            <p class="hint" id=format!("{id}-hint")>{hint}</p>
        </div>
    }
    .into_any()
}

#[component]
fn Label(label: &'static str, name: &'static str, optional: bool) -> impl IntoView {
    view! {
        <label for=name>{label}{optional.then(|| view! { <span class="aside">"optional"</span> })}</label>
    }
    .into_any()
}

/// The hint, or instead of it what is wrong.
#[component]
fn Under(name: &'static str, hint: &'static str, field: Field, fault: FormFault) -> impl IntoView {
    let words = move || fault.get().and_then(|error| error.about(field));
    view! {
        <p class="hint" class:bad=move || words().is_some() id=format!("{name}-hint")>
            {move || words().unwrap_or_else(|| hint.to_owned())}
        </p>
    }
    .into_any()
}

fn wrong(fault: FormFault, field: Field) -> Option<&'static str> {
    fault.get().and_then(|error| error.about(field)).map(|_| "true")
}

/// The button that sends a form; says so while it is under way.
#[component]
pub fn Submit(
    /// What it does.
    words: &'static str,
    /// What it says meanwhile.
    busy: &'static str,
    /// Whether it is under way.
    #[prop(into)]
    pending: Signal<bool>,
    /// Whether it is the page's main action.
    #[prop(default = true)]
    main: bool,
) -> impl IntoView {
    view! {
        <button type="submit" class="button" class:main=main aria-disabled=move || pending.get().then_some("true")>
            {move || if pending.get() { busy } else { words }}
        </button>
    }
    .into_any()
}

/// What a list says after something was added to it; the list's URL carries it.
#[component]
pub fn AddedNotice(
    /// What happened.
    words: &'static str,
) -> impl IntoView {
    let query = leptos_router::hooks::use_query_map();
    let added = move || query.with(|query| query.get_str("added").is_some());
    view! {
        <div role="status">{move || added().then(|| view! { <p class="notice good">{words}</p> })}</div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::rotation::SetQuietHours, error::Field, error::Reason};

    #[test]
    fn what_stands_around_a_form_is_drawn_anew_only_when_it_was_answered_well() {
        let owner = Owner::new();
        owner.with(|| {
            let action = ServerAction::<SetQuietHours>::new();
            let done = done_count(action);
            let answer = |result| {
                action.version().update(|version| *version += 1);
                action.value().set(Some(result));
                done.get_untracked()
            };
            assert_eq!(done.get_untracked(), 0);
            assert_eq!(answer(Err(AppError::invalid(Field::QuietHours, Reason::TooLong))), 0);
            let first = answer(Ok(()));
            assert_ne!(first, 0);
            assert_eq!(answer(Err(AppError::Unavailable)), first);
            assert_ne!(answer(Ok(())), first);
        });
    }
}
