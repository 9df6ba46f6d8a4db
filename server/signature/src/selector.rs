//! Names of places in a request: `header:NAME`, `json:PATH`, `query:NAME`, `form:NAME`, `sig:LABEL`,
//! `basic`, `body_sha256`. Parsing only; `delivery` does the looking up.

/// One place a value may be taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    /// Lower-case header name.
    Header(String),
    Json(Path),
    Query(String),
    Form(String),
    /// A labelled field of the signature header.
    Label(String),
    /// `user:password` of an `Authorization: Basic` header.
    Basic,
    BodySha256,
}

impl Selector {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "basic" => return Ok(Self::Basic),
            "body_sha256" => return Ok(Self::BodySha256),
            _ => {}
        }
        let (kind, name) = text.split_once(':').ok_or_else(|| format!("`{text}` is not a selector"))?;
        if name.is_empty() {
            return Err(format!("`{text}` names nothing"));
        }
        match kind {
            "header" if header_name(name) => Ok(Self::Header(name.to_ascii_lowercase())),
            "header" => Err(format!("`{name}` is not a header name")),
            "json" => Ok(Self::Json(Path::parse(name))),
            "query" => Ok(Self::Query(name.to_owned())),
            "form" => Ok(Self::Form(name.to_owned())),
            "sig" => Ok(Self::Label(name.to_owned())),
            _ => Err(format!("`{kind}` is not a place in a request")),
        }
    }

    pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Self>, String> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    /// How a person would call this place.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Header(name) => name.clone(),
            Self::Json(path) => path.0.join("."),
            Self::Query(name) | Self::Form(name) | Self::Label(name) => name.clone(),
            Self::Basic => "authorization".to_owned(),
            Self::BodySha256 => "body".to_owned(),
        }
    }
}

/// Token characters of RFC 9110 §5.6.2.
pub(crate) fn header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Steps into a JSON value, written with dots; a number steps into an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<String>);

impl Path {
    fn parse(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }

    pub(crate) fn get<'v>(&self, root: &'v serde_json::Value) -> Option<&'v serde_json::Value> {
        self.0.iter().try_fold(root, |at, step| match at {
            serde_json::Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            serde_json::Value::Object(map) => map.get(step),
            _ => None,
        })
    }

    /// Puts `value` there, making objects on the way; false when something else is in the way.
    pub(crate) fn set(&self, root: &mut serde_json::Value, value: serde_json::Value) -> bool {
        let mut at = root;
        for step in &self.0 {
            if at.is_null() {
                *at = serde_json::Value::Object(serde_json::Map::new());
            }
            let next = match at {
                serde_json::Value::Array(items) => step.parse::<usize>().ok().and_then(|i| items.get_mut(i)),
                serde_json::Value::Object(map) => {
                    Some(map.entry(step.clone()).or_insert(serde_json::Value::Null))
                }
                _ => None,
            };
            match next {
                Some(next) => at = next,
                None => return false,
            }
        }
        *at = value;
        true
    }
}
