//! Queues that take turns, and limits of work over all nodes.

use crate::{
    support::{Db, NOW, audit, id, job, on_both, on_postgres},
    work::{LEASE, succeeded},
};
use domain::{
    id::{DestinationId, NodeId, ProviderId, VendorId},
    job::{Called, Job, JobKind},
    limit::{Limited, WorkLimit},
    look::Look,
    queue::{Place, QueueHead, Take, share},
    time::{MINUTE, SECOND, Timestamp},
};
use store::DEFAULT_TENANT_ID;

on_both! {
    a_vendor_that_sent_very_much_holds_up_nobody_else,
    the_first_job_of_each_queue_says_whose_it_is_and_whom_it_calls,
    who_knows_the_queues_sees_what_came_behind_and_into_others,
    a_look_begins_behind_the_one_before_it_or_is_at_whole_queues,
    a_queue_of_greater_weight_gets_more_of_the_room,
    one_look_serves_claims_until_all_that_waited_is_taken,
    no_more_jobs_run_at_once_than_are_allowed_however_many_nodes_claim,
    no_more_jobs_begin_in_a_minute_than_are_allowed,
    what_is_not_limited_is_claimed_beside_what_is,
    a_limit_is_part_of_the_configuration_until_it_says_nothing,
}

fn to(vendor: VendorId, destination: DestinationId) -> Job {
    Job { kind: JobKind::Publish, vendor_id: Some(vendor), destination_id: Some(destination), ..job() }
}

fn limit(of: Limited) -> WorkLimit {
    WorkLimit { of, tenant_id: DEFAULT_TENANT_ID, at_once: None, per_minute: None, weight: 1 }
}

/// What one more node claims within these limits.
async fn claim(db: &Db, room: i64, limits: &[WorkLimit], now: Timestamp) -> Vec<Job> {
    let takes = share(&db.queues().await.unwrap(), room, now, i64::MIN, |_| 1);
    let node = id(NodeId::new);
    db.claim_from(node, &takes, room, limits, now, LEASE).await.unwrap()
}

async fn a_vendor_that_sent_very_much_holds_up_nobody_else(db: Db) {
    let (much, little, site) = (id(VendorId::new), id(VendorId::new), id(DestinationId::new));
    let flood: Vec<Job> = (0..500).map(|_| to(much, site)).collect();
    db.add_jobs(&flood).await.unwrap();
    let late: Vec<Job> = (0..3).map(|_| Job { next_run_at: NOW.plus(1), ..to(little, site) }).collect();
    db.add_jobs(&late).await.unwrap();
    let claimed = claim(&db, 10, &[], NOW.plus(1)).await;
    let of = |vendor| claimed.iter().filter(|job| job.vendor_id == Some(vendor)).count();
    assert_eq!((of(little), of(much)), (3, 5));
    // What a queue does not use is everybody's at the next look.
    assert_eq!(claim(&db, 10, &[], NOW.plus(1)).await.len(), 10);
}

async fn one_look_serves_claims_until_all_that_waited_is_taken(db: Db) {
    let (one, other, site) = (id(VendorId::new), id(VendorId::new), id(DestinationId::new));
    let of_one: Vec<Job> =
        (0..7).map(|due| Job { next_run_at: NOW.plus(due / 2), ..to(one, site) }).collect();
    let of_other: Vec<Job> = (0..3).map(|_| to(other, site)).collect();
    db.add_jobs(&[of_one.clone(), of_other].concat()).await.unwrap();
    let mut look = Look::of(db.queues().await.unwrap(), 0, NOW);
    // Told, not looked for.
    let late = to(id(VendorId::new), site);
    db.add_jobs(std::slice::from_ref(&late)).await.unwrap();
    look.add(QueueHead::of(&late));
    let (node, now, mut taken) = (id(NodeId::new), NOW.plus(9), Vec::new());
    loop {
        let takes = share(look.heads(), 4, now, i64::MIN, |_| 1);
        if takes.is_empty() {
            break;
        }
        let jobs = db.claim_from(node, &takes, 4, &[], now, LEASE).await.unwrap();
        look.move_on(&takes, 4, &jobs);
        taken.extend(jobs);
    }
    assert_eq!(taken.len(), 11);
    assert!(taken.iter().any(|job| job.id == late.id));
    let due: Vec<Timestamp> =
        taken.iter().filter(|job| job.vendor_id == Some(one)).map(|job| job.next_run_at).collect();
    assert!(due.is_sorted() && due.len() == of_one.len());
    assert!(db.queues().await.unwrap().is_empty());
}

/// Old versions of jobs stand there, which a claim would pass by each time. (SQLite keeps none.)
#[tokio::test]
async fn a_claim_on_postgres_begins_at_the_head_it_names() {
    on_postgres(begins_at_the_head).await;
}

