//! Pauses and breakers between a claim and a run: what may not run is held without using up a try, comes back by
//! itself, and stands in nobody's way.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod breakers;
mod chores;
mod edits;
mod news;
mod providers;
mod schedules;
mod support;

use app::{
    error::AppError,
    ports::{FlowPort, JobChangesPort, OverviewPort},
};
use domain::{
    breaker::{BreakerKey, BreakerMode, BreakerState},
    filter::JobFilter,
    holder::Holder,
    job::{Job, JobKind, JobState},
    operation::JobOperation,
    outcome::{ErrorClass, max_attempts},
    pause::PauseTarget,
    time::{MINUTE, SECOND},
};
use std::{sync::Arc, time::Duration};
use support::{Place, admin, owner};
use tidegate::worker::{
    gate::Admitted,
    letting_go::let_go,
    outcome::{Failure, Outcome, Success},
};

pub(crate) fn ill() -> Outcome {
    Err(Failure::new(ErrorClass::Server, "503 from blog"))
}

pub(crate) fn well() -> Outcome {
    Ok(Success::default())
}

/// The jobs among those that were let through.
pub(crate) fn jobs(admitted: Vec<Admitted>) -> Vec<Job> {
    admitted.into_iter().map(|one| one.parts().0).collect()
}

#[tokio::test]
async fn jobs_of_a_paused_destination_wait_without_using_up_a_try_and_others_run() {
    let place = Place::new().await;
    let (blog, shop) = (place.destination("blog").await, place.destination("shop").await);
    place.services().pause(&owner(), PauseTarget::Destination(blog)).await.unwrap();
    let paused = place.jobs(3, |job| job.destination_id = Some(blog)).await;
    let running = place.jobs(1, |job| job.destination_id = Some(shop)).await;
    // A job that asks a model names its destination, too, but does not call it yet.
    let asking = place.jobs(1, |job| (job.kind, job.destination_id) = (JobKind::Generate, Some(blog))).await;

    let mut through: Vec<_> =
        jobs(place.gate.admit(place.claim(10).await).await).iter().map(|job| job.id).collect();
    through.sort();
    assert_eq!(through, [running[0].id, asking[0].id]);
    for job in &paused {
        let held = place.job(job.id).await;
        assert_eq!((held.state, held.attempt, held.started_at), (JobState::Held, 0, None));
        assert_eq!(held.reason.as_deref(), Some("destination blog is paused by owner@example.org"));
    }
    assert_eq!(place.let_go().await, 0, "the pause goes on");

    place.services().resume(&owner(), PauseTarget::Destination(blog)).await.unwrap();
    assert_eq!(place.let_go().await, 3);
    let mut times: Vec<_> = Vec::new();
    for job in &paused {
        let back = place.job(job.id).await;
        assert_eq!((back.state, back.reason), (JobState::Pending, None));
        times.push(back.next_run_at);
    }
    times.sort();
    times.dedup();
    assert_eq!(times.len(), 3, "not all at one instant");
    place.clock.advance(2 * SECOND);
    assert_eq!(jobs(place.gate.admit(place.claim(10).await).await).len(), 3);
}

#[tokio::test]
async fn a_long_backlog_of_a_paused_vendor_is_cleared_from_the_head_of_the_queue_at_once() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let vendor = place.vendor("acme").await;
    place.services().pause(&owner(), PauseTarget::Vendor(vendor)).await.unwrap();
    place.jobs(2_500, |job| job.vendor_id = Some(vendor)).await;
    let other = place.jobs(1, |job| job.destination_id = Some(blog)).await;
    let mut claims = 0;
    let through = loop {
        claims += 1;
        let through = jobs(place.gate.admit(place.claim(4).await).await);
        if !through.is_empty() {
            break through;
        }
    };
    assert_eq!(through[0].id, other[0].id);
    assert!(claims <= 4, "{claims} claims");
}

#[tokio::test]
async fn all_work_of_a_paused_tenant_waits_and_that_of_another_runs() {
    let place = Place::new().await;
    let other = place.stranger().await.tenant.unwrap();
    place.services().pause(&owner(), PauseTarget::Tenant(other)).await.unwrap();
    let of_other = |kind| move |job: &mut Job| (job.tenant_id, job.kind) = (other, kind);
    let paused = place.jobs(1, of_other(JobKind::Callback)).await.remove(0);
    let asking = place.jobs(1, of_other(JobKind::Generate)).await.remove(0);
    let ours = place.jobs(1, |_| {}).await.remove(0);
    let through = jobs(place.gate.admit(place.claim(10).await).await);
    assert_eq!(through.iter().map(|job| job.id).collect::<Vec<_>>(), [ours.id]);
    for job in [paused, asking] {
        let held = place.job(job.id).await;
        assert_eq!((held.state, held.attempt), (JobState::Held, 0));
        assert_eq!(held.reason.as_deref(), Some("tenant other is paused by owner@example.org"));
    }
    place.services().resume(&owner(), PauseTarget::Tenant(other)).await.unwrap();
    assert_eq!(place.let_go().await, 2);
}

