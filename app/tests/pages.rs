//! Every page as HTML, the way a browser without JavaScript sees it, over ports in memory.
#![allow(missing_docs, reason = "names of tests are sentences")]

pub mod fake;

use domain::role::Role;
use fake::{Fake, NOON, site::Site};
use std::sync::atomic::Ordering;

const VENDOR: &str = "/vendors/openai";
const BAD_JOB: &str = "/jobs/job_018f3c5100007000800000000000000b";

const FAILED_JOB: &str = "/jobs/job_018f3c5100007000800000000000003c";

/// A webhook that arrived, and the copy a replay made of another.
const EVENT: &str = "/events/evt_018f3c51000070008000000000000001";
const COPY: &str = "/events/evt_018f3c51000070008000000000000003";
const TYPE: &str = "/events/types/acme/story.ready";

fn busy(role: Role) -> Site {
    Site::new(Fake::busy(NOON), Some(role))
}

fn fresh(role: Role) -> Site {
    Site::new(Fake::fresh(NOON), Some(role))
}

fn signed_out() -> Site {
    Site::new(Fake::busy(NOON), None)
}

#[test]
fn every_page_opens_for_owner_and_editor_with_a_title_of_its_own() {
    let pages = [
        "/",
        "/jobs",
        BAD_JOB,
        "/events",
        EVENT,
        "/requests",
        REFUSED,
        "/vendors",
        VENDOR,
        "/destinations",
        "/providers",
        "/rules",
        "/limits",
        "/events/types",
        TYPE,
        "/nodes",
    ];
    for role in [Role::Owner, Role::Editor] {
        let mut titles = std::collections::BTreeSet::new();
        for page in pages {
            let answer = busy(role).get(page);
            assert_eq!(answer.status, 200, "{role} {page}");
            assert!(answer.has("<html lang=\"en\""), "{page}");
            let title = answer.html.split("<title>").nth(1).and_then(|rest| rest.split('<').next());
            assert!(titles.insert(title.unwrap_or_default().to_owned()), "{page}: {title:?}");
        }
    }
}

/// What is read twice may have changed in between, and then the page and the data it is hydrated with differ. Editors see
/// no forms, which for good reason read for themselves.
#[test]
fn no_page_reads_the_same_thing_twice() {
    for page in [
        "/",
        "/jobs",
        BAD_JOB,
        "/events",
        EVENT,
        "/requests",
        REFUSED,
        "/vendors",
        VENDOR,
        "/rules",
        "/events/types",
        TYPE,
        "/nodes",
        FAILED_JOB,
    ] {
        let answer = busy(Role::Editor).get(page);
        let mut data = answer.data();
        assert!(!data.is_empty(), "{page} brings no data");
        data.retain(|read| !read.contains("\"null\""));
        let distinct: std::collections::BTreeSet<_> = data.iter().collect();
        assert_eq!(data.len(), distinct.len(), "{page} reads something twice: {data:#?}");
    }
}

#[test]
fn a_signed_out_visitor_is_sent_to_sign_in_and_back() {
    let answer = signed_out().get("/jobs?state=failed");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/login?next=/jobs%3Fstate%3Dfailed"));
    assert!(!answer.has("Council minutes"));
    let login = signed_out().get("/login?next=/jobs%3Fstate%3Dfailed");
    assert!(login.has("value=\"/jobs?state=failed\""), "{}", login.page());
}

#[test]
fn signing_in_leads_to_where_one_wanted_to_go_but_never_to_another_site() {
    let site = signed_out();
    for (next, to) in [("%2Fjobs", "/jobs"), ("%2F%2Fevil.example", "/"), ("", "/")] {
        let form = format!("email=a%40b.example&password=correct+horse&next={next}");
        let answer = site.post("/login", "/ui/login", &form);
        assert_eq!((answer.status, answer.location.as_str()), (302, to));
    }
    assert!(site.session.0.load(Ordering::Relaxed));
}

#[test]
fn a_wrong_password_is_said_beside_its_field_without_javascript() {
    let site = signed_out();
    let answer = site.post("/login", "/ui/login", "email=a%40b.example&password=wrong");
    assert_eq!(answer.status, 302);
    let back = answer.location.trim_start_matches("http://tidegate.example").to_owned();
    let page = site.get(&back);
    assert!(page.has("E-mail address or password is wrong."), "{}", page.page());
    assert!(page.has("aria-invalid=\"true\""));
    assert!(!site.session.0.load(Ordering::Relaxed));
}

