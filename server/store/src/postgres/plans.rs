//! How PostgreSQL plans the statements that every job passes through: they must cost the same whatever it believes of the
//! table. (What they do is shown by the tests of both databases.)

use super::{Adapter, Connection, finish, insert, locking};
use crate::{DEFAULT_TENANT_ID, OpenOptions, Store};
use domain::{
    id::JobId,
    job::{Job, JobKind},
    time::Timestamp,
};
use sqlx::{AssertSqlSafe, Connection as _, Executor, PgConnection, query_scalar};
use uuid::Uuid;

/// More than one batch.
const JOBS: usize = 2_000;

/// Asks in a schema of its own, which is gone afterwards; nothing is asked where there is to be no server.
#[expect(clippy::print_stdout, reason = "a skipped test must be seen")]
async fn in_a_schema(ask: impl AsyncFnOnce(&Adapter)) {
    if std::env::var("TIDEGATE_SKIP_POSTGRES").is_ok_and(|skip| skip == "1") {
        println!("SKIPPED: no plan was looked at, because TIDEGATE_SKIP_POSTGRES=1");
        return;
    }
    let admin = std::env::var("TIDEGATE_TEST_POSTGRES_URL")
        .expect("these tests need a PostgreSQL server: run `scripts/with-postgres.sh cargo test -p store`");
    let name = format!("plans_{}", Uuid::now_v7().simple());
    let mut server = PgConnection::connect(&admin).await.unwrap();
    server.execute(AssertSqlSafe(format!("create schema {name}"))).await.unwrap();
    let joint = if admin.contains('?') { '&' } else { '?' };
    let url = format!("{admin}{joint}options[search_path]={name}");
    let adapter = Adapter::open(&url, &OpenOptions::default()).await.unwrap();
    adapter.migrate().await.unwrap();
    ask(&adapter).await;
    adapter.close().await;
    server.execute(AssertSqlSafe(format!("drop schema {name} cascade"))).await.unwrap();
}

async fn fill(store: &dyn Store) {
    let job = |_| Job::new(JobId::new(Uuid::now_v7()), DEFAULT_TENANT_ID, JobKind::Publish, Timestamp(0));
    store.add_jobs(&(0..JOBS).map(job).collect::<Vec<_>>()).await.unwrap();
}

/// How `statement` is carried out with these arguments, on a connection as it is used for it.
async fn plan(connection: &mut Connection, statement: &'static str, arguments: &str) -> String {
    connection.execute(AssertSqlSafe(format!("prepare planned as {statement}"))).await.unwrap();
    let lines: Vec<String> = query_scalar(AssertSqlSafe(format!("explain execute planned ({arguments})")))
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    connection.execute("deallocate planned").await.unwrap();
    lines.join("\n")
}

/// An array of so many, one for each job of a batch.
fn array(value: &str, of: &str) -> String {
    format!("array_fill({value}::{of}, array[{JOBS}])")
}