#[tokio::test]
async fn what_is_paused_for_all_waits_whatever_the_tenant_and_only_an_owner_does_that() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let refused = place.services().pause(&admin(), PauseTarget::Everything).await;
    assert_eq!(refused, Err(AppError::NotAllowed));
    place.services().pause_at_start().await.unwrap();
    // A second node that starts with the same setting finds it done.
    place.services().pause_at_start().await.unwrap();
    place.jobs(1, |job| job.destination_id = Some(blog)).await;
    place.jobs(1, |job| job.kind = JobKind::Generate).await;
    let through = jobs(place.gate.admit(place.claim(10).await).await);
    assert_eq!(through.iter().map(|job| job.kind).collect::<Vec<_>>(), [JobKind::Generate]);
    place.services().resume(&owner(), PauseTarget::Deliveries).await.unwrap();
    assert_eq!(place.let_go().await, 1);
}

#[tokio::test]
async fn a_breaker_opens_holds_lets_one_job_try_and_closes_for_a_trickle_first() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let key = BreakerKey::Destination(blog);
    let of_blog = |job: &mut Job| job.destination_id = Some(blog);
    place.jobs(5, of_blog).await;
    for job in jobs(place.gate.admit(place.claim(5).await).await) {
        place.gate.note(&job, Vec::new(), &ill(), SECOND).await;
    }
    place.gate.settle().await;
    let open = place.breaker(&key).unwrap();
    assert_eq!((open.state, open.mode), (BreakerState::Open, BreakerMode::Automatic));
    assert_eq!(open.reason, "5 jobs in a row failed, the last with: 503 from blog");
    let silent = async || {
        let overview = place.services().overview(&admin()).await.unwrap();
        overview.destinations.into_iter().map(|one| (one.slug, one.next_probe)).collect::<Vec<_>>()
    };
    assert_eq!(silent().await, [("blog".to_owned(), open.open_until)], "said on the first page");

    let waiting = place.jobs(20, of_blog).await;
    assert!(place.gate.admit(place.claim(5).await).await.is_empty());
    assert_eq!(place.job(waiting[0].id).await.state, JobState::Held);
    assert_eq!(place.job(waiting[0].id).await.attempt, 0);
    assert_eq!(place.base.store.holders().await.unwrap(), [Holder::Breaker(key.clone())]);
    assert_eq!(place.let_go().await, 0);

    // Its time is over: one job is let go to try, and while it does nobody else.
    place.clock.advance(30 * SECOND);
    assert_eq!(place.let_go().await, 1);
    place.jobs(3, of_blog).await;
    let mut through = place.gate.admit(place.claim(10).await).await;
    assert_eq!(through.len(), 1);
    assert_eq!(place.breaker(&key).unwrap().state, BreakerState::HalfOpen);
    assert_eq!(place.let_go().await, 0);
    let (job, probe) = through.remove(0).parts();
    place.gate.note(&job, probe, &ill(), SECOND).await;
    let again = place.breaker(&key).unwrap();
    assert_eq!((again.state, again.openings), (BreakerState::Open, 2));

    // The pause has doubled; this time the target answers.
    place.clock.advance(30 * SECOND);
    assert_eq!(place.let_go().await, 0);
    place.clock.advance(30 * SECOND);
    assert_eq!(place.let_go().await, 1);
    let (job, probe) = place.gate.admit(place.claim(10).await).await.remove(0).parts();
    place.gate.note(&job, probe, &well(), SECOND).await;
    assert_eq!(place.breaker(&key).unwrap().state, BreakerState::Closed);
    assert!(silent().await.is_empty());
    assert_eq!(place.let_go().await, 2, "a trickle first");
    place.clock.advance(MINUTE);
    assert!(place.let_go().await > 10);
    let log = place.base.store.audit_log(None, place.clock.now_later(), 10).await.unwrap();
    let told: Vec<_> = log.iter().filter(|entry| entry.action.starts_with("breaker.")).collect();
    assert_eq!(told.len(), 3, "opened, opened again, closed");
    assert!(told.iter().all(|entry| entry.actor == "tidegate" && entry.target == "destination blog"));
}

#[tokio::test]
async fn one_job_that_fails_again_and_again_opens_no_breaker_and_neither_do_refusals() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let made = place.jobs(10, |job| job.destination_id = Some(blog)).await;
    for _ in 0..15 {
        place.gate.note(&made[0], Vec::new(), &ill(), SECOND).await;
        place.gate.settle().await;
    }
    for job in &made {
        let refused = Err(Failure::new(ErrorClass::Rejected, "422 from blog"));
        place.gate.note(job, Vec::new(), &refused, SECOND).await;
        place.gate.settle().await;
    }
    assert!(place.breaker(&BreakerKey::Destination(blog)).is_none());
}

