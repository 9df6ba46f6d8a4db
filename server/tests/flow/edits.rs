//! Jobs that people run again with something changed, and jobs whose order they change.

use crate::support::{Place, admin};
use app::{
    error::{AppError, Field, Reason},
    ports::{JobChangesPort, JobEditsPort},
    view::job_edits::{Ask, Changeable, Effect},
};
use domain::{
    filter::JobFilter,
    job::{Job, JobKind, JobState},
    operation::JobOperation,
    time::MINUTE,
};

fn wrong<T>(field: Field, reason: Reason) -> Result<T, AppError> {
    Err(AppError::invalid(field, reason))
}

fn texts(prompt: &str, title: Option<&str>) -> Ask {
    Ask { prompt: Some(prompt.into()), title: title.map(str::to_owned), ..Ask::default() }
}

/// A job that rests, with what a rule told it.
async fn rests(place: &Place, kind: JobKind, change: impl Fn(&mut Job)) -> Job {
    let made = place
        .jobs(1, |job| {
            (job.kind, job.state, job.title) = (kind, JobState::Failed, "Tide table".into());
            job.subject_id = Some("tide".into());
            job.params.prompt = Some("Say {{ event.type }}".into());
            job.params.system = Some("Be brief.".into());
            job.params.max_attempts = Some(9);
            change(job);
        })
        .await;
    made.into_iter().next().unwrap()
}

#[tokio::test]
async fn an_edited_copy_has_a_key_of_its_own_and_everything_else_of_the_first() {
    let place = Place::new().await;
    let services: &dyn JobEditsPort = place.services();
    let first = rests(&place, JobKind::Generate, |_| ()).await;
    place.clock.advance(MINUTE);
    let draft = services.draft(&admin(), first.id).await.unwrap();
    let changeable = Changeable { prompt: true, system: true, title: true, model: true, body: false };
    assert_eq!((draft.changeable, draft.ask.system.as_deref()), (changeable, Some("Be brief.")));
    assert_eq!((draft.pays, draft.effect, draft.instead), (true, Effect::Kept, None));
    let ask = Ask {
        model: Some("small-2".into()),
        max_tokens: Some(50),
        system: Some("Rhyme about {{ vendor }}.".into()),
        ..texts("Shorter: {{ event.type }}", Some("{{ event.type }}"))
    };
    let id = services.run_edited(&admin(), first.id, ask).await.unwrap();
    let copy = place.job(id).await;
    assert_ne!(copy.idempotency_key, first.idempotency_key);
    assert_eq!((copy.state, copy.attempt, copy.max_attempts), (JobState::Pending, 0, 9));
    assert_eq!((copy.next_run_at, copy.created_at), (place.now(), place.now()));
    assert_eq!(copy.params.prompt.as_deref(), Some("Shorter: {{ event.type }}"));
    assert_eq!((copy.params.model.as_deref(), copy.params.max_tokens), (Some("small-2"), Some(50)));
    assert_eq!(copy.params.system.as_deref(), Some("Rhyme about {{ vendor }}."));
    assert_eq!(
        (&copy.title, &copy.subject_id, copy.rule_id),
        (&first.title, &first.subject_id, first.rule_id)
    );
    assert_eq!(place.job(first.id).await, first, "the first is as it was");

    let of_first = services.edits(&admin(), first.id).await.unwrap();
    assert!(of_first.origin.is_none() && of_first.copies.len() == 1 && of_first.copies[0].id == id);
    let of_copy = services.edits(&admin(), id).await.unwrap();
    assert_eq!(of_copy.origin.map(|origin| origin.id), Some(first.id));
    let log = place.base.store.audit_log(None, place.now().plus(1), 1).await.unwrap();
    assert_eq!((log[0].action.as_str(), log[0].target.clone()), ("job.edit", first.id.to_string()));
    assert_eq!(
        log[0].detail,
        format!("as {id}: prompt, system prompt, title, model, longest answer changed")
    );
}

