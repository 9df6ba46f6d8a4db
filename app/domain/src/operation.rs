//! What a person can do to jobs, and to which.

use crate::job::JobState;
use std::ops::RangeInclusive;

crate::words! {
    /// What a person does to one job or many.
    pub enum JobOperation {
        /// Puts it back in the queue with fresh tries.
        Retry = "retry",
        /// Puts it aside until it is released.
        Hold = "hold",
        /// Lets it go, whatever holds it.
        Release = "release",
        /// Ends it, also while it runs.
        Cancel = "cancel",
        /// Makes it due now, before all others.
        Sooner = "sooner",
        /// Lets all others run before it.
        Later = "later",
        /// Takes back either: it runs in its turn.
        Usual = "usual",
    }
}

/// Priorities a person can give; smaller is sooner, 0 is usual. There are few, because a claim looks at each that is in use.
pub const PRIORITIES: RangeInclusive<i16> = -20..=20;
/// The one of a job somebody wants done sooner.
pub const SOONER: i16 = -10;
/// The one of a job nobody said anything about.
pub const USUAL: i16 = 0;
/// The one of a job that can wait for all others.
pub const LATER: i16 = 10;

impl JobOperation {
    /// The states a job can be in for this.
    pub const fn states(self) -> &'static [JobState] {
        match self {
            // A held one is released; that is what its tries are kept for.
            Self::Retry => &[JobState::Failed, JobState::Deadletter, JobState::Cancelled],
            Self::Hold | Self::Sooner | Self::Later | Self::Usual => &[JobState::Pending],
            Self::Release => &[JobState::Held],
            Self::Cancel => &[JobState::Pending, JobState::Held, JobState::Running],
        }
    }

    /// Whether a job in this state can be changed so.
    pub fn fits(self, state: JobState) -> bool {
        self.states().contains(&state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_succeeded_is_never_changed_and_what_runs_can_only_be_cancelled() {
        for operation in JobOperation::ALL {
            assert!(!operation.fits(JobState::Succeeded), "{operation}");
            assert_eq!(operation.fits(JobState::Running), *operation == JobOperation::Cancel);
        }
    }
}