#[test]
fn before_the_first_account_signing_in_points_to_the_one_time_link() {
    let site = Site::new(Fake::fresh(NOON), None);
    site.fake.empty_users.store(true, Ordering::Relaxed);
    assert!(site.get("/login").has("Nobody has an account yet"));
    assert!(site.get("/setup?token=once").has("value=\"once\""));
    let answer =
        site.post("/setup?token=once", "/ui/setup", "token=once&email=a%40b.example&password=long+enough+1");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/"));
    assert!(site.get("/setup?token=once").has("set up already"));
}

#[test]
fn signing_out_ends_the_session() {
    let site = busy(Role::Owner);
    let answer = site.post("/", "/ui/logout", "");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/login"));
    assert!(!site.session.0.load(Ordering::Relaxed));
}

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
fn the_server_functions_refuse_an_editor_whatever_the_page_shows() {
    let id = BAD_JOB.trim_start_matches("/jobs/");
    let forms = [
        ("/ui/job/retry", format!("id={id}")),
        ("/ui/vendor/add", "slug=x&preset=openai".into()),
        ("/ui/provider/add", "slug=x&kind=openai&model=m".into()),
        ("/ui/destination/add", "slug=x&kind=http&url=https%3A%2F%2Fx.example".into()),
        ("/ui/destination/test", "id=dst_018f3c51000070008000000000000001".into()),
        ("/ui/vendor/switch", "vendor=ven_018f3c51000070008000000000000000&enabled=false".into()),
        ("/ui/vendor/rotate", "vendor=ven_018f3c51000070008000000000000000&overlap_hours=24".into()),
        (
            "/ui/vendor/overlap",
            "vendor=ven_018f3c51000070008000000000000000&version=5&overlap_hours=24".into(),
        ),
        ("/ui/vendor/revoke", "vendor=ven_018f3c51000070008000000000000000&version=5&force=on".into()),
        ("/ui/vendor/quiet", "vendor=ven_018f3c51000070008000000000000000&hours=6".into()),
        ("/ui/vendor/limits/set", "vendor=ven_018f3c51000070008000000000000000&rate=5".into()),
        (
            "/ui/vendor/signing/set",
            "vendor=ven_018f3c51000070008000000000000000&options%5Bone_time%5D=signed".into(),
        ),
        ("/ui/job/change", format!("id={id}&what=cancel")),
        ("/ui/job/edit", format!("id={id}&prompt=x")),
        ("/ui/jobs/change", "what=cancel&state=failed".into()),
        ("/ui/flow/pause", "target=everything".into()),
        ("/ui/flow/resume", "target=everything".into()),
        ("/ui/flow/breaker", "key=dst_018f3c51000070008000000000000001&mode=open".into()),
        ("/ui/rule/add", "vendor=ven_018f3c51000070008000000000000001&pattern=*&job=generate".into()),
    ];
    for (path, form) in forms {
        let site = busy(Role::Editor);
        let answer = site.post("/jobs", path, &form);
        assert!(answer.location.contains("__err="), "{path}: {}", answer.location);
        assert!(site.fake.calls.lock().unwrap().is_empty(), "{path}");
        let outside = signed_out();
        outside.post("/jobs", path, &form);
        assert!(outside.fake.calls.lock().unwrap().is_empty(), "{path} signed out");
    }
}

#[test]
fn pausing_forcing_and_changing_jobs_work_without_javascript() {
    let site = busy(Role::Owner);
    let target = "dst_018f3c51000070008000000000000001";
    site.post("/destinations", "/ui/flow/pause", &format!("target={target}"));
    site.post("/destinations", "/ui/flow/resume", "target=everything");
    site.post("/destinations", "/ui/flow/breaker", &format!("key={target}&mode=closed"));
    let id = BAD_JOB.trim_start_matches("/jobs/");
    site.post(BAD_JOB, "/ui/job/change", &format!("id={id}&what=cancel"));
    let answer = site.post("/jobs/change", "/ui/jobs/change", "what=hold&state=pending");
    assert_eq!(answer.location, "/jobs?state=pending&did=hold&changed=1234");
    assert_eq!(
        *site.fake.calls.lock().unwrap(),
        [
            format!("pause {target}"),
            "resume everything".into(),
            format!("breaker {target} closed"),
            format!("cancel {id}"),
            "hold all Some(Pending) 10000".into(),
        ]
    );
    assert!(site.get(&answer.location).has("1,234 jobs were held."), "{}", site.get(&answer.location).page());
}

