use super::*;

fn rejected(text: &str) -> String {
    parse(Path::new("ci/triage.toml"), text).unwrap_err().to_string()
}

#[test]
fn the_shipped_rules_are_sound() {
    let rules = Rules::shipped().unwrap();
    assert!(rules.rules.len() > 30);
    for rule in &rules.rules {
        assert!(!rule.cause.is_empty(), "{}", rule.name);
        assert!(!rule.remedy.is_empty() || rule.class == "unknown", "{}", rule.name);
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    let rule = "[[rule]]\nname='x'\nclass='unknown'\ncause='c'\nconfidence='low'\n";
    assert_eq!(rejected(rule), "ci/triage.toml: rule x: has neither log nor final nor screen nor guest");
    assert!(rejected(&format!("{rule}log='('")).contains("rule x: regular expression \"(\": unclosed group"));
    assert!(
        rejected(&format!("{rule}log='a'\nphase=['nap']")).contains("no stage is called \"nap\"; there are: prepare")
    );
    assert!(rejected("[[rule]]\nnam='x'").lines().count() == 1);
    assert!(rejected("[[rule]]\nname=\"a\\nb\u{9b}\"\ncause='c'\nconfidence='low'").contains("rule a b : has neither"));
    let twice = format!("{rule}log='a'\n{rule}log='b'");
    assert_eq!(rejected(&twice), "ci/triage.toml: two rules are named x");
}

#[test]
fn a_repository_adds_and_replaces_rules() {
    let repo = tempfile::tempdir().unwrap();
    std::fs::create_dir(repo.path().join("ci")).unwrap();
    let own = "[[rule]]\nname='ip-timeout'\nclass='ip_timeout'\ncause='ours'\nremedy='r'\nconfidence='low'\nlog='a'\n";
    std::fs::write(repo.path().join(OWN_RULES), own).unwrap();
    let rules = Rules::for_repo(repo.path()).unwrap();
    let named: Vec<_> = rules.rules.iter().filter(|rule| rule.name == "ip-timeout").collect();
    assert_eq!(named.len(), 1);
    assert_eq!(named[0].cause, "ours");
    assert_eq!(Rules::for_repo(Path::new("/nonexistent")).unwrap().rules.len(), Rules::shipped().unwrap().rules.len());
}
