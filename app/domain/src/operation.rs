//! What a person can do to jobs, and to which.

use crate::job::JobState;

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
    }
}

impl JobOperation {
    /// The states a job can be in for this.
    pub const fn states(self) -> &'static [JobState] {
        match self {
            // A held one is released; that is what its tries are kept for.
            Self::Retry => &[JobState::Failed, JobState::Deadletter, JobState::Cancelled],
            Self::Hold | Self::Sooner => &[JobState::Pending],
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
