//! The list of jobs as its URL says it: the query is the whole state of that page.

use domain::{filter::JobFilter, operation::JobOperation};

/// What the list of jobs shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsQuery {
    /// Narrowing.
    pub filter: JobFilter,
    /// Where the page begins; `None` for the newest jobs.
    pub cursor: Option<String>,
}

impl JobsQuery {
    /// Reads the query of a URL. What is not understood is left out, so that an old bookmark still opens a list.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let word = |name: &str| get(name).filter(|text| !text.is_empty());
        Self {
            filter: JobFilter {
                state: word("state").and_then(|text| text.parse().ok()),
                kind: word("kind").and_then(|text| text.parse().ok()),
                vendor_id: word("vendor").and_then(|text| text.parse().ok()),
            },
            cursor: word("cursor"),
        }
    }

    /// The page of a filter's newest jobs.
    pub fn of(filter: JobFilter) -> Self {
        Self { filter, cursor: None }
    }

    /// Whether anything is left out of the list.
    pub fn is_narrowed(&self) -> bool {
        self.filter != JobFilter::default()
    }

    /// Where one is asked whether to do something to all jobs of this list.
    pub fn href_to_change(&self, what: JobOperation) -> String {
        let list = self.href();
        let query = list.strip_prefix("/jobs?").map(|query| format!("&{query}")).unwrap_or_default();
        format!("/jobs/change?what={what}{query}")
    }

    /// Where this list stands. Values are words, ids and hexadecimal digits, which need no escaping.
    pub fn href(&self) -> String {
        let parts = [
            self.filter.state.map(|state| format!("state={state}")),
            self.filter.kind.map(|kind| format!("kind={kind}")),
            self.filter.vendor_id.map(|id| format!("vendor={id}")),
            self.cursor.as_ref().map(|cursor| format!("cursor={cursor}")),
        ];
        let query: Vec<String> = parts.into_iter().flatten().collect();
        if query.is_empty() { "/jobs".into() } else { format!("/jobs?{}", query.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::job::{JobKind, JobState};

    fn read(pairs: &[(&str, &str)]) -> JobsQuery {
        JobsQuery::read(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).into()))
    }

    #[test]
    fn a_list_survives_the_way_through_its_url() {
        let query = read(&[("state", "deadletter"), ("kind", "publish"), ("cursor", "64f-0a")]);
        assert_eq!(
            (query.filter.state, query.filter.kind),
            (Some(JobState::Deadletter), Some(JobKind::Publish))
        );
        assert_eq!(query.href(), "/jobs?state=deadletter&kind=publish&cursor=64f-0a");
        assert!(query.is_narrowed());
    }

    #[test]
    fn what_a_url_says_wrongly_is_left_out() {
        let query = read(&[("state", "exploded"), ("vendor", "<b>"), ("cursor", "")]);
        assert_eq!((query.href().as_str(), query.is_narrowed()), ("/jobs", false));
    }
}
