//! What runs the place: rights, pauses, breakers, nodes, the audit log.

use crate::{BAD_JOB, busy, fresh, signed_out};
use domain::role::Role;

#[test]
fn the_server_functions_refuse_an_editor_whatever_the_page_shows() {
    let id = BAD_JOB.trim_start_matches("/jobs/");
    let forms = [
        ("/ui/job/retry", format!("id={id}")),
        ("/ui/vendor/add", "slug=x&preset=openai".into()),
        ("/ui/provider/add", "slug=x&kind=openai&model=m".into()),
        ("/ui/destination/add", "slug=x&kind=http&url=https%3A%2F%2Fx.example".into()),
        ("/ui/destination/test", "id=dst_018f3c51000070008000000000000001".into()),
        ("/ui/destination/rotate", "id=dst_018f3c51000070008000000000000003&overlap_hours=24".into()),
        (
            "/ui/vendor/scheme/set",
            "vendor=ven_018f3c51000070008000000000000004&scheme=name+%3D+%22x%22".into(),
        ),
        ("/ui/tokens/rotate", "lead_hours=24".into()),
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
        ("/ui/breakers/thresholds/set", "of=installation&chosen%5Bwindow%5D=120".into()),
        ("/ui/rule/add", "vendor=ven_018f3c51000070008000000000000001&pattern=*&job=generate".into()),
        (
            "/ui/schedule/add",
            "slug=x&vendor=ven_018f3c51000070008000000000000001&event_type=a&cron=0+7+*+*+*".into(),
        ),
        ("/ui/schedule/switch", "id=sch_018f3c51000070008000000000000001&on=false".into()),
        ("/ui/schedule/run", "id=sch_018f3c51000070008000000000000001".into()),
        ("/ui/schedule/remove", "id=sch_018f3c51000070008000000000000001".into()),
        ("/ui/chore/run", "name=sessions".into()),
        ("/ui/chore/switch", "name=sessions&on=false".into()),
        ("/ui/destination/end-old", "id=dst_018f3c51000070008000000000000003&why=it+leaked".into()),
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
        ">Close now</button>",
        "5 jobs in a row failed, the last with: 503 from WordPress",
        "tried again in 10 s",
    ] {
        assert!(page.has(words), "{words}: {}", page.page());
    }
    let editor = busy(Role::Editor).get("/destinations");
    assert!(editor.has("Paused") && editor.has("tried again in 10 s"));
    for words in ["Resume", "Pause</button>", "Force", "Close now"] {
        assert!(!editor.page().contains(words), "{words}");
    }
}

#[test]
fn a_provider_and_its_model_have_a_breaker_each_and_the_first_page_says_why_one_is_not_asked() {
    let site = busy(Role::Owner);
    let page = site.get("/providers");
    assert!(page.has(" · all models") && page.has("Force open"), "{}", page.page());
    let first = site.get("/");
    assert!(
        first.has("Not asked now")
            && first.has(">anthropic</a>")
            && first.has("anthropic says that its credit is used up; next probe in 10 min")
    );
    site.post("/providers", "/ui/flow/breaker", "key=prv_018f3c51000070008000000000000001&mode=automatic");
    assert_eq!(*site.fake.calls.lock().unwrap(), ["breaker prv_018f3c51000070008000000000000001 automatic"]);
}

#[test]
fn breakers_show_what_they_counted_and_their_thresholds_are_set_without_javascript() {
    let site = busy(Role::Admin);
    let page = site.get("/breakers");
    assert!(page.has("1,234 calls in the last 60 s: 7 failed, 2 slow"), "{}", page.page());
    assert!(page.has("name=\"chosen[failure_rate]\"") && page.has("value=\"35\""));
    assert!(!page.has("thresholds-installation"), "an owner's business");
    assert!(busy(Role::Owner).get("/breakers").has("thresholds-installation"));
    assert!(site.get("/destinations").has("href=\"/breakers\""));

    let target = "dst_018f3c51000070008000000000000001";
    let form =
        format!("of={target}&chosen%5Bfailure_rate%5D=30&chosen%5Bslow_after%5D=+20+&chosen%5Bwindow%5D=");
    site.post("/breakers", "/ui/breakers/thresholds/set", &form);
    assert_eq!(
        *site.fake.calls.lock().unwrap(),
        [format!("thresholds {target} failure_rate 30, slow_after 20")]
    );
    for (wrong, words) in [
        ("chosen%5Bfailure_rate%5D=101", "Give a share from 1 to 100 per cent."),
        ("chosen%5Bin_a_row%5D=1", "Give a number of jobs from 2 to 10, or 0 for never."),
        ("chosen%5Bwait%5D=soon", "Give a number of seconds from 1 to 600."),
    ] {
        let refused = site.post("/breakers", "/ui/breakers/thresholds/set", &format!("of={target}&{wrong}"));
        assert!(site.get(&refused.location).has(words), "{wrong}: {}", refused.location);
    }
    let editor = busy(Role::Editor).get("/breakers");
    assert!(editor.has("7 failed") && !editor.has("chosen["));
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