async fn begins_at_the_head(db: Db) {
    let (vendor, site) = (id(VendorId::new), id(DestinationId::new));
    let jobs = [0, 1, 1].map(|due| Job { next_run_at: NOW.plus(due), ..to(vendor, site) });
    db.add_jobs(&jobs).await.unwrap();
    let head = jobs.iter().map(QueueHead::of).max_by_key(QueueHead::position).unwrap();
    let take = Take { head: head.clone(), most: 9 };
    let claim = async |take: &Take| {
        let takes = std::slice::from_ref(take);
        db.claim_from(id(NodeId::new), takes, 9, &[], NOW.plus(9), LEASE).await.unwrap()
    };
    let taken: Vec<_> = claim(&take).await.iter().map(|job| job.id).collect();
    assert_eq!(taken, [head.id]);
    let first = db.queues().await.unwrap().remove(0);
    assert_eq!(claim(&Take { head: first, most: 9 }).await.len(), 2);
}

async fn the_first_job_of_each_queue_says_whose_it_is_and_whom_it_calls(db: Db) {
    assert!(db.queues().await.unwrap().is_empty());
    let (vendor, site, provider) = (id(VendorId::new), id(DestinationId::new), id(ProviderId::new));
    let asks = Job {
        kind: JobKind::Generate,
        provider_id: Some(provider),
        priority: -1,
        next_run_at: NOW.plus(7),
        ..to(vendor, site)
    };
    let later = Job { next_run_at: NOW.plus(5), ..to(vendor, site) };
    db.add_jobs(&[later, to(vendor, site), asks]).await.unwrap();
    let heads = db.queues().await.unwrap();
    let told: Vec<_> =
        heads.iter().map(|head| (head.priority, head.due_at, head.vendor_id, head.calls)).collect();
    assert_eq!(
        told,
        [
            (-1, NOW.plus(7), Some(vendor), Some(Called::Provider(provider))),
            (0, NOW, Some(vendor), Some(Called::Destination(site))),
        ]
    );
}

/// Where the queues of these heads stand.
fn places(heads: &[QueueHead]) -> Vec<Place> {
    heads.iter().map(|head| Place { queue: head.queue(), position: head.position() }).collect()
}

async fn who_knows_the_queues_sees_what_came_behind_and_into_others(db: Db) {
    let (vendor, site) = (id(VendorId::new), id(DestinationId::new));
    let mut jobs = [to(vendor, site), to(vendor, site)];
    jobs.sort_unstable_by_key(|job| job.id);
    db.add_jobs(&jobs).await.unwrap();
    let heads = db.queues().await.unwrap();
    assert_eq!(db.queues_behind(&places(&heads)).await.unwrap(), heads, "nothing changed");

    let claim = async |head: &QueueHead, most: i64| {
        let take = Take { head: head.clone(), most };
        db.claim_from(id(NodeId::new), &[take], most, &[], NOW.plus(9), LEASE).await.unwrap().len()
    };
    // Due at the same moment, they stand in the order of their ids.
    assert_eq!(claim(&heads[0], 1).await, 1);
    let behind: Vec<_> =
        db.queues_behind(&places(&heads)).await.unwrap().iter().map(|head| head.id).collect();
    assert_eq!(behind, [jobs[1].id]);

    // All other queues, whatever their priority, and where nothing is known at all.
    let others = [-5, 0, 0, 0, 5, 5].map(|priority| Job { priority, ..to(id(VendorId::new), site) });
    db.add_jobs(&others).await.unwrap();
    let all = db.queues().await.unwrap();
    assert_eq!(all.len(), 7);
    assert_eq!(db.queues_behind(&places(&heads)).await.unwrap(), all);
    assert_eq!(db.queues_behind(&[]).await.unwrap(), all);

    // One that has no more is not among them.
    assert_eq!(claim(&heads[0], 9).await, 1);
    let left: Vec<_> = all.iter().filter(|head| head.queue() != heads[0].queue()).cloned().collect();
    assert_eq!(db.queues_behind(&places(&all)).await.unwrap(), left);
}

async fn a_look_begins_behind_the_one_before_it_or_is_at_whole_queues(db: Db) {
    let (vendor, site) = (id(VendorId::new), id(DestinationId::new));
    let now = || NOW.plus(60 * SECOND);
    // So dear that it would be good for long.
    let dear = |heads: Vec<QueueHead>| Look::of(heads, SECOND, now());
    db.add_jobs(&[Job { next_run_at: NOW.plus(50 * SECOND), ..to(vendor, site) }]).await.unwrap();
    let before = dear(db.queues().await.unwrap());
    let ahead = to(vendor, site);
    db.add_jobs(std::slice::from_ref(&ahead)).await.unwrap();
    let seen = |look: Look| look.heads()[0].id == ahead.id;
    // There are no places to begin at on SQLite: it sees all of them.
    let sees_all = db.engine() == "sqlite";
    assert_eq!(seen(db.look(Some(before.clone()), false, &now).await.unwrap()), sees_all);
    assert!(seen(db.look(Some(before), true, &now).await.unwrap()));
    assert!(seen(db.look(None, false, &now).await.unwrap()));
}

