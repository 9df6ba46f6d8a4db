//! Jobs: their list, their story, and what people do to them.

use crate::{BAD_JOB, FAILED_JOB, busy};
use domain::{job::JobState, role::Role};

#[test]
fn only_those_who_may_see_a_way_to_re_enqueue() {
    let owner = busy(Role::Owner).get(BAD_JOB);
    assert!(
        owner.has(">Re-enqueue</button>") && owner.has("without paying the model again"),
        "{}",
        owner.page()
    );
    let editor = busy(Role::Editor).get(BAD_JOB);
    assert!(!editor.page().to_lowercase().contains("re-enqueue"));
    assert!(editor.has("Waiting for an admin"));
}

#[test]
fn what_is_done_to_a_whole_list_is_asked_first_with_its_number() {
    let ask = busy(Role::Owner).get("/jobs/change?what=cancel&state=held");
    assert!(
        ask.has("1,234 jobs") && ask.has("a call that is under way may have been made"),
        "{}",
        ask.page()
    );
    assert!(ask.has("value=\"held\"") && ask.has("href=\"/jobs?state=held\""));
    assert!(!busy(Role::Editor).get("/jobs/change?what=cancel").has("1,234 jobs"));
    assert!(!busy(Role::Editor).get("/jobs").has("All jobs of this list"));
}

#[test]
fn re_enqueuing_works_without_javascript() {
    let site = busy(Role::Admin);
    let id = BAD_JOB.trim_start_matches("/jobs/");
    let answer = site.post(BAD_JOB, "/ui/job/retry", &format!("id={id}"));
    assert_eq!(answer.status, 302);
    assert_eq!(answer.location.trim_end_matches('?'), format!("http://tidegate.example{BAD_JOB}"));
    assert_eq!(*site.fake.calls.lock().unwrap(), [format!("retry {id}")]);
    assert!(!site.get(BAD_JOB).has(">Re-enqueue</button>"));
}

#[test]
fn a_title_is_shown_as_text_whatever_it_contains() {
    let answer = busy(Role::Owner).get("/jobs");
    assert!(answer.has("&lt;script&gt;alert('title')&lt;/script&gt;"));
    assert!(!answer.html.contains("<script>alert('title')"));
}

#[test]
fn a_story_folds_repeated_tries_and_ends_with_what_to_do() {
    let page = busy(Role::Owner).get(BAD_JOB).page();
    for words in
        ["Webhook received", "Checks passed", "Text written", "try 1", "Tries 2–6", "try 7, the last"]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("Briefly unavailable") && page.contains("Waiting for you"));
    assert_eq!(page.matches("Briefly unavailable for scheduled maintenance").count(), 1);
}

#[test]
fn the_list_of_jobs_is_narrowed_and_paged_by_its_url() {
    let site = busy(Role::Owner);
    let failed = site.get("/jobs?state=failed");
    assert!(failed.has("Order #4411 note") && !failed.has("Council minutes"));
    let first = site.get("/jobs").page();
    assert_eq!(first.matches("class=\"c-main\"").count(), 50);
    let older = first.split("href=\"/jobs?cursor=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let second = site.get(&format!("/jobs?cursor={older}"));
    assert!(second.has(">Newest</a>") && !second.has("Council minutes"));
}

#[test]
fn a_job_that_rests_is_run_again_with_something_changed_without_javascript() {
    let site = busy(Role::Admin);
    let page = site.get(FAILED_JOB);
    assert!(page.has("Edit and run again") && page.has("Edited copy of"), "{}", page.page());
    assert!(page.has("Run again, edited, as") && page.has("4 min ago"));
    let editor = busy(Role::Editor);
    assert!(
        !editor.get(FAILED_JOB).has("Edit and run again") && editor.get(FAILED_JOB).has("Edited copy of")
    );
    assert!(!editor.get(&format!("{FAILED_JOB}/edit")).has("name=\"prompt\""));

    let form = site.get(&format!("{FAILED_JOB}/edit"));
    assert!(form.has("updated, not doubled") && form.has("new paid call"), "{}", form.page());
    assert!(form.has("claude-haiku") && form.has("name=\"model\"") && !form.has("name=\"body\""));
    assert!(form.has("Summarise {{ event.data.text }} in two paragraphs."));
    assert!(form.has("You write for a local paper. Be brief.") && form.has("name=\"system\""));
    let other = site.get(&format!("{BAD_JOB}/edit"));
    assert!(other.has("Edit the job that wrote it") && !other.has("name=\"prompt\""), "{}", other.page());

    let id = FAILED_JOB.trim_start_matches("/jobs/");
    let edit = format!("{FAILED_JOB}/edit");
    let refused = site.post(&edit, "/ui/job/edit", &format!("id={id}&prompt=%7B%7B+event"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("This template cannot be read."));
    let done = site.post(&edit, "/ui/job/edit", &format!("id={id}&prompt=Shorter&model=&max_tokens=50"));
    assert_eq!(done.location, "/jobs/job_018f3c51000070008000000000000bbb");
    assert_eq!(*site.fake.calls.lock().unwrap(), [format!("edit {id} Some(\"Shorter\") None Some(50)")]);
}

#[test]
fn each_try_says_what_kind_of_error_it_was_and_what_comes_of_that() {
    let page = busy(Role::Editor).get(BAD_JOB);
    assert!(page.has("The far side failed or was busy. This may pass, so it is tried again."));
    assert!(
        page.has("The far side failed or was busy. This may pass, so it was tried again."),
        "folded tries"
    );
    assert!(page.has("That was its last try."));
}

#[test]
fn a_job_that_was_moved_up_or_down_can_be_moved_back_and_no_other() {
    let site = busy(Role::Admin);
    let waits = {
        let mut stories = site.fake.stories.lock().unwrap();
        let mut chapters = stories.iter_mut().flat_map(|story| &mut story.chapters);
        let chapter = chapters.find(|chapter| chapter.job.state == JobState::Pending).unwrap();
        chapter.job.priority = 10;
        chapter.job.id
    };
    let page = format!("/jobs/{waits}");
    assert!(site.get(&page).has("10, after others") && site.get(&page).has(">Run in usual order</button>"));
    let usual = busy(Role::Admin).get(&page);
    assert!(usual.has(">Run later</button>") && !usual.has(">Run in usual order</button>"));
    site.post(&page, "/ui/job/change", &format!("id={waits}&what=usual"));
    assert_eq!(*site.fake.calls.lock().unwrap(), [format!("usual {waits}")]);
}
