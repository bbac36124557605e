//! Copies of the state: taken while a run is at work, and as good as the state they were taken of.

use std::{
    fs::{self, File},
    path::Path,
};

use corpusd::report::Ending;

use super::world::{NAME, RUN_LIMIT, Reported, World, files};

fn fill(world: &World) {
    let links: Vec<String> = (0..10).map(|number| format!("/p{number}")).collect();
    world.site.validates().page("/", "Welcome.", &links.iter().map(String::as_str).collect::<Vec<_>>());
    for path in &links {
        world.site.page(path, &format!("The page {path} is like no other."), &[]);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    files(folder, "").iter().map(|path| name(path)).collect()
}

#[tokio::test]
async fn a_copy_taken_while_a_run_is_at_work_goes_on_where_the_run_was() {
    let world = World::new().await;
    fill(&world);
    world.run().await.ends(Ending::Published);
    world.site.forget_requests();
    world.site.gate();
    let run = world.spawn(&["run", "--once", NAME]);
    world.site.asked(1, RUN_LIMIT).await;
    let ended = world.corpusd(&["backup", "kept"]).await.exits(0);
    assert_eq!(ended.stdout, "kept/docs.sqlite3\nkept/shared.sqlite3\n");
    assert_eq!(names(&world.path("kept")), ["docs.sqlite3", "shared.sqlite3"]);
    world.site.open();
    run.end(RUN_LIMIT).await.exits(0);
    // The machine is lost, the copy is all there is: the agent is as before, and nothing is sent again.
    fs::remove_dir_all(world.path("state")).unwrap();
    fs::rename(world.path("kept"), world.path("state")).unwrap();
    let report = world.run().await.ends(Ending::Unchanged);
    assert_eq!((report.run, report.pages.not_modified), (3, 11), "{report:#?}");
    assert_eq!(world.chatbot.pushes().await.len(), 1);
}

#[tokio::test]
async fn a_backup_needs_no_pipeline_file_and_names_what_there_is_not() {
    let world = World::new().await;
    fill(&world);
    world.run().await.ends(Ending::Published);
    fs::write(world.write(), "this: is no pipeline").unwrap();
    let backup = async |arguments: &[&str]| {
        let arguments = [&["backup"], arguments].concat();
        world.spawn_with(&arguments, std::process::Stdio::null()).end(RUN_LIMIT).await
    };
    backup(&["kept"]).await.exits(0);
    let ended = backup(&["kept", NAME, "other"]).await.exits(2);
    assert!(ended.stderr.contains("`other` has no state"), "{}", ended.stderr);
    let ended = backup(&["state"]).await.exits(1);
    assert!(ended.stderr.contains("the folder of the state itself"), "{}", ended.stderr);
    // The first of them cannot be replaced; the others are copied all the same.
    fs::remove_file(world.path("kept/docs.sqlite3")).unwrap();
    fs::create_dir(world.path("kept/docs.sqlite3")).unwrap();
    File::create(world.path("kept/docs.sqlite3/in-the-way")).unwrap();
    let ended = backup(&["kept"]).await.exits(1);
    assert_eq!(ended.stdout, "kept/shared.sqlite3\n");
}