async fn a_queue_of_greater_weight_gets_more_of_the_room(db: Db) {
    let (heavy, light, site) = (id(VendorId::new), id(VendorId::new), id(DestinationId::new));
    for vendor in [heavy, light] {
        db.add_jobs(&(0..50).map(|_| to(vendor, site)).collect::<Vec<_>>()).await.unwrap();
    }
    let weight = |head: &domain::queue::QueueHead| if head.vendor_id == Some(heavy) { 3 } else { 1 };
    let takes = share(&db.queues().await.unwrap(), 20, NOW, i64::MIN, weight);
    let claimed = db.claim_from(id(NodeId::new), &takes, 20, &[], NOW, LEASE).await.unwrap();
    assert_eq!(claimed.len(), 20);
    assert_eq!(claimed.iter().filter(|job| job.vendor_id == Some(heavy)).count(), 15);
}

async fn no_more_jobs_run_at_once_than_are_allowed_however_many_nodes_claim(db: Db) {
    let site = id(DestinationId::new);
    // Two queues of one destination.
    for vendor in [id(VendorId::new), id(VendorId::new)] {
        db.add_jobs(&(0..30).map(|_| to(vendor, site)).collect::<Vec<_>>()).await.unwrap();
    }
    let limits = [WorkLimit { at_once: Some(3), ..limit(Limited::Destination(site)) }];
    let mut nodes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (db, limits) = (db.clone(), limits.clone());
        nodes.spawn(async move { claim(&db, 10, &limits, NOW).await });
    }
    let running: Vec<Job> = nodes.join_all().await.into_iter().flatten().collect();
    assert_eq!(running.len(), 3);
    assert!(claim(&db, 10, &limits, NOW).await.is_empty());
    db.finish(&[succeeded(&running[0], Vec::new())], NOW, &[]).await.unwrap();
    assert_eq!(claim(&db, 10, &limits, NOW).await.len(), 1);
}

async fn no_more_jobs_begin_in_a_minute_than_are_allowed(db: Db) {
    let provider = id(ProviderId::new);
    let asks = || Job { kind: JobKind::Generate, provider_id: Some(provider), ..job() };
    db.add_jobs(&(0..300).map(|_| asks()).collect::<Vec<_>>()).await.unwrap();
    // Two a second, and no more than two at the same moment.
    let limits = [WorkLimit { per_minute: Some(120), ..limit(Limited::Provider(provider)) }];
    assert_eq!(claim(&db, 10, &limits, NOW).await.len(), 2);
    assert!(claim(&db, 10, &limits, NOW).await.is_empty());
    assert_eq!(claim(&db, 10, &limits, NOW.plus(SECOND / 2)).await.len(), 1);
    let mut begun = 3;
    for tenth in 6..=600 {
        begun += claim(&db, 10, &limits, NOW.plus(tenth * SECOND / 10)).await.len();
    }
    assert_eq!(begun, 122, "120 in the minute and the two its beginning allowed");
    // A long pause saves nothing up.
    assert_eq!(claim(&db, 100, &limits, NOW.plus(10 * MINUTE)).await.len(), 2);
}

async fn what_is_not_limited_is_claimed_beside_what_is(db: Db) {
    let (slow, quick, vendor) = (id(DestinationId::new), id(DestinationId::new), id(VendorId::new));
    for site in [slow, quick] {
        db.add_jobs(&(0..20).map(|_| to(vendor, site)).collect::<Vec<_>>()).await.unwrap();
    }
    let limits = [WorkLimit { at_once: Some(1), ..limit(Limited::Destination(slow)) }];
    let claimed = claim(&db, 10, &limits, NOW).await;
    let of = |site| claimed.iter().filter(|job| job.destination_id == Some(site)).count();
    assert_eq!((of(slow), of(quick)), (1, 5));
    // A vendor's limit is about all it started, wherever it goes.
    let limits = [WorkLimit { at_once: Some(8), ..limit(Limited::Vendor(vendor)) }];
    assert_eq!(claim(&db, 10, &limits, NOW).await.len(), 2);
}

async fn a_limit_is_part_of_the_configuration_until_it_says_nothing(db: Db) {
    let before = db.config_version().await.unwrap();
    let set = WorkLimit { at_once: Some(2), weight: 5, ..limit(Limited::Vendor(id(VendorId::new))) };
    db.set_work_limit(&set, &audit("limit.set")).await.unwrap();
    assert_eq!(db.load_config().await.unwrap().work_limits, std::slice::from_ref(&set));
    let other = WorkLimit { at_once: None, per_minute: Some(9), ..set.clone() };
    db.set_work_limit(&other, &audit("limit.set")).await.unwrap();
    assert_eq!(db.load_config().await.unwrap().work_limits, [other]);
    db.set_work_limit(&limit(set.of), &audit("limit.set")).await.unwrap();
    let config = db.load_config().await.unwrap();
    assert!(config.work_limits.is_empty());
    assert_eq!(config.version, before + 3);
}
