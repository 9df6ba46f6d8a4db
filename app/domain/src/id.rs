//! Identifiers: UUIDv7 inside, a prefix outside (`evt_0190…`), one type per kind so that they cannot be mixed up.
//! Does not make new ones: that needs a clock and chance, which callers pass in as a [`uuid::Uuid`].

use uuid::Uuid;

/// A text that is not an identifier of the kind asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id: expected {prefix}… followed by 32 hexadecimal digits")]
pub struct BadId {
    /// The prefix ids of this kind have.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// What this kind of id starts with when shown.
            pub const PREFIX: &'static str = $prefix;
            /// Wraps the database form.
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }
            /// The database form.
            pub const fn uuid(self) -> Uuid { self.0 }
            /// Enough of the id to recognise it in a list.
            pub fn short(self) -> String {
                let hex = self.0.simple().to_string();
                format!("{}{}…{}", $prefix, &hex[..4], &hex[28..])
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}{}", $prefix, self.0.simple())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { std::fmt::Display::fmt(self, f) }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix($prefix)
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(BadId { prefix: $prefix })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A tenant: a customer or site.
    TenantId = "ten_";
    /// A person who signs in.
    UserId = "usr_";
    /// A configured sender of webhooks.
    VendorId = "ven_";
    /// One version of a vendor's secret.
    SecretId = "sec_";
    /// A secret that a vendor handed over and nobody accepted yet.
    OfferId = "ofr_";
    /// An AI API.
    ProviderId = "prv_";
    /// Where results go.
    DestinationId = "dst_";
    /// Event type to job.
    RuleId = "rul_";
    /// An HTTP call that reached a vendor's URL.
    RequestId = "req_";
    /// An accepted webhook.
    EventId = "evt_";
    /// One unit of work with one side effect.
    JobId = "job_";
    /// One replay of events.
    ReplayId = "rpl_";
    /// An event that is made at set times.
    ScheduleId = "sch_";
    /// A running process.
    NodeId = "nod_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_with_its_prefix_and_read_back() {
        let id = JobId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "job_01900000000070008000000000000001");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        assert!("evt_01900000000070008000000000000001".parse::<JobId>().is_err());
        assert!("job_0190".parse::<JobId>().is_err());
        assert!("job_01900000-0000-7000-8000-00000000001".parse::<JobId>().is_err());
    }
}
