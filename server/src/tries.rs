//! Counting the tries of a job.

use domain::{
    job::Job,
    outcome::{ErrorClass, max_attempts},
};

/// Tries a job has each time it is begun anew: what its rule says, else what its kind has.
pub fn of(job: &Job) -> i32 {
    job.params.max_attempts.unwrap_or(max_attempts(job.kind))
}

/// Which try this is since the job was made or last put back in the queue; 1 is the first. Being put back, it gets all its
/// tries on top of those it spent.
pub fn number(job: &Job) -> i32 {
    let spent = job.max_attempts.saturating_sub(of(job)).max(0);
    job.attempt.saturating_sub(spent).max(1)
}

/// How often the number of jobs that may go in one call with this one is halved: with each try, so that jobs which failed
/// because their target was away still go together, and one that breaks whatever call it is part of takes fewer and
/// fewer others with it. A job goes alone where the last answer could not be understood, which a target that is away does
/// not give, and in its last try: it must not end because of another.
pub fn halvings(job: &Job) -> u32 {
    let number = number(job);
    let is_last = job.attempt >= job.max_attempts;
    match number {
        1 => 0,
        _ if is_last || job.error_class == Some(ErrorClass::BadAnswer) => u32::MAX,
        _ => number.unsigned_abs() - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        id::{JobId, TenantId},
        job::{JobKind, JobParams},
        time::Timestamp,
    };

    #[test]
    fn a_job_that_was_put_back_begins_with_its_first_try_again() {
        let nil = uuid::Uuid::nil();
        let new = Job::new(JobId::new(nil), TenantId::new(nil), JobKind::Generate, Timestamp(0));
        let few = JobParams { max_attempts: Some(3), ..JobParams::default() };
        let at = |attempt, max_attempts, params: &JobParams| {
            number(&Job { attempt, max_attempts, params: params.clone(), ..new.clone() })
        };
        let usual = JobParams::default();
        assert_eq!([0, 1, 2, 5].map(|attempt| at(attempt, 5, &usual)), [1, 1, 2, 5]);
        assert_eq!([6, 7].map(|attempt| at(attempt, 10, &usual)), [1, 2], "put back after five");
        assert_eq!([1, 3].map(|attempt| at(attempt, 3, &few)), [1, 3]);
        assert_eq!(at(4, 6, &few), 1);
    }

    #[test]
    fn a_job_goes_with_half_as_many_others_at_each_try_and_alone_at_its_last() {
        let nil = uuid::Uuid::nil();
        let new = Job::new(JobId::new(nil), TenantId::new(nil), JobKind::Publish, Timestamp(0));
        let at = |attempt, max_attempts| halvings(&Job { attempt, max_attempts, ..new.clone() });
        assert_eq!([1, 2, 11, 12].map(|attempt| at(attempt, 12)), [0, 1, 10, u32::MAX]);
        assert_eq!([13, 14, 24].map(|attempt| at(attempt, 24)), [0, 1, u32::MAX], "put back after twelve");
        let told = Job { attempt: 2, error_class: Some(ErrorClass::BadAnswer), ..new.clone() };
        assert_eq!(halvings(&told), u32::MAX, "its target answers, but strangely");
        let away = Job { attempt: 2, error_class: Some(ErrorClass::Server), ..new.clone() };
        assert_eq!(halvings(&away), 1);
        let once = JobParams { max_attempts: Some(1), ..JobParams::default() };
        assert_eq!(halvings(&Job { attempt: 1, max_attempts: 1, params: once, ..new.clone() }), 0);
    }
}
