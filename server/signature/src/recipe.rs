//! How to sign as a preset asks for, told to whoever builds the sender: facts, and a shell script that signs and
//! sends a sample where the scheme is plain enough for one. Knows no secret.

use crate::Algorithm;
use crate::definition::{ContentKind, Encoding, KeyKind, Unit};
use crate::preset::Preset;
use crate::sample::{sample_body, sample_type};
use crate::selector::Selector;

/// The environment variable the script reads the secret from.
const SECRET: &str = "SECRET";
/// The id the sample carries.
const SAMPLE_ID: &str = "evt_example";

impl Preset {
    /// Name and value of what a sender must know, in the order it needs it.
    pub fn facts_for_senders(&self) -> Vec<(String, String)> {
        let mut facts = vec![("Algorithm".to_owned(), algorithm(self.algorithm()).to_owned())];
        let mut add = |name: &str, value: String| facts.push((name.to_owned(), value));
        if self.algorithm().is_hmac() {
            add("Key", key(self.scheme.key).to_owned());
        }
        if !self.algorithm().is_code() && self.algorithm() != Algorithm::SharedSecret {
            add("Signed text", signed_text(&self.definition.signed));
        }
        let from = &self.scheme.signature.from;
        match from {
            Selector::Header(name) => add("Signature", format!("{name}: {}", self.signature_form())),
            Selector::Basic => add("Signature", "authorization: Basic base64(user:password)".to_owned()),
            other => add("Signature", format!("in {}", other.describe())),
        }
        if let Some(rule) = &self.scheme.timestamp {
            let unit = match rule.unit {
                Unit::Seconds => "seconds since 1970",
                Unit::Millis => "milliseconds since 1970",
                Unit::SecondsOrMillis => "seconds or milliseconds since 1970",
                Unit::Iso8601 => "ISO 8601",
            };
            add("Timestamp", format!("{}, {unit}", rule.from.describe()));
            add("Tolerance", format!("at most {} s old, at most {} s ahead", rule.past, rule.future));
        }
        let required: Vec<String> = self.scheme.require.iter().map(Selector::describe).collect();
        if !required.is_empty() {
            add("Also needed", required.join(", "));
        }
        facts
    }

    /// How the value of the signature is written.
    fn signature_form(&self) -> String {
        let form = &self.scheme.signature.written;
        if self.algorithm() == Algorithm::SharedSecret {
            return format!("{}<secret>", form.prefix);
        }
        let value = match form.encoding {
            Encoding::Hex | Encoding::HexLower => "<hexadecimal>",
            Encoding::Base64 => "<base64>",
            Encoding::Text => "<text>",
        };
        let mut fields = Vec::new();
        if let Some(Selector::Label(name)) = self.scheme.timestamp.as_ref().map(|rule| &rule.from) {
            fields.push(format!("{name}{}<timestamp>", form.label));
        }
        fields.push(match form.accept.first() {
            Some(label) => format!("{label}{}{value}", form.label),
            None => value.to_owned(),
        });
        format!("{}{}", form.prefix, fields.join(&form.list))
    }

    /// A shell script that signs a sample and posts it to `url` with curl and openssl; the secret comes from the
    /// environment. `None` where a few lines cannot do it: key pairs, tokens, and schemes that are code.
    pub fn script_for_senders(&self, url: &str) -> Option<String> {
        let hash = match self.algorithm() {
            Algorithm::HmacSha1 => "sha1",
            Algorithm::HmacSha256 => "sha256",
            Algorithm::HmacSha512 => "sha512",
            _ => return None,
        };
        let Selector::Header(signature_header) = &self.scheme.signature.from else { return None };
        if !self.content.contains(&ContentKind::Json) {
            return None;
        }
        let decode = match self.scheme.key {
            KeyKind::Raw => format!("printf %s \"${SECRET}\""),
            KeyKind::Whsec => format!("printf %s \"${{{SECRET}#whsec_}}\" | openssl base64 -d -A"),
            KeyKind::Base64 => format!("printf %s \"${SECRET}\" | openssl base64 -d -A"),
            KeyKind::WhsecOrRaw => format!(
                "case ${SECRET} in whsec_*) printf %s \"${{{SECRET}#whsec_}}\" | openssl base64 -d -A ;; \
                 *) printf %s \"${SECRET}\" ;; esac"
            ),
            _ => return None,
        };
        let key = match self.scheme.key {
            KeyKind::Hex => format!("${SECRET}"),
            _ => format!("$({decode} | od -An -v -tx1 | tr -d ' \\n')"),
        };
        let body = String::from_utf8(sample_body(self, SAMPLE_ID, sample_type(self, 1), 1)).ok()?;
        serde_json::from_str::<serde::de::IgnoredAny>(&body).ok()?;

        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        let mut put = |name: &str, value: &str| {
            if !headers.iter().any(|(known, _)| known == name) {
                headers.push((name.to_owned(), value.to_owned()));
            }
        };
        for (name, value) in &self.definition.sample_headers {
            put(name, value);
        }
        let stamp = match self.scheme.timestamp.as_ref().map(|rule| (&rule.from, rule.unit)) {
            None => "",
            Some((from, unit)) => {
                match from {
                    Selector::Header(name) => put(name, "${ts}"),
                    Selector::Label(_) => {}
                    _ => return None,
                }
                match unit {
                    Unit::Seconds | Unit::SecondsOrMillis => "ts=$(date +%s)\n",
                    Unit::Millis => "ts=$(date +%s)000\n",
                    Unit::Iso8601 => "ts=$(date -u +%Y-%m-%dT%H:%M:%SZ)\n",
                }
            }
        };
        for selector in self.scheme.event.id.iter().chain(&self.scheme.event.kind) {
            if let Selector::Header(name) = selector {
                let is_id = self.scheme.event.id.contains(selector);
                put(name, if is_id { "${id}" } else { sample_type(self, 1).unwrap_or("test") });
            }
        }
        for selector in &self.scheme.require {
            match selector {
                Selector::Header(name) => put(name, "1"),
                Selector::Label(_) => {}
                _ => return None,
            }
        }
        let message = shell_message(&self.definition.signed, url, &headers)?;
        let encode = match self.scheme.signature.written.encoding {
            Encoding::Base64 => "openssl base64 -A",
            Encoding::Hex | Encoding::HexLower => "od -An -v -tx1 | tr -d ' \\n'",
            Encoding::Text => return None,
        };
        let value = self
            .signature_form()
            .replace("<timestamp>", "$ts")
            .replace("<base64>", "$signature")
            .replace("<hexadecimal>", "$signature");
        headers.push((signature_header.clone(), value));
        let lines: Vec<String> =
            headers.iter().map(|(name, value)| format!("  -H \"{name}: {value}\" \\\n")).collect();
        Some(format!(
            "# {SECRET} holds the signing secret; needs bash, openssl and curl.\n\
             body='{body}'\n\
             id=evt_$(openssl rand -hex 8)\n\
             {stamp}\
             key={key}\n\
             signature=$(printf %s \"{message}\" |\n  \
             openssl dgst -{hash} -mac HMAC -macopt \"hexkey:$key\" -binary | {encode})\n\
             curl -sS -X POST '{url}' \\\n\
             {headers}  --data-binary \"$body\"\n",
            body = body.replace('\'', r"'\''"),
            headers = lines.concat(),
        ))
    }
}

