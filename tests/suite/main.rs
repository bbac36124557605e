//! The whole program against a website and a chatbot of our own, over loopback HTTP.
//!
//! Each test makes its own world (temporary folders, servers on free ports), so that they run in any order
//! and side by side. Nothing leaves the machine, and every wait has a limit with a name.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::format_collect,
    clippy::format_push_string,
    reason = "pages are short, and read as they are written"
)]

// What the tests are made of.
mod centre; // a help centre that looks like one
mod chance; // seeded dice, and how much of a test is done
mod chatbot; // the API: the sandbox, its faults and its log
mod contract; // what the API takes: every request is held against it
mod lockstep; // a program that can be met in any stage
mod program; // the real program at work: started, watched, killed
mod site; // a website that does as it is told
mod tls; // an authority of our own, and what it certifies
mod world; // a pipeline between the two, and the folders it lives in

// What they say, by feature.
mod access; // private docs: credentials, proxies, certificates
mod adversity; // names, locks, keys and the program itself give way
mod architecture; // who may import whom, and what pure means
mod backup; // copies of the state
mod chatbase_v2; // an agent that is kept source by source
mod clean; // selectors of the user's own
mod cli; // commands, exit codes, what a user reads
mod corpus; // what is sent: whole documents, within the budget
mod crawl; // which pages are asked for, how, and how often
mod crash; // killed in every stage, a log cut anywhere, a full disk
mod daemon; // schedules, signals, reloads and triggers of the real program
mod deploy; // waiting for a deploy, and crawling a part
mod doctor; // what a run needs, looked at without a run
mod endurance; // thousands of pages, with faults, kills and little memory
mod explain; // what became of a URL, and why
mod fleet; // many pipelines at once
mod faults; // sites that fail, lie, or fight back
mod frontier; // what is yielded, once, in which order, whenever the process dies
mod fuzz; // what holds for any input: the checks that `fuzz/` runs for longer
mod gates; // what is held, and how it is let go
mod graphs; // random sites with random faults, against a plain walk
mod histories; // pages that come and go over many runs, against a plain model
mod healthy; // sites that are well, however odd they look
mod history; // what was published before, and the way back to it
mod hostile; // HTML that was made to hurt
mod logs; // what is logged, how much, and that nothing in it is obeyed
mod metrics; // what Prometheus is told, and that dashboard and alerts ask for nothing else
mod noise; // sites that never say the same twice and mean the same
mod notify; // who is told how a run ended: pings, webhooks, commands, a file
mod packaging; // what is installed: units, images, packages
mod plan; // what would be published: plan, diff, replay, dry runs
mod politeness; // pace, patience and concurrency, as a server sees them
mod publish; // intent, request, acknowledgement, and everything between
mod reading; // Markdown pages, and what a person is told of pages
mod shuffles; // pages that arrive in any order, committed by any number of threads
mod semantics; // sites that answer 200 and mean something else: what is published then
mod soak; // hours of work with everything going wrong
mod state; // locks, kills, and the files under `state/`
mod traps; // sites without end
mod variants; // languages, `Link` headers, dates in sitemaps
mod writers; // one writer per agent, whoever and wherever
mod verify; // golden questions, and the way back