#[test]
fn what_is_paused_and_which_breaker_is_open_stand_on_the_page_of_destinations_with_buttons_for_those_who_may()
{
    let page = busy(Role::Owner).get("/destinations");
    for words in [
        "Paused",
        ">Resume</button>",
        ">Force closed</button>",
        "5 jobs in a row failed, the last with: 503 from WordPress",
        "tried again in 10 s",
    ] {
        assert!(page.has(words), "{words}: {}", page.page());
    }
    let editor = busy(Role::Editor).get("/destinations");
    assert!(editor.has("Paused") && editor.has("tried again in 10 s"));
    for words in ["Resume", "Pause</button>", "Force"] {
        assert!(!editor.page().contains(words), "{words}");
    }
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
fn an_empty_list_says_what_to_do_and_a_narrowed_one_how_to_widen_it() {
    let jobs = fresh(Role::Owner).get("/jobs");
    assert!(jobs.has("No jobs yet") && jobs.has("tidegate send VENDOR"));
    let none = busy(Role::Owner).get("/jobs?state=failed&kind=callback");
    assert!(none.has("No match") && none.has("Clear filters"));
    let lists = [
        ("/vendors", "tidegate vendor add"),
        ("/providers", "tidegate provider add"),
        ("/destinations", "tidegate destination add"),
        ("/rules", "tidegate rule add"),
    ];
    for (page, command) in lists {
        let owner = fresh(Role::Owner).get(page);
        assert!(owner.has(command) && owner.has(&format!("{page}/new")), "{page}");
        let editor = fresh(Role::Editor).get(page);
        assert!(!editor.has(command) && !editor.has(&format!("{page}/new")), "{page}");
    }
}

#[test]
fn a_page_that_cannot_load_names_its_request() {
    let site = busy(Role::Owner);
    site.fake.broken.store(true, Ordering::Relaxed);
    for page in [
        "/",
        "/jobs",
        BAD_JOB,
        "/events",
        "/requests",
        REFUSED,
        "/vendors",
        VENDOR,
        "/destinations",
        "/providers",
        "/rules",
        "/limits",
    ] {
        let answer = site.get(page);
        assert_eq!(answer.status, 503, "{page}");
        assert!(
            answer.has("Could not load") && answer.has("Try again") && answer.has(fake::site::REQUEST),
            "{page}"
        );
    }
}

#[test]
fn a_new_secret_is_shown_once_without_javascript() {
    let site = busy(Role::Owner);
    let answer = site.post("/vendors/new", "/ui/vendor/add", "slug=news&preset=standard&secret=");
    assert_eq!((answer.status, answer.location.as_str()), (302, "/vendors/added?once=h4ndle"));
    let first = site.get(&answer.location);
    assert!(
        first.has("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") && first.has("/webhooks/news"),
        "{}",
        first.page()
    );
    let second = site.get(&answer.location);
    assert!(second.has("Shown already") && !second.html.contains("whsec_"));
}

#[test]
fn a_row_of_the_vendors_leads_to_its_page_also_in_another_tenant() {
    let site = busy(Role::Owner);
    let list = site.get("/vendors");
    assert!(list.has("href=\"/vendors/openai\"") && list.has("href=\"/vendors/slack?tenant=weekly-mirror\""));
    let page = site.get("/vendors/slack?tenant=weekly-mirror");
    assert!(page.status == 200 && page.has("tenant weekly-mirror") && page.has("/webhooks/slack"));
    assert!(site.get("/vendors/slack").has("This vendor is switched off"));
    for unknown in ["/vendors/nobody", "/vendors/openai?tenant=nobody"] {
        let page = site.get(unknown);
        assert!(page.status == 404 && page.has("No such vendor"), "{unknown}");
    }
}

#[test]
fn the_versions_of_a_secret_say_until_when_they_are_accepted_and_how_much_they_are_used() {
    let admin = busy(Role::Admin).get(VENDOR);
    for words in [
        "v6",
        "Active",
        "v5",
        "Retiring, 21 h left",
        "still used",
        "214",
        "v4",
        "Ended",
        "vault:kv/tidegate/openai#secret",
        "Vault does not answer",
    ] {
        assert!(admin.has(words), "{words}");
    }
    assert!(admin.has("Replace it") && admin.has("after 6 hours without a match"));
    let editor = busy(Role::Editor).get(VENDOR);
    assert!(editor.has("Retiring, 21 h left") && !editor.has("Replace it") && !editor.has("End a version"));
}

#[test]
fn a_secret_is_replaced_without_javascript_and_shown_once() {
    let site = busy(Role::Admin);
    let vendor = "vendor=ven_018f3c51000070008000000000000000";
    let refused = site.post(VENDOR, "/ui/vendor/rotate", &format!("{vendor}&secret=&overlap_hours=0"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("214 requests matched this version during the last hour"));
    let done = site.post(VENDOR, "/ui/vendor/rotate", &format!("{vendor}&secret=&overlap_hours=0&force=on"));
    assert_eq!((done.status, done.location.as_str()), (302, "/vendors/rotated?once=h4ndle"));
    let first = site.get(&done.location);
    assert!(first.has("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD") && first.has("Replaced"));
    assert!(!site.get(&done.location).html.contains("whsec_"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["rotate 0 false"]);
}

#[test]
fn a_version_in_use_ends_only_when_that_is_ticked() {
    let site = busy(Role::Admin);
    let form = "vendor=ven_018f3c51000070008000000000000000&version=5";
    for (path, more) in [("/ui/vendor/revoke", ""), ("/ui/vendor/overlap", "&overlap_hours=0")] {
        let refused = site.post(VENDOR, path, &format!("{form}{more}"));
        let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
        assert!(site.get(&back).has("214 requests matched"), "{path}");
        assert!(site.fake.calls.lock().unwrap().is_empty(), "{path}");
    }
    site.post(VENDOR, "/ui/vendor/revoke", &format!("{form}&force=on"));
    site.post(VENDOR, "/ui/vendor/overlap", &format!("{form}&overlap_hours=72"));
    site.post(VENDOR, "/ui/vendor/quiet", &format!("{}&hours=", &form[..form.len() - 10]));
    let calls = site.fake.calls.lock().unwrap().clone();
    assert_eq!(calls, ["revoke v5", "overlap v5 259200000000", "quiet None"]);
}

#[test]
fn the_audit_log_is_narrowed_and_paged_by_its_url_and_shown_to_admins_only() {
    let site = busy(Role::Admin);
    let first = site.get("/audit");
    assert!(first.status == 200 && first.has("vendor.rotate") && first.has("href=\"/audit/export.csv\""));
    assert_eq!(first.page().matches("class=\"entry\"").count(), 50);
    let older = first
        .page()
        .split("href=\"/audit?cursor=")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let second = site.get(&format!("/audit?cursor={older}"));
    assert_eq!(second.page().matches("class=\"entry\"").count(), 50);
    assert!(second.has(">Newest</a>"));
    let narrowed = site.get("/audit?actor=ada%2Bx%40example.org&action=rule.add");
    assert!(
        narrowed.has("rule.add")
            && !narrowed.has("vendor.rotate</code>")
            && narrowed.has("value=\"rule.add\"")
    );
    assert!(narrowed.has("/audit/export.csv?actor=ada%2Bx%40example.org&amp;action=rule.add"));
    assert!(site.get("/audit?target=nothing").has("No match"));
    assert!(fresh(Role::Owner).get("/audit").has("Nothing was done yet"));
    let editor = busy(Role::Editor).get("/audit");
    assert!(editor.status == 403 && !editor.html.contains("vendor.rotate"));
    assert!(!busy(Role::Editor).get("/").has("href=\"/audit\""));
}

#[test]
fn a_vendors_limits_are_shown_to_all_and_set_without_javascript() {
    let site = busy(Role::Admin);
    let page = site.get(VENDOR);
    assert!(page.has("50 a second, 200 at once") && page.has("203.0.113.0/24, 2001:db8::/32"));
    assert!(page.has("512 KiB, as its preset says") && page.has("name=\"burst\""));
    let editor = busy(Role::Editor).get(VENDOR);
    assert!(editor.has("50 a second, 200 at once") && !editor.has("Change the limits"));

    let form = "vendor=ven_018f3c51000070008000000000000000&burst=&max_body=";
    for (more, words) in [
        ("&allow=here&rate=5", "Give networks such as 203.0.113.0/24"),
        ("&allow=&rate=many", "Give a whole number from 1 to 1,000,000."),
        ("&allow=&rate=&max_body=1+GiB", "Give a size from 1 KiB to 32 MiB"),
    ] {
        let form = if more.contains("max_body") { form.trim_end_matches("&max_body=") } else { form };
        let refused = site.post(VENDOR, "/ui/vendor/limits/set", &format!("{form}{more}"));
        let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
        assert!(site.get(&back).has(words), "{more}");
    }
    site.post(VENDOR, "/ui/vendor/limits/set", &format!("{form}&allow=192.0.2.1&rate=5"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["limit Some(5)"]);
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
fn nodes_are_listed_for_everybody_and_those_that_went_away_are_marked() {
    for role in [Role::Admin, Role::Editor] {
        let page = busy(role).get("/nodes");
        assert!(page.has("gate-1") && page.has("ingress, worker") && page.has("3 h ago"), "{}", page.page());
        assert!(page.has("Alive") && page.has("Gone") && page.has("12 min ago"), "{}", page.page());
        assert!(page.has("href=\"/nodes\""));
    }
    assert!(fresh(Role::Owner).get("/nodes").has("No node has been seen lately"));
    assert_eq!(signed_out().get("/nodes").location, "/login?next=/nodes");
}

#[test]
fn a_vendors_options_are_shown_to_all_and_set_without_javascript() {
    let site = busy(Role::Admin);
    let page = site.get(VENDOR);
    assert!(page.has("as its preset says") && page.has("name=\"options[one_time]\""));
    assert!(page.has("selected") && !page.has("name=\"options[event_id]\""), "decided when it was added");
    let editor = busy(Role::Editor).get(VENDOR);
    assert!(editor.has("Options of its preset") && !editor.has("Change the options"));

    let form = "vendor=ven_018f3c51000070008000000000000000&options%5Balgorithm%5D=";
    let refused = site.post(VENDOR, "/ui/vendor/signing/set", &format!("{form}&options%5Btolerance%5D=bad"));
    let back = refused.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("Give a number of seconds from 1 to 86,400."));
    site.post(VENDOR, "/ui/vendor/signing/set", &format!("{form}&options%5Bone_time%5D=signed"));
    assert_eq!(*site.fake.calls.lock().unwrap(), ["sign {OneTime: \"signed\"}"]);
}

#[test]
fn a_vendor_is_switched_off_and_on_without_javascript() {
    let site = busy(Role::Admin);
    for (page, words, enabled) in [(VENDOR, "Switch off", "false"), ("/vendors/slack", "Switch on", "true")] {
        let shown = site.get(page).page();
        assert!(
            shown.contains(words) && shown.contains(&format!("name=\"enabled\" value=\"{enabled}\"")),
            "{page}"
        );
        assert!(!busy(Role::Editor).get(page).has(words), "{page}");
    }
    let id = "ven_018f3c51000070008000000000000000";
    let answer = site.post(VENDOR, "/ui/vendor/switch", &format!("vendor={id}&enabled=false"));
    assert_eq!(answer.location.trim_end_matches('?'), format!("http://tidegate.example{VENDOR}"));
    assert_eq!(*site.fake.calls.lock().unwrap(), [format!("switch {id} false")]);
}

#[test]
fn a_taken_name_comes_back_to_the_form() {
    let site = busy(Role::Owner);
    let answer = site.post("/vendors/new", "/ui/vendor/add", "slug=openai&preset=openai");
    let back = answer.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("This name is in use already."));
}

#[test]
fn a_test_of_a_destination_shows_its_report_without_javascript() {
    let site = busy(Role::Owner);
    assert!(site.get("/destinations").has("not tested yet"));
    site.post("/destinations", "/ui/destination/test", "id=dst_018f3c51000070008000000000000003");
    assert!(!site.get("/destinations").has("not tested yet"));

    let gone = "It answered that it is gone (410)";
    assert!(site.get("/destinations").has(gone));
    site.post("/destinations", "/ui/destination/switch", "id=dst_018f3c51000070008000000000000003&on=true");
    assert!(!site.get("/destinations").has(gone));
}

#[test]
fn an_address_without_a_page_answers_404() {
    for page in ["/nope", "/jobs/job_1", "/jobs/job_018f3c51000070008000000000ffffff"] {
        assert_eq!(busy(Role::Owner).get(page).status, 404, "{page}");
    }
}

#[test]
fn no_page_has_a_link_that_leads_nowhere() {
    let site = busy(Role::Owner);
    let mut seen = std::collections::BTreeSet::from(["/".to_owned()]);
    let mut todo = vec!["/".to_owned()];
    while let Some(page) = todo.pop() {
        let answer = site.get(&page);
        assert_eq!(answer.status, 200, "{page}");
        // One job stands for all, one page of the list for its many filters.
        for link in answer.page().split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = format!("/{}", link.replace("&amp;", "&"));
            let many = ["/jobs/", "/events/", "/requests/"].iter().any(|list| link.starts_with(list))
                || link.contains('?');
            let asset = link.starts_with("/pkg") || link.ends_with(".csv") || link.ends_with(".svg");
            if !asset && !many && seen.insert(link.clone()) {
                todo.push(link);
            }
        }
    }
    assert!(seen.len() >= 10, "{seen:?}");
}

const REFUSED: &str = "/requests/req_018f3c51000070008000000000000001";
const NOT_KEPT: &str = "/requests/req_018f3c51000070008000000000000002";
const BY_HAND: &str = "/requests/req_018f3c51000070008000000000000003";
const SENDER_LINK: &str = "/requests/sender?vendor=ven_018f3c51000070008000000000000001";

#[test]
fn requests_are_listed_accepted_and_refused_together_and_narrowed_by_their_url() {
    let site = busy(Role::Editor);
    let all = site.get("/requests");
    assert!(all.has("response.completed") && all.has("Signature does not fit") && all.has("Revoked secret"));
    let refused = site.get("/requests?outcome=refused&reason=body_too_large");
    assert!(refused.has("Body too large") && !refused.has("response.completed"), "{}", refused.page());
    assert!(site.get("/requests?outcome=accepted&reason=body_too_large").has("No match"));
    assert!(fresh(Role::Owner).get("/requests").has("No requests yet"));
}

#[test]
fn a_refused_request_tells_what_was_checked_why_it_failed_and_shows_headers_as_text() {
    let page = busy(Role::Owner).get(REFUSED);
    for words in
        ["What was checked", "Failed", "Not reached", "Revoked secret", "which is revoked", "192.0.2.7"]
    {
        assert!(page.has(words), "{words}: {}", page.page());
    }
    assert!(page.has("&lt;script&gt;alert('header')") && !page.html.contains("<script>alert('header')"));
    assert!(busy(Role::Owner).get(NOT_KEPT).has("is not kept"));
    assert!(busy(Role::Owner).get(BY_HAND).has("Open the event"));
}

#[test]
fn a_body_is_read_only_when_asked_for_and_only_by_those_who_may() {
    let site = busy(Role::Admin);
    assert!(!site.get(REFUSED).has("the\": \"body"));
    assert!(site.fake.calls.lock().unwrap().is_empty());
    let shown = site.get(&format!("{REFUSED}?show=body"));
    assert!(shown.page().contains("&quot;the&quot;") || shown.has("\"the\": \"body\""), "{}", shown.page());
    assert_eq!(site.fake.calls.lock().unwrap().len(), 1);
    let editor = busy(Role::Editor);
    editor.get(&format!("{REFUSED}?show=body"));
    assert!(editor.fake.calls.lock().unwrap().is_empty());
}

#[test]
fn checking_again_and_accepting_work_without_javascript_and_only_for_those_who_may() {
    let id = REFUSED.trim_start_matches("/requests/");
    let site = busy(Role::Admin);
    site.post(REFUSED, "/ui/request/recheck", &format!("id={id}"));
    assert!(site.get(REFUSED).has("Would be accepted"));
    let refused = site.post(REFUSED, "/ui/request/accept", &format!("id={id}"));
    assert!(refused.location.contains("__err="));
    let accepted = site.post(REFUSED, "/ui/request/accept", &format!("id={id}&anyway=yes"));
    assert_eq!(accepted.location, "/events/evt_018f3c51000070008000000000000002");
    assert!(site.get(&accepted.location).has("Taken in by hand"));
    let editor = busy(Role::Editor);
    for path in ["/ui/request/recheck", "/ui/request/accept", "/ui/request/body"] {
        editor.post(REFUSED, path, &format!("id={id}&anyway=yes"));
    }
    assert!(editor.fake.calls.lock().unwrap().is_empty());
    assert!(!editor.get(REFUSED).has("Accept as event"));
}

#[test]
fn no_vendor_can_have_the_name_of_a_page_and_no_other_name_is_kept_from_vendors() {
    let words: std::collections::BTreeSet<String> = fake::site::paths()
        .iter()
        .filter_map(|path| path.strip_prefix("/vendors/")?.split('/').next().map(str::to_owned))
        .filter(|word| !word.starts_with(['{', ':']))
        .collect();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), app::NO_VENDORS);
}