#[tokio::test]
async fn a_look_behind_what_is_known_goes_to_its_place_in_the_index_in_a_new_table_as_in_a_known_one() {
    in_a_schema(async |adapter| {
        let nobody = "'00000000-0000-0000-0000-000000000000'";
        let arguments = format!(
            "'{{0}}', '{{0}}', '{{0}}', array[{nobody}::uuid], '{{0}}', '{{0}}', '{{0}}', '{{1}}', 9"
        );
        for known in [false, true] {
            let mut claim = adapter.begin_claim().await.unwrap();
            let plan = plan(&mut claim, locking::HEADS_BEHIND, &arguments).await;
            assert_eq!(plan.matches("Index Scan using jobs_due on jobs").count(), 3, "{known}: {plan}");
            // Where they begin is where the index is entered; what is only filtered would be read from its beginning.
            for begin in ["(ROW(next_run_at, id) >= ROW(", "((ROW(priority, queue) > ROW("] {
                let conditions =
                    plan.lines().filter(|line| line.contains("Index Cond") && line.contains(begin));
                assert!(conditions.count() >= 1, "{known}: {begin} {plan}");
            }
            assert!(!plan.contains("Filter: ") && !plan.contains("Seq Scan"), "{known}: {plan}");
            claim.rollback().await.unwrap();
            fill(adapter).await;
            adapter.write.execute("analyze jobs").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_claim_finds_the_jobs_it_locked_by_their_place_in_a_new_table_as_in_a_known_one() {
    in_a_schema(async |adapter| {
        let nobody = "'00000000-0000-0000-0000-000000000000'";
        let arguments =
            format!("{nobody}, 1, 1, '{{0}}', '{{0}}', '{{{JOBS}}}', {JOBS}, '{{0}}', array[{nobody}::uuid]");
        for known in [false, true] {
            let mut claim = adapter.begin_claim().await.unwrap();
            let plan = plan(&mut claim, locking::CLAIM, &arguments).await;
            assert!(
                plan.contains("Tid Scan on jobs") && plan.contains("using jobs_due on jobs"),
                "{known}: {plan}"
            );
            assert!(!plan.contains("Seq Scan"), "{known}: {plan}");
            claim.rollback().await.unwrap();
            fill(adapter).await;
            adapter.write.execute("analyze jobs").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn ends_look_each_job_up_however_many_they_are_and_however_few_seem_to_run() {
    in_a_schema(async |adapter| {
    fill(adapter).await;
    adapter.write.execute("analyze jobs").await.unwrap();
    let uuids = array("'00000000-0000-0000-0000-000000000000'", "uuid");
    let (number, time, word) = (array("1", "integer"), array("1", "bigint"), array("'x'", "text"));
    let truth = array("false", "boolean");
    let succeed = format!("{uuids}, {number}, {uuids}, {time}, {time}, {number}, 1");
    let change = format!(
        "{uuids}, {number}, {uuids}, {word}, {number}, {time}, {word}, {word}, {word}, {time}, {time}, {time}, {time}, {time}, \
         {word}, 1, {truth}, {number}"
    );
    for (statement, arguments) in [(finish::SUCCEED, succeed), (finish::CHANGE, change)] {
        let mut finish = adapter.begin_finish().await.unwrap();
        let plan = plan(&mut finish, statement, &arguments).await;
        assert!(plan.contains("Index Cond: (id = ended.job_id)"), "{plan}");
        assert!(!plan.contains("Join Filter"), "{plan}");
        finish.rollback().await.unwrap();
    }
    })
    .await;
}

#[tokio::test]
async fn bodies_and_jobs_of_a_batch_are_not_compared_with_all_its_events() {
    in_a_schema(async |adapter| {
    let mut writer = adapter.write.acquire().await.unwrap();
    let uuids = array("'00000000-0000-0000-0000-000000000000'", "uuid");
    let (number, time, word) = (array("1", "integer"), array("1", "bigint"), array("'x'", "text"));
    let (bytes, truth) = (array("''", "bytea"), array("false", "boolean"));
    let arguments = format!(
        "{uuids}, {uuids}, {uuids}, {word}, {bytes}, {word}, {word}, {time}, {word}, {time}, {uuids}, {word}, {number}, \
         {time}, {word}, {bytes}, {truth}"
    );
    let small = array("1", "smallint");
    let with_jobs = [
        arguments.as_str(), &uuids, &uuids, &uuids, &uuids, &word, &word, &word, &uuids, &uuids, &uuids, &uuids, &word, &word,
        &number, &number, &small, &time, &uuids, &time, &word, &word, &word, &time, &word, &time, &time, &time, &time, &time,
        &time, &time, &time, &time, &word,
    ];
    for (statement, arguments) in [(insert::EVENTS, &arguments), (insert::EVENTS_AND_JOBS, &with_jobs.join(", "))] {
        for mode in ["force_generic_plan", "force_custom_plan"] {
            writer.execute(AssertSqlSafe(format!("set plan_cache_mode = {mode}"))).await.unwrap();
            let plan = plan(&mut writer, statement, arguments).await;
            assert!(plan.contains("hashed SubPlan") && !plan.contains("Nested Loop"), "{plan}");
        }
    }
    drop(writer);
    })
    .await;
}

#[tokio::test]
async fn the_tries_of_a_few_jobs_are_looked_up_by_their_ids_though_statistics_say_that_none_ended() {
    in_a_schema(async |adapter| {
        fill(adapter).await;
        adapter.write.execute("analyze jobs").await.unwrap();
        let mut reader = adapter.read.acquire().await.unwrap();
        let statement = "select * from all_attempts where job_id = any ($1::uuid[])";
        let plan = plan(&mut reader, statement, "array_fill(gen_random_uuid(), array[5])").await;
        assert!(plan.contains("Index Scan using jobs_pkey on jobs"), "{plan}");
    })
    .await;
}
