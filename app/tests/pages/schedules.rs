//! Events that are made at set times, and work that is done once.

use crate::{EVENT, busy};
use domain::role::Role;

const MORNING: &str = "sch_018f3c51000070008000000000000001";
/// An event a schedule made, whose work was done already.
const REPEATED: &str = "/events/evt_018f3c51000070008000000000000002";

#[test]
fn schedules_say_when_they_are_due_and_what_they_made_last() {
    let page = busy(Role::Admin).get("/schedules");
    assert!(
        page.has("<span class=\"sub\">Europe/Berlin</span>") && page.has("<span class=\"sub\">UTC</span>")
    );
    assert!(page.has("<code>0 7 * * 1-5</code>") && page.has("every 15 min"), "{}", page.page());
    assert!(page.has("in 3 h") && page.has("due now") && page.has("while it is on"));
    assert!(page.has("href=\"/events/evt_018f3c51000070008000000000000002\"") && page.has("not yet"));
    assert!(page.has("Its vendor is switched off") && page.has("Run now") && page.has("Switch on"));
    let editor = busy(Role::Editor).get("/schedules");
    assert!(editor.has("morning-digest"));
    assert!(
        !editor.has("/times")
            && !editor.has("Run now")
            && !editor.has("Remove")
            && !editor.has("href=\"/schedules/new\"")
    );
}

#[test]
fn schedules_are_added_run_switched_and_removed_without_javascript() {
    let site = busy(Role::Admin);
    let form = "slug=digest&vendor=ven_018f3c51000070008000000000000001&event_type=digest.due&subject=";
    let sent = |rest: &str| site.post("/schedules/new", "/ui/schedule/add", &format!("{form}{rest}"));
    for (rest, words) in [
        ("&cron=&minutes=", "Give a cron expression, or a time between two events."),
        ("&cron=0+7+*+*+*&minutes=5", "not both"),
        ("&cron=never&minutes=", "Give minute, hour, day of the month"),
        ("&cron=&minutes=soon", "Give from 10 seconds to 366 days."),
        ("&cron=0+7+*+*+*&minutes=&zone=Europe/+Berlin", "There is no time zone of this name."),
        ("&cron=&minutes=15&zone=Europe/Berlin", "A time zone goes with a cron expression."),
    ] {
        let back = sent(rest).location.trim_start_matches("http://tidegate.example").to_owned();
        let again = site.get(&back);
        assert!(again.has(words), "{rest}: {back} {}", again.page());
    }
    assert_eq!(sent("&cron=0+7+*+*+*&minutes=&payload=").location, "/schedules?added=yes");
    assert_eq!(sent("&cron=&minutes=15&zone=UTC&payload=%7B%7D").location, "/schedules?added=yes");
    assert_eq!(sent("&cron=0+7+*+*+*&minutes=&zone=Europe/Berlin").location, "/schedules?added=yes");
    let times = format!("/schedules/{MORNING}/times");
    let form = site.get(&times);
    assert!(form.has("value=\"0 7 * * 1-5\"") && form.has("value=\"UTC\""), "{}", form.page());
    let set = |rest: &str| site.post(&times, "/ui/schedule/set", &format!("id={MORNING}{rest}"));
    let back =
        set("&cron=never&minutes=&zone=").location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("Give minute, hour, day of the month"), "{back}");
    assert_eq!(set("&cron=&minutes=5&zone=UTC").location, "/schedules");
    assert!(site.get("/schedules/sch_018f3c51000070008000000000000099/times").has("Not here"));
    site.post("/schedules", "/ui/schedule/switch", &format!("id={MORNING}&on=false"));
    site.post("/schedules", "/ui/schedule/run", &format!("id={MORNING}"));
    site.post("/schedules", "/ui/schedule/remove", &format!("id={MORNING}"));
    assert_eq!(
        *site.fake.calls.lock().unwrap(),
        [
            "schedule digest digest.due cron 0 7 * * * None",
            "schedule digest digest.due every 900 s Some(\"{}\")",
            "schedule digest digest.due local Europe/Berlin 0 7 * * * None",
            &format!("set {MORNING} every 300 s"),
            &format!("switch {MORNING} false"),
            &format!("run {MORNING}"),
            &format!("remove {MORNING}"),
        ]
    );
}

#[test]
fn an_event_says_which_schedule_made_it_and_which_job_did_its_work_already() {
    let page = busy(Role::Owner).get(REPEATED);
    assert!(
        page.has("Made by a schedule") && page.has("Made by the schedule morning-digest, due"),
        "{}",
        page.page()
    );
    assert!(page.has("Done already") && page.has("not kept any more") && page.has("href=\"/jobs/job_"));
    assert!(!page.has("No rule was waiting"));
    let other = busy(Role::Owner).get(EVENT);
    assert!(
        other.has("No rule was waiting") && !other.has("Done already") && !other.has("Made by a schedule")
    );
}

#[test]
fn a_job_says_which_events_asked_for_it_again_and_a_rule_for_how_long() {
    let site = busy(Role::Owner);
    let jobs = site.get("/jobs").page();
    let links = jobs.split("href=\"").filter(|link| link.starts_with("/jobs/job_"));
    let told: Vec<bool> = links
        .filter_map(|link| link.split('"').next())
        .map(|link| site.get(link).has("Asked for again"))
        .collect();
    assert!(told.contains(&true) && told.contains(&false), "{told:?}");
    assert!(site.get("/rules").has("once in 10 min for the same subject"));
    let form = site.get("/rules/new");
    assert!(form.has("name=\"unique_for_s\"") && form.has("name=\"unique_by\""));
}

#[test]
fn a_rule_is_added_with_its_while_without_javascript() {
    let site = busy(Role::Owner);
    let form = "vendor=ven_018f3c51000070008000000000000001&pattern=*&job=generate";
    let bad = site.post("/rules/new", "/ui/rule/add", &format!("{form}&unique_for_s=long&unique_by=input"));
    let back = bad.location.trim_start_matches("http://tidegate.example").to_owned();
    assert!(site.get(&back).has("Give a number of seconds from 1 to 2,592,000"), "{back}");
}