#[test]
fn what_a_preset_lets_one_choose_has_fields_and_errors_stand_there_without_javascript() {
    let site = busy(Role::Admin);
    let page = "/vendors/new?preset=standard";
    let empty = site.get(page);
    assert!(empty.has("<option value=\"standard\" selected"), "{}", empty.page());
    assert!(empty.has("name=\"options[tolerance]\"") && empty.has("placeholder=\"300\""));
    assert!(!site.get("/vendors/new").has("options["));
    let form = "slug=news&preset=standard&secret=";
    let bad = site.post(page, "/ui/vendor/add", &format!("{form}&options%5Btolerance%5D=bad"));
    let back = bad.location.trim_start_matches("http://tidegate.example").to_owned();
    let again = site.get(&back);
    assert!(again.has("Give a number of seconds from 1 to 86,400."), "{back} {}", again.page());
    assert!(again.has("name=\"options[tolerance]\""));
    site.post(page, "/ui/vendor/add", &format!("{form}&options%5Btolerance%5D=60&options%5Bprefix%5D="));
    let calls = site.fake.calls.lock().unwrap().clone();
    assert_eq!(calls, ["add vendor news {Tolerance: \"60\"}"]);
}

#[test]
fn an_event_shows_its_versions_and_a_way_to_its_bytes() {
    let site = busy(Role::Owner);
    let page = site.get("/events/evt_018f3c51000070008000000000000001");
    assert!(page.has("Version 2 of 2") && page.has("Version 1 of 2"), "{}", page.page());
    assert!(page.has("Show headers and body") && site.fake.calls.lock().unwrap().is_empty());
    assert!(page.has("Not run again so far.") && !page.has("Replayed copy"));
    assert!(site.get("/events?type=response.completed").has("resp_7"));
    assert!(site.get("/events?type=nothing").has("No match"));
    assert!(fresh(Role::Owner).get("/events").has("No events yet"));
}

