//! Clocks that disagree: vCenter's is ahead, ours was set back, a hold is from the end of all time.

use tmpl::lab::Seed;

use super::console::{console, ready};
use super::{BASE, KEY, Kind, World};

#[tokio::test(flavor = "multi_thread")]
async fn templates_from_the_future_are_templates() {
    let world = World::new(Kind::Lab, &[]).await;
    for (suffix, hours) in [("-prev", -900), ("", -1000), ("-build", -1001)] {
        world.lab().add(&Seed::template(format!("{BASE}{suffix}"), hours));
    }
    let before = world.names().await;
    let status = world.run(&["status"]).await;
    assert!(status.exit == 0 && status.out.contains(KEY), "{}", status.err);
    let mut pty = ready(&world, console(&world));
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    world.run(&["promote", KEY]).await.is(0, "");
    assert_eq!(world.names().await[""], before["-build"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_any_time_holds() {
    let world = World::steady(Kind::Lab).await;
    for since in ["9999-12-30T22:00:00Z", "-009999-01-03T00:00:00Z", "1969-12-31T23:59:59Z"] {
        let notes = format!("tmpl-tui hold: {{\"reason\":\"wait\",\"by\":\"op\",\"since\":\"{since}\"}}");
        world.govc(&["vm.change", "-vm", BASE, "-annotation", &notes]).await;
        let status = world.run(&["status"]).await;
        assert!(status.exit == 0 && status.out.contains("held by op"), "{since}: {} {}", status.out, status.err);
        world.run(&["promote", KEY]).await.is(3, "wait");
        let mut pty = super::pty::Pty::start(console(&world), 120, 40);
        pty.wait_for("HELD");
        pty.keys("q");
        assert_eq!(pty.exit(), 0, "{since}");
    }
    assert!(world.changes().is_empty());
}
