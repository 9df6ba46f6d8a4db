//! Fields for what a preset lets one choose. An empty field leaves the preset as it is.

use crate::{
    components::form::FormFault,
    error::Field,
    view::preset_options::{OptionChoice, PresetOption},
};
use leptos::prelude::*;

/// Algorithms one can choose.
const ALGORITHMS: [&str; 3] = ["hmac-sha1", "hmac-sha256", "hmac-sha512"];

/// A group of fields; nothing where the preset lets one choose nothing.
#[component]
pub fn PresetOptions(
    /// What can be chosen.
    options: Vec<OptionChoice>,
    /// The form's last error.
    fault: FormFault,
) -> impl IntoView {
    (!options.is_empty()).then(|| {
        view! {
            <fieldset class="options">
                <legend>"This preset’s options"<span class="aside">"optional"</span></legend>
                {options.into_iter().map(|choice| view! { <OptionField choice value=None fault/> }).collect_view()}
            </fieldset>
        }
    })
}

/// One option. Left empty, the preset's own applies.
#[component]
pub fn OptionField(
    /// Which, and what applies while nobody chose.
    choice: OptionChoice,
    /// What it begins with.
    value: Option<String>,
    /// The form's last error.
    fault: FormFault,
) -> impl IntoView {
    let OptionChoice { option, default } = choice;
    let words = move || fault.get().and_then(|error| error.about(Field::Option(option)));
    let wrong = move || words().map(|_| "true");
    let (id, name) = (format!("option-{}", option.as_str()), format!("options[{}]", option.as_str()));
    let under = format!("{id}-hint");
    let field = match option {
        PresetOption::Algorithm => {
            let algorithms = ALGORITHMS.map(|name| {
                let selected = value.as_deref() == Some(name);
                view! { <option value=name selected=selected>{name}</option> }
            });
            view! {
                <select id=id.clone() name=name aria-describedby=under.clone() aria-invalid=wrong>
                    <option value="">{format!("As usual: {default}")}</option>
                    {algorithms.collect_view()}
                </select>
            }
            .into_any()
        }
        _ => {
            // No `type="number"`: what is wrong is said at the field, in the same words with and without scripts.
            let digits = matches!(option, PresetOption::Tolerance).then_some("numeric");
            view! {
                <input id=id.clone() name=name value=value placeholder=default inputmode=digits autocomplete="off" spellcheck="false"
                    autocapitalize="none" aria-describedby=under.clone() aria-invalid=wrong/>
            }
            .into_any()
        }
    };
    view! {
        <div class="field">
            <label for=id>{option.label()}</label>
            {field}
            <p class="hint" class:bad=move || words().is_some() id=under>
                {move || words().unwrap_or_else(|| option.hint().to_owned())}
            </p>
        </div>
    }
    .into_any()
}