#[test]
fn an_event_is_replayed_by_its_button_and_a_copy_names_its_origin() {
    let site = busy(Role::Admin);
    let answer = site.post(EVENT, "/ui/replay/start", "id=evt_018f3c51000070008000000000000001");
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (302, "/replays?added=rpl_00000000000000000000000000000386")
    );
    let calls = site.fake.calls.lock().unwrap().clone();
    assert!(
        calls.len() == 1 && calls[0].starts_with("replay evt_018f3c51000070008000000000000001"),
        "{calls:?}"
    );
    let copy = site.get(COPY);
    assert!(copy.has("Replayed copy") && copy.has("it is a copy that was run again"), "{}", copy.page());
    assert!(copy.has(&format!("href=\"{EVENT}\"")));
    assert!(busy(Role::Owner).get("/events?type=a.b").has("href=\"/replays?type=a.b&amp;chosen=yes\""));
    let editor = busy(Role::Editor);
    assert!(!editor.get(EVENT).has("Replay this event") && !editor.get("/events").has("Replay these"));
}

#[test]
fn a_link_to_the_sender_page_is_made_and_ended_by_those_who_may() {
    let site = busy(Role::Admin);
    assert!(site.get(SENDER_LINK).has("https://hooks.example.com/sender/t0ken"));
    let form = "vendor=ven_018f3c51000070008000000000000001";
    let answer = site.post(SENDER_LINK, "/ui/sender/end", form);
    assert!(answer.location.contains("ended=yes"));
    assert!(site.get(&answer.location).has("have ended"));
    let editor = busy(Role::Editor);
    assert!(!editor.get(SENDER_LINK).has("t0ken"));
    editor.post(SENDER_LINK, "/ui/sender/end", form);
    assert!(editor.fake.calls.lock().unwrap().is_empty());
}

