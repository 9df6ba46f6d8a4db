//! What keeps a held job from running. Whoever puts a job aside says so here, because that decides who lets it go:
//! what a pause or a breaker holds is released by itself, what a person holds is not.

use crate::{
    breaker::BreakerKey,
    outcome::SwitchedOff,
    pause::{BadTarget, PauseTarget},
};

/// What holds a job.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holder {
    /// A person.
    Person,
    /// The jobs that stand before it in its line.
    Line,
    /// The suspicion that it brings down whoever runs it.
    Poison,
    /// A pause switch.
    Pause(PauseTarget),
    /// A circuit breaker.
    Breaker(BreakerKey),
    /// Its destination or provider, which is switched off; switching it on lets the job go.
    Off(SwitchedOff),
}

impl Holder {
    /// Whether it lets jobs go by itself, a few at a time.
    pub const fn lets_go(&self) -> bool {
        matches!(self, Self::Pause(_) | Self::Breaker(_))
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person => f.write_str("person"),
            Self::Line => f.write_str("line"),
            Self::Poison => f.write_str("poison"),
            Self::Pause(target) => write!(f, "pause:{target}"),
            Self::Breaker(key) => write!(f, "breaker:{key}"),
            Self::Off(SwitchedOff::Destination) => f.write_str("off:destination"),
            Self::Off(SwitchedOff::Provider) => f.write_str("off:provider"),
        }
    }
}

impl std::str::FromStr for Holder {
    type Err = BadTarget;
    fn from_str(text: &str) -> Result<Self, BadTarget> {
        match text.split_once(':') {
            None if text == "person" => Ok(Self::Person),
            None if text == "line" => Ok(Self::Line),
            None if text == "poison" => Ok(Self::Poison),
            Some(("pause", target)) => Ok(Self::Pause(target.parse()?)),
            Some(("breaker", key)) => Ok(Self::Breaker(key.parse()?)),
            Some(("off", "destination")) => Ok(Self::Off(SwitchedOff::Destination)),
            Some(("off", "provider")) => Ok(Self::Off(SwitchedOff::Provider)),
            _ => Err(BadTarget),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{DestinationId, ProviderId};
    use uuid::Uuid;

    #[test]
    fn what_holds_a_job_is_read_back_from_its_text() {
        let id = Uuid::from_u128(7);
        for holder in [
            Holder::Person,
            Holder::Line,
            Holder::Poison,
            Holder::Pause(PauseTarget::Destination(DestinationId::new(id))),
            Holder::Off(SwitchedOff::Destination),
            Holder::Off(SwitchedOff::Provider),
            Holder::Breaker(BreakerKey::Provider(ProviderId::new(id))),
            Holder::Breaker(BreakerKey::Model(ProviderId::new(id), "a:b/c".into())),
        ] {
            assert_eq!(holder.to_string().parse(), Ok(holder));
        }
        assert_eq!("schema".parse::<Holder>(), Err(BadTarget));
    }
}
