//! The self-test and what it found last.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::{Place, page, tell, time, trial};
use crate::web::guard::Visit;
use crate::web::self_test::{self, Grade, Report};
use crate::web::site::Site;
use crate::web::words::Words;

/// The page.
pub(in crate::web) async fn last(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    show(&visit, StatusCode::OK, site.self_test().as_deref(), &html! {})
}

/// Runs it.
pub(in crate::web) async fn run(State(site): State<Arc<Site>>, visit: Visit) -> Response {
    site.audit.note(visit.name(), &visit.peer.to_string(), "self-test", "");
    match self_test::run(&site).await {
        Ok(report) => show(&visit, StatusCode::OK, Some(&report), &html! {}),
        Err(fault) => {
            let told = tell(false, &fault.to_string());
            let last = site.self_test();
            show(&visit, StatusCode::CONFLICT, last.as_deref(), &told)
        }
    }
}

fn show(visit: &Visit, status: StatusCode, report: Option<&Report>, told: &Markup) -> Response {
    let words = visit.words;
    let content = html! {
        (told)
        section.card {
            p { (words.self_test_hint) }
            (trial::button(visit, "/self-test", words.run_self_test))
        }
        @if let Some(report) = report {
            section.card aria-labelledby="found" {
                h2 #found { (time::moment(report.at)) }
                table.stack {
                    thead { tr {
                        th scope="col" { (words.what) } th scope="col" { (words.state) }
                        th scope="col" { (words.detail) }
                    } }
                    tbody {
                        @for found in &report.findings {
                            tr {
                                td.nowrap data-label=(words.what) { (found.check) }
                                td data-label=(words.state) { (grade(found.grade, words)) }
                                td data-label=(words.detail) {
                                    (found.seen)
                                    @if let Some(advice) = &found.advice { p.hint { (advice) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        p { a href="/" { (words.status) } }
    };
    (status, page(visit, words.self_test, Place::Status, &content)).into_response()
}

fn grade(grade: Grade, words: &Words) -> Markup {
    let (class, word) = match grade {
        Grade::Ok => ("badge good", words.part_ok),
        Grade::Warning => ("badge warn", words.sev_warning),
        Grade::Failed => ("badge bad", words.failed),
    };
    html! { span class=(class) { (word) } }
}

/// The newest one in a line.
pub(super) fn line(report: Option<&Report>, words: &Words) -> Markup {
    html! {
        @match report {
            Some(report) => {
                @let of = |grade| report.findings.iter().filter(|found| found.grade == grade).count();
                @let worst = report.findings.iter().map(|found| found.grade).max();
                (grade(worst.unwrap_or(Grade::Ok), words)) " "
                (time::moment(report.at)) ": " (report.findings.len()) " " (words.checks) ", "
                (of(Grade::Warning)) " " (words.warnings) ", " (of(Grade::Failed)) " " (words.failures)
            },
            None => (words.not_yet),
        }
        " · " a href="/self-test" { (words.self_test) }
    }
}