#[test]
fn the_sender_page_is_one_document_without_script_and_shows_typed_text_as_text() {
    use app::{pages::sender::*, view::sender::*};
    let page = SenderPage {
        now: NOON,
        vendor: "acme".into(),
        url: "https://hooks.example.com/webhooks/acme".into(),
        expires_at: NOON.plus(1),
        recipe: Recipe {
            preset: "Standard Webhooks".into(),
            doc_url: None,
            facts: vec![("Algorithm".into(), "HMAC-SHA256".into())],
            script: Some("curl".into()),
        },
        refusals: vec![],
    };
    let verdict = SignatureVerdict {
        valid: false,
        code: "signature_mismatch".into(),
        words: "No.".into(),
        likely: None,
    };
    let checked = Checked {
        verdict: Ok(verdict),
        headers: "a: 1".into(),
        body: "</textarea><script>alert('typed')</script>".into(),
    };
    let html = sender_document(Ok(page), Some(checked));
    assert!(html.starts_with("<!DOCTYPE html><html") && !html.contains("<script"), "{html}");
    assert!(html.contains("Would be refused") && html.contains("noindex") && html.contains("HMAC-SHA256"));
    assert!(html.contains("&lt;/textarea&gt;"), "{html}");
    let closed = sender_document(Err(app::error::AppError::NotFound), None);
    assert!(closed.contains("This link does not work"));
}

