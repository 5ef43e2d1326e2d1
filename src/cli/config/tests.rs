use tmpl::config::{ConfigFile, markdown};
use tmpl::console::binding::Keymap;
use tmpl::hook::EventKind;
use tmpl::ops::metrics::Metric;

/// The documentation: prose from `docs.md` beside this file, tables from the code.
fn documentation() -> String {
    let mut events = String::from("| `event` | Sent when |\n|---|---|\n");
    for kind in EventKind::ALL {
        events.push_str(&format!("| `{}` | {} |\n", kind.word(), kind.says()));
    }
    let mut metrics = String::from("| Name | Labels | Says |\n|---|---|---|\n");
    for metric in Metric::ALL {
        let labels: Vec<String> = metric.labels().iter().map(|label| format!("`{label}`")).collect();
        metrics.push_str(&format!("| `{}` | {} | {} |\n", metric.name(), labels.join(", "), metric.help()));
    }
    let text = include_str!("docs.md");
    assert!(["<!-- settings -->", "<!-- events -->", "<!-- metrics -->"].iter().all(|mark| text.contains(mark)));
    let text = text.replace("<!-- settings -->\n", markdown().trim_start());
    text.replace("<!-- events -->\n", &events).replace("<!-- metrics -->\n", &metrics)
}

/// `TMPL_UPDATE=1 cargo test --bins documented_configuration` writes the file anew.
#[test]
fn the_documented_configuration_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    if std::env::var_os("TMPL_UPDATE").is_some() {
        std::fs::write(path, documentation()).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(documented, documentation(), "stale: TMPL_UPDATE=1 cargo test --bins documented_configuration");
}

/// Whoever copies an example gets one that works.
#[test]
fn every_example_of_the_documentation_is_taken() {
    let text = documentation();
    let examples: Vec<&str> = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 5, "{}", examples.len());
    for example in examples {
        let file = ConfigFile::parse("config.toml".as_ref(), example);
        let (_, defects) = Keymap::of(&file, false);
        let told: Vec<String> = file.defects.iter().chain(&defects).map(ToString::to_string).collect();
        assert_eq!(told, [""; 0], "{example}");
    }
}
