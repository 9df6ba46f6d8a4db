//! What of a vendor's requests is never stored: values named by JSON pointer, by form field and by header. Owns how such
//! a rule is written; the server applies it (`ingress::redact`).

use serde::{Deserialize, Serialize};

/// Most rules of one kind that a vendor may have.
pub const MAX_RULES: usize = 64;
/// Longest rule, in bytes.
const MAX_RULE: usize = 200;

/// What of a vendor's requests is never stored. The default stores everything but headers that prove who sends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redaction {
    /// Values in a JSON body, also in JSON that stands in a form field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pointers: Vec<Pointer>,
    /// Values of these headers, in small letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Values of these fields of a form body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// A JSON pointer (RFC 6901) in which a step `*` stands for every item of an array and every member of an object:
/// `/customer/email`, `/items/*/card`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pointer {
    text: String,
    steps: Vec<Step>,
}

/// One step of a [`Pointer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of this name, or the item of this number.
    Named(String),
    /// All of them.
    Every,
}

/// Why a text is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// A pointer that does not begin with a slash, or with a `~` that is followed by neither 0 nor 1.
    #[error("{0:?} is no JSON pointer: begin with /, such as /customer/email or /items/*/card")]
    Pointer(String),
    /// A header name with characters no header has.
    #[error("{0:?} is no header name")]
    Header(String),
    /// A form field without a name.
    #[error("{0:?} is no field name")]
    Field(String),
    /// More than [`MAX_RULES`] of one kind.
    #[error("at most {MAX_RULES} rules of each kind")]
    TooMany,
}

impl Step {
    /// Whether this step leads to the member or item called `name`.
    pub fn leads_to(&self, name: &str) -> bool {
        match self {
            Self::Named(own) => own == name,
            Self::Every => true,
        }
    }
}

impl Pointer {
    /// The steps from the whole body to the value; never empty.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Every);
    }
    let mut name = String::with_capacity(text.len());
    let mut parts = text.split('~');
    name.push_str(parts.next()?);
    for part in parts {
        let rest = part.strip_prefix('0').map(|rest| ('~', rest));
        let (sign, rest) = rest.or_else(|| part.strip_prefix('1').map(|rest| ('/', rest)))?;
        name.push(sign);
        name.push_str(rest);
    }
    Some(Step::Named(name))
}

impl TryFrom<String> for Pointer {
    type Error = BadRule;
    fn try_from(text: String) -> Result<Self, BadRule> {
        let steps = text
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty() && text.len() <= MAX_RULE)
            .and_then(|rest| rest.split('/').map(step).collect::<Option<Vec<_>>>());
        match steps {
            Some(steps) => Ok(Self { text, steps }),
            None => Err(BadRule::Pointer(text.chars().take(60).collect())),
        }
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> Self {
        pointer.text
    }
}

impl std::str::FromStr for Pointer {
    type Err = BadRule;
    fn from_str(text: &str) -> Result<Self, BadRule> {
        Self::try_from(text.to_owned())
    }
}

impl std::fmt::Display for Pointer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Redaction {
    /// Reads rules as people write them; empty ones are left out, repeated ones kept once.
    ///
    /// # Errors
    /// The first rule that cannot be read.
    pub fn read<'a>(
        pointers: impl IntoIterator<Item = &'a str>,
        headers: impl IntoIterator<Item = &'a str>,
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, BadRule> {
        Ok(Self {
            pointers: each(pointers, |text| text.parse())?,
            headers: each(headers, header)?,
            fields: each(fields, field)?,
        })
    }

    /// Whether everything is stored.
    pub fn is_empty(&self) -> bool {
        self.pointers.is_empty() && self.headers.is_empty() && self.fields.is_empty()
    }

    /// Whether bodies are stored as they came.
    pub fn keeps_bodies(&self) -> bool {
        self.pointers.is_empty() && self.fields.is_empty()
    }
}

fn each<'a, T: PartialEq>(
    texts: impl IntoIterator<Item = &'a str>,
    read: impl Fn(&str) -> Result<T, BadRule>,
) -> Result<Vec<T>, BadRule> {
    let mut rules = Vec::new();
    for text in texts.into_iter().map(str::trim).filter(|text| !text.is_empty()) {
        let rule = read(text)?;
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if rules.len() > MAX_RULES { Err(BadRule::TooMany) } else { Ok(rules) }
}

fn header(text: &str) -> Result<String, BadRule> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.len() <= MAX_RULE && text.bytes().all(token) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(BadRule::Header(text.chars().take(60).collect()))
    }
}

fn field(text: &str) -> Result<String, BadRule> {
    if text.len() <= MAX_RULE && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(BadRule::Field(text.chars().take(60).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_read_step_by_step_with_its_escapes() {
        let pointer: Pointer = "/a~1b/*/m~0n".parse().unwrap();
        assert_eq!(pointer.steps(), [Step::Named("a/b".into()), Step::Every, Step::Named("m~n".into())]);
        assert_eq!(pointer.to_string(), "/a~1b/*/m~0n");
        for bad in ["", "a", "a/b", "/", "/a~2", "/a~", &format!("/{}", "x".repeat(MAX_RULE))] {
            assert!(bad.parse::<Pointer>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rules_are_cleaned_of_repetitions_and_headers_of_capitals() {
        let rules = Redaction::read(["/a", " /a ", ""], ["X-Ip", "x-ip"], ["email"]).unwrap();
        assert_eq!((rules.pointers.len(), rules.headers.as_slice()), (1, ["x-ip".to_owned()].as_slice()));
        assert!(Redaction::read([], ["no spaces"], []).is_err());
        let many: Vec<String> = (0..=MAX_RULES).map(|n| format!("/{n}")).collect();
        assert_eq!(Redaction::read(many.iter().map(String::as_str), [], []), Err(BadRule::TooMany));
    }

    #[test]
    fn rules_survive_being_stored() {
        let rules = Redaction::read(["/items/*/card"], ["x-ip"], []).unwrap();
        let text = serde_json::to_string(&rules).unwrap();
        assert_eq!(text, r#"{"pointers":["/items/*/card"],"headers":["x-ip"]}"#);
        assert_eq!(serde_json::from_str::<Redaction>(&text).unwrap(), rules);
        assert!(serde_json::from_str::<Redaction>(r#"{"pointers":["card"]}"#).is_err());
    }
}