#[tokio::test]
async fn what_means_nothing_for_a_job_or_cannot_be_read_is_refused_at_its_field() {
    let place = Place::new().await;
    let services: &dyn JobEditsPort = place.services();
    let endpoint = place.destination("endpoint").await;
    let asks = rests(&place, JobKind::Generate, |_| ()).await;
    let forwards = rests(&place, JobKind::Forward, |job| job.destination_id = Some(endpoint)).await;
    let brings = rests(&place, JobKind::Callback, |job| job.parent_id = Some(asks.id)).await;
    let run = async |job: &Job, ask: Ask| services.run_edited(&admin(), job.id, ask).await;
    let body = |text: &str| Ask { body: Some(text.into()), ..Ask::default() };

    assert_eq!(run(&asks, texts("{{ event.", None)).await, wrong(Field::Prompt, Reason::BadTemplate));
    assert_eq!(run(&asks, texts("x", Some("{% if %}"))).await, wrong(Field::Title, Reason::BadTemplate));
    assert_eq!(run(&asks, body("{}")).await, wrong(Field::Body, Reason::NotOfThisJob));
    let system = |text: &str| Ask { system: Some(text.into()), ..Ask::default() };
    assert_eq!(run(&asks, system("{{ vendor")).await, wrong(Field::System, Reason::BadTemplate));
    assert_eq!(run(&forwards, system("x")).await, wrong(Field::System, Reason::NotOfThisJob));
    let long = Ask { model: Some("m".repeat(201)), ..Ask::default() };
    assert_eq!(run(&asks, long).await, wrong(Field::Model, Reason::TooLong));
    let endless = Ask { max_tokens: Some(0), ..Ask::default() };
    assert_eq!(run(&asks, endless).await, wrong(Field::MaxTokens, Reason::Malformed));
    assert_eq!(run(&forwards, texts("x", None)).await, wrong(Field::Prompt, Reason::NotOfThisJob));
    assert_eq!(run(&forwards, body("no JSON")).await, wrong(Field::Body, Reason::BadTemplate));
    assert_eq!(run(&brings, texts("x", None)).await, wrong(Field::Form, Reason::DoesNotFit));
    let draft = services.draft(&admin(), brings.id).await.unwrap();
    assert!(draft.changeable.is_nothing() && draft.instead == Some(asks.id));
    let draft = services.draft(&admin(), forwards.id).await.unwrap();
    assert_eq!((draft.pays, draft.effect), (false, Effect::Message("endpoint".into())));

    let made = run(&forwards, body(r#"{"type": {{ event.type }}}"#)).await.unwrap();
    assert_eq!(place.job(made).await.params.body.as_deref(), Some(r#"{"type": {{ event.type }}}"#));
    let waits = rests(&place, JobKind::Generate, |job| job.state = JobState::Pending).await;
    assert_eq!(run(&waits, texts("x", None)).await, wrong(Field::Form, Reason::DoesNotFit));
    let stranger = place.stranger().await;
    for outcome in [
        services.run_edited(&stranger, asks.id, texts("x", None)).await.map(|_| ()),
        services.draft(&stranger, asks.id).await.map(|_| ()),
        services.edits(&stranger, asks.id).await.map(|_| ()),
    ] {
        assert_eq!(outcome, Err(AppError::NotFound));
    }
}

#[tokio::test]
async fn waiting_jobs_take_the_order_somebody_gives_them() {
    let place = Place::new().await;
    let waiting = place.jobs(4, |_| ()).await;
    let [a, b, c, d] = [0, 1, 2, 3].map(|n: usize| waiting[n].id);
    place.services().change(&admin(), a, JobOperation::Later).await.unwrap();
    place.services().change(&admin(), d, JobOperation::Sooner).await.unwrap();
    place.services().prioritise(&admin(), c, -3).await.unwrap();
    let order: Vec<_> = place.claim(9).await.into_iter().map(|job| job.id).collect();
    assert_eq!(order, [d, c, b, a]);
    assert_eq!(
        place.services().prioritise(&admin(), a, 1).await,
        wrong(Field::Form, Reason::DoesNotFit),
        "it runs"
    );
    let more = place.jobs(3, |_| ()).await;
    let done = place.services().prioritise_all(&admin(), &JobFilter::default(), 7, 100).await.unwrap();
    assert_eq!((done.changed, done.more), (3, false));
    assert_eq!(place.job(more[0].id).await.priority, 7);
    let log = place.base.store.audit_log(None, place.now().plus(1), 1).await.unwrap();
    assert_eq!((log[0].action.as_str(), log[0].detail.as_str()), ("job.prioritise", "3 jobs: to 7: all"));
    place.services().change(&admin(), more[0].id, JobOperation::Usual).await.unwrap();
    assert_eq!(place.job(more[0].id).await.priority, 0, "what was moved can be moved back");
    let log = place.base.store.audit_log(None, place.now().plus(1), 9).await.unwrap();
    assert!(log.iter().any(|entry| entry.action == "job.usual"));
    let stranger = place.stranger().await;
    assert_eq!(place.services().prioritise(&stranger, more[0].id, 1).await, Err(AppError::NotFound));
}