#[test]
fn the_page_of_a_type_shows_what_waits_and_forms_only_to_those_who_may_change_it() {
    let admin = busy(Role::Admin).get(TYPE);
    for part in [
        "14 jobs wait",
        "12 of them fit now",
        "/data/heading",
        "is new (string)",
        "Release 12 jobs",
        "learned from 50",
    ] {
        assert!(admin.has(part), "{part}: {}", admin.page());
    }
    let editor = busy(Role::Editor).get(TYPE);
    assert!(editor.has("14 jobs wait") && editor.has("/data/heading"));
    for part in ["Release 12", "Save mapping", "<textarea", "Learn</"] {
        assert!(!editor.has(part), "{part}");
    }
    assert_eq!(busy(Role::Admin).get("/events/types/nobody/story.ready").status, 404);
}

#[test]
fn a_schema_that_could_not_be_saved_stands_in_its_editor_with_the_wrong_line() {
    let answer = busy(Role::Admin).get(&format!("{TYPE}?draft=abc"));
    assert!(answer.has("Not saved. Line 2"), "{}", answer.page());
    assert!(answer.has("aria-invalid=\"true\""));
}

#[test]
fn an_editor_cannot_change_schemas_mappings_or_release_by_calling_the_functions() {
    let site = busy(Role::Editor);
    let of = "vendor=acme&event_type=story.ready";
    for (path, form) in [
        ("/ui/schema/save", format!("{of}&text=%7B%7D")),
        ("/ui/schema/learn", format!("{of}&samples=5")),
        ("/ui/schema/use", format!("{of}&mode=off")),
        ("/ui/mapping/save", format!("{of}&text=drop+%2Fa")),
        ("/ui/mapping/use", format!("{of}&version=1&active=false")),
        ("/ui/schema/release", of.to_owned()),
    ] {
        site.post(TYPE, path, &form);
        assert!(site.fake.calls.lock().unwrap().is_empty(), "{path}");
    }
    let admin = busy(Role::Admin);
    let answer = admin.post(TYPE, "/ui/mapping/save", &format!("{of}&text=drop+%2Fa&from_version="));
    assert_eq!((answer.status, answer.location.as_str()), (302, "/events/types/acme/story.ready?mapping=1"));
    let answer = admin.post(TYPE, "/ui/schema/release", of);
    assert_eq!(
        (answer.status, answer.location.as_str()),
        (302, "/events/types/acme/story.ready?released=12")
    );
    assert_eq!(*admin.fake.calls.lock().unwrap(), ["mapping drop /a", "release"]);
}