/// The signed text with shell variables for its parts; `None` where a part cannot be written so.
fn shell_message(signed: &str, url: &str, headers: &[(String, String)]) -> Option<String> {
    let mut out = String::new();
    let mut rest = signed;
    while let Some((before, after)) = rest.split_once('{') {
        let (token, after) = after.split_once('}')?;
        out.push_str(before);
        match token {
            "body" => out.push_str("${body}"),
            "ts" => out.push_str("${ts}"),
            "method" => out.push_str("POST"),
            "url" => out.push_str(url),
            _ => {
                let name = token.strip_prefix("header:")?;
                let (_, value) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
                out.push_str(value);
            }
        }
        rest = after;
    }
    out.push_str(rest);
    // Inside double quotes these would mean something else.
    (!out.contains(['"', '`', '\\', '\n'])).then_some(out)
}

/// The signed text as people read it: `<webhook-id>.<timestamp>.<body>`.
fn signed_text(signed: &str) -> String {
    let mut out = String::new();
    let mut rest = signed;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((token, after)) = after.split_once('}') else { break };
        out.push_str(before);
        let name = match token {
            "ts" => "timestamp",
            "body" => "body as sent",
            "body_sha256" => "SHA-256 of the body, hexadecimal",
            "body_crc32" => "CRC-32 of the body, decimal",
            "url_hubspot" => "url",
            token => token.split_once(':').map_or(token, |(_, name)| name),
        };
        out.push_str(&format!("<{name}>"));
        rest = after;
    }
    out.push_str(rest);
    out.replace('\n', "⏎")
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HmacSha1 => "HMAC-SHA1",
        Algorithm::HmacSha256 => "HMAC-SHA256",
        Algorithm::HmacSha512 => "HMAC-SHA512",
        Algorithm::Sha256 => "SHA-256 over text that holds the secret",
        Algorithm::Ed25519 => "Ed25519",
        Algorithm::EcdsaP256Sha256 => "ECDSA P-256 with SHA-256",
        Algorithm::RsaSha256 => "RSA with SHA-256",
        Algorithm::SharedSecret => "none: the secret itself is sent",
        Algorithm::Twilio => "Twilio's: HMAC-SHA1 over URL and parameters",
        Algorithm::GeminiJwt | Algorithm::PlaidJwt => "a signed token (JWT)",
        Algorithm::AwsSns => "RSA with a certificate of Amazon's",
        Algorithm::Adyen => "Adyen's: HMAC-SHA256 over chosen fields",
    }
}

fn key(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Raw => "the secret's characters, as they are",
        KeyKind::Whsec => "what stands behind whsec_, decoded from base64",
        KeyKind::WhsecOrRaw => {
            "what stands behind whsec_, decoded from base64; without whsec_ the characters"
        }
        KeyKind::Base64 => "the secret decoded from base64",
        KeyKind::Hex => "the secret decoded from hexadecimal",
        KeyKind::HtmlUnescape => "the secret's characters, HTML entities undone",
        KeyKind::SpkiBase64 | KeyKind::Jwks | KeyKind::Certificate => "a key pair of the vendor's",
    }
}