#[tokio::test]
async fn a_breaker_forced_by_a_person_stays_so_until_it_is_set_back() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let key = BreakerKey::Destination(blog);
    let who = owner();
    let set = |mode| place.services().set_breaker(&who, key.clone(), mode);
    set(BreakerMode::ForcedOpen).await.unwrap();
    place.jobs(1, |job| job.destination_id = Some(blog)).await;
    assert!(place.gate.admit(place.claim(1).await).await.is_empty());
    place.clock.advance(60 * MINUTE);
    assert_eq!(place.let_go().await, 0);

    set(BreakerMode::ForcedClosed).await.unwrap();
    for job in place.jobs(10, |job| job.destination_id = Some(blog)).await {
        place.gate.note(&job, Vec::new(), &ill(), SECOND).await;
    }
    place.gate.settle().await;
    assert_eq!(place.breaker(&key).unwrap().state, BreakerState::Closed);
    assert_eq!(place.let_go().await, 1);
    set(BreakerMode::Automatic).await.unwrap();
    assert_eq!(place.breaker(&key).unwrap().mode, BreakerMode::Automatic);
}

#[tokio::test]
async fn another_tenant_cannot_pause_force_or_change_what_is_not_theirs() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let job = place.jobs(1, |job| job.destination_id = Some(blog)).await.remove(0);
    let stranger = place.stranger().await;
    let services = place.services();
    let target = PauseTarget::Destination(blog);
    assert_eq!(services.pause(&stranger, target).await, Err(AppError::NotFound));
    let key = BreakerKey::Destination(blog);
    assert_eq!(services.set_breaker(&stranger, key, BreakerMode::ForcedOpen).await, Err(AppError::NotFound));
    assert_eq!(services.change(&stranger, job.id, JobOperation::Cancel).await, Err(AppError::NotFound));
    let all = services.change_all(&stranger, &JobFilter::default(), JobOperation::Cancel, 10).await.unwrap();
    assert_eq!(all.changed, 0);
    services.pause(&owner(), target).await.unwrap();
    assert!(services.flow(&stranger).await.unwrap().pauses.is_empty());
    assert_eq!(services.resume(&stranger, target).await, Err(AppError::NotFound));
}

#[tokio::test]
async fn many_jobs_are_counted_first_and_then_changed_in_batches_each_with_an_entry() {
    let place = Place::new().await;
    place.jobs(1_200, |_| {}).await;
    let services = place.services();
    let all = JobFilter::default();
    assert_eq!(services.count(&owner(), &all, JobOperation::Hold).await.unwrap().count, 1_200);
    assert_eq!(services.count(&owner(), &all, JobOperation::Release).await.unwrap().count, 0);
    let first = services.change_all(&owner(), &all, JobOperation::Hold, 500).await.unwrap();
    assert_eq!((first.changed, first.more), (500, true));
    let rest = services.change_all(&owner(), &all, JobOperation::Hold, i64::MAX).await.unwrap();
    assert_eq!((rest.changed, rest.more), (700, false));
    assert_eq!(services.count(&owner(), &all, JobOperation::Cancel).await.unwrap().count, 1_200);
    let log = place.base.store.audit_log(None, place.clock.now_later(), 10).await.unwrap();
    let mut told: Vec<_> =
        log.iter().filter(|entry| entry.action == "job.hold").map(|entry| entry.detail.clone()).collect();
    told.sort();
    assert_eq!(told, ["200 jobs: all", "500 jobs: all", "500 jobs: all"]);
    assert_eq!(place.let_go().await, 0, "what a person holds stays held");
}

#[tokio::test]
async fn jobs_that_are_re_enqueued_together_have_the_tries_their_rules_give_them() {
    let place = Place::new().await;
    let ended = |tries| {
        move |job: &mut Job| {
            (job.state, job.attempt, job.params.max_attempts) = (JobState::Deadletter, 1, tries);
        }
    };
    let usual = place.jobs(1, ended(None)).await;
    let few = place.jobs(2, ended(Some(3))).await;
    let all = JobFilter::default();
    place.services().change_all(&owner(), &all, JobOperation::Retry, 500).await.unwrap();
    let mut tries = Vec::new();
    for job in [&usual[0], &few[0], &few[1]] {
        let again = place.job(job.id).await;
        tries.push((again.state, again.max_attempts));
    }
    let usual = (JobState::Pending, 1 + max_attempts(JobKind::Callback));
    assert_eq!(tries, [usual, (JobState::Pending, 4), (JobState::Pending, 4)]);
}

#[tokio::test]
async fn two_nodes_that_find_a_breaker_s_time_over_send_one_job() {
    let place = Place::new().await;
    let blog = place.destination("blog").await;
    let of_blog = |job: &mut Job| job.destination_id = Some(blog);
    for job in place.jobs(5, of_blog).await {
        place.gate.note(&job, Vec::new(), &ill(), SECOND).await;
    }
    place.gate.settle().await;
    place.clock.advance(30 * SECOND);
    let other = Arc::new(place.another_node(Duration::from_secs(30)));
    let (one, two) = (place.claim(2).await, place.claim_for(other.node, 2).await);
    let (one, two) = tokio::join!(place.gate.admit(one), other.admit(two));
    assert_eq!(one.len() + two.len(), 1);
    assert_eq!(
        let_go(place.base.store.as_ref(), &place.base.live, other.node, place.now()).await.unwrap(),
        0
    );
}
