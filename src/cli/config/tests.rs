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
        let (_, defects) = Keymap::of(&file);
        let told: Vec<String> = file.defects.iter().chain(&defects).map(ToString::to_string).collect();
        assert_eq!(told, [""; 0], "{example}");
    }
}

/// What `config` prints for this file.
fn printed(file: &ConfigFile) -> String {
    let rows = tmpl::config::told(file, &|_| None, &[], &super::commands(file));
    super::lines(&rows).join("\n")
}

/// The same settings, said or not.
fn meaning(file: &ConfigFile) -> impl PartialEq + std::fmt::Debug {
    let mut config = file.config.clone();
    let (_, refused) = Keymap::of(file);
    config.contexts.retain(|_, context| context.defect.is_none());
    config.context.take_if(|name| !config.contexts.contains_key(name));
    config.plugins.retain(|plugin| !refused.iter().any(|defect| defect.line == Some(plugin.line)));
    config.plugins.iter_mut().for_each(|plugin| plugin.line = 0);
    (config.notify, config.images) = (Some(config.notify.unwrap_or_default()), Some(config.images.unwrap_or_default()));
    (config.keys, config.written) = Default::default();
    let keys = Keymap::of(file).0.rows().iter().map(|row| (row.name, row.keys)).collect::<Vec<_>>();
    (config, keys)
}

/// Whoever writes it to the file has a file without defects that says the same, and what followed the theme or earlier
/// runs still does.
#[test]
fn what_is_printed_says_the_same_when_it_is_read_back() {
    let good = "context = \"one\"\ntheme = \"light\"\nhook = '''\nread  event\necho \"two  blanks\"\n'''\n\
                [contexts.one]\nendpoint = \"vc01\"\nfolder = \"A  B\"\n[contexts.two]\nrepo = \"/srv/two\"\n\
                [keys]\nbuild = [\n  \"F5\",\n  \"F6\",\n]\n[colours]\nbad = \"red\"\n[alarms]\nconnect = \"5m\"\n\
                [[plugins]]\nname = \"ssh\"\ncommand = 'ssh  x'\nkey = \"F9\"\n";
    let bad = "context = \"none\"\nmouse = true\nteme = 1\n[contexts.bad]\nendpoint = \"u:hunter2@vc\"\n\
               [contexts.good]\nrepo = \"/srv/good\"\n[keys]\nbuild = \"x\"\nsweep = \"F8\"\n\
               [[plugins]]\nname = \"half\"\n[[plugins]]\nname = \"taken\"\ncommand = \"x\"\nkey = \"p\"\n\
               [[plugins]]\nname = \"fine\"\ncommand = \"true\"\n";
    for text in ["", good, bad] {
        let file = ConfigFile::parse("config.toml".as_ref(), text);
        let printed = printed(&file);
        let again = ConfigFile::parse("config.toml".as_ref(), &printed);
        let defects: Vec<_> = again.defects.iter().chain(&Keymap::of(&again).1).cloned().collect();
        assert_eq!(defects, [], "{printed}");
        assert_eq!(format!("{:?}", meaning(&again)), format!("{:?}", meaning(&file)), "{printed}");
    }
    let file = ConfigFile::parse("config.toml".as_ref(), bad);
    let printed = printed(&file);
    for said in [
        "# [contexts.bad]\n# refused: config.toml:5: contexts.bad.endpoint: an account must not stand here",
        "refused: config.toml:9: keys.build: x already means",
        "# refused: config.toml:12: plugin \"half\" has no command",
        "# refused: config.toml:14: plugin \"taken\": p already means",
        "# good = ",
    ] {
        assert!(printed.contains(said), "{said} is not in:\n{printed}");
    }
    assert!(!printed.contains("hunter2") && !printed.contains("\ngood = ") && !printed.contains("\nconnect = "));
}
