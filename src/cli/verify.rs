//! `corpusd verify PIPELINE`

use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{Common, Exit, complain, open, say};
use crate::{
    chatbase::{ApiError, Refusal},
    run::{self, ExamineError, Examined},
    verify::Asked,
};

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Which pipeline
    pipeline: String,
    /// Print what came of each question as JSON
    #[arg(long)]
    json: bool,
}

/// What is printed with `--json`.
#[derive(Debug, Serialize)]
struct Answers<'a> {
    pipeline: &'a str,
    asked: usize,
    passed: usize,
    verified: bool,
    questions: &'a [Asked],
}

/// Asks the golden questions, and prints what came of them.
pub(super) async fn verify(
    common: &Common,
    args: &VerifyArgs,
    now: fn() -> Timestamp,
) -> anyhow::Result<Exit> {
    let pipeline = match open::open_one(common, &args.pipeline)? {
        Ok(pipeline) => pipeline,
        Err(exit) => return Ok(exit),
    };
    let name = pipeline.name.as_str();
    let context = open::context(common.state_dir(), now, &Arc::default(), CancellationToken::new());
    let Examined { marked, before } = match run::examine(&pipeline, &context).await {
        Ok(examined) => examined,
        Err(error) => {
            complain(&format!("error: {error}"));
            return Ok(match error {
                ExamineError::NoQuestions(_) => Exit::Usage,
                ExamineError::Api(ApiError::Refused(Refusal::Key | Refusal::Plan, _)) => Exit::Refused,
                ExamineError::TooSoon(_) | ExamineError::Api(_) | ExamineError::Run(_) => Exit::Failed,
            });
        }
    };
    let (asked, passed) = (marked.asked.len(), marked.passed());
    if args.json {
        let (verified, questions) = (marked.is_passed, marked.asked.as_slice());
        let answers = Answers { pipeline: name, asked, passed, verified, questions };
        say(&serde_json::to_string(&answers)?)?;
    } else {
        say(&format!("{name}: {passed} of {asked} golden questions passed"))?;
        for failed in run::failures(&marked, &before) {
            say(&format!("{name}: {failed}"))?;
        }
    }
    Ok(if marked.is_passed { Exit::Done } else { Exit::Unverified })
}
