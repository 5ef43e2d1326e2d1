use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::packer_log::Phase;

fn parse(text: &str) -> ConfigFile {
    ConfigFile::parse(Path::new("config.toml"), text)
}

fn told_defects(text: &str) -> Vec<String> {
    parse(text).told()
}

const GOOD: &str = r##"
context = "prod"
notify = "osc9"
mouse = true
images = "sixel"
save_dir = "/srv/saved"
theme = "colour-blind"
hook = "cat >/dev/null"

[contexts.prod]
endpoint = "vc01.example.com"
username = "svc"
password_command = ["printf", "first\nsecond"]
folder = "Templates"
repo = "/srv/prod"
read_only = true
variables = { PKR_VAR_vsphere_cluster = "c1" }

[contexts.lab]
endpoint = "http://127.0.0.1:8989"
username_env = "LAB_USER"
password_env = "LAB_WORD"

[contexts.other-repository]
repo = "/srv/other"

[colours]
bad = "bold #ff0000"

[keys]
build = "F5"

[alarms]
wait_for_ip = "20m"

[[plugins]]
name = "page"
key = "F6"
scope = ["lines", "verdict"]
command = "xdg-open \"$TMPL_RUN_URL\""
read_only = true
"##;

#[test]
fn everything_that_may_be_said_is_read() {
    let file = parse(GOOD);
    assert_eq!(file.told(), [""; 0]);
    let config = file.config;
    assert_eq!((config.notify, config.images), (Some(Call::Notification), Some(Images::Sixel)));
    assert_eq!((config.mouse, config.theme), (true, ThemeName::ColourBlind));
    assert_eq!(config.order, Order::Matrix);
    for word in Order::WORDS {
        assert_eq!(parse(&format!("order = \"{word}\"")).config.order.word(), *word);
    }
    assert_eq!(config.alarms[&Phase::WaitIp].as_secs(), 1200);
    assert_eq!(config.contexts.keys().collect::<Vec<_>>(), ["lab", "other-repository", "prod"]);
    assert!(config.contexts["prod"].read_only && config.contexts["prod"].defect.is_none());
    assert_eq!(config.plugins[0].scopes, ["lines", "verdict"]);
    assert_eq!(config.written["contexts.prod.endpoint"].line, 11);
}

#[test]
fn what_is_wrong_is_one_line_with_its_place_and_everything_else_holds() {
    for (text, wanted) in [
        ("teme = \"dark\"", "config.toml:1: unknown key teme; did you mean theme?"),
        (
            "theme = \"drak\"",
            "config.toml:1: theme: there is no \"drak\"; did you mean \"dark\"? (one of terminal, dark,",
        ),
        ("mouse = \"yes\"", "config.toml:1: mouse: \"yes\" is text; write true or false, without quotes"),
        ("save_dir = \"here\"", "config.toml:1: save_dir is not as it should be; write a path that begins with /"),
        ("context = \"prod\"", "config.toml:1: context: there is no [contexts.prod]; write it"),
        ("[alarms]\nboot = \"1m\"", "config.toml:2: unknown key alarms.boot; "),
        ("[alarms]\nconnect = 5", "config.toml:2: alarms.connect is a number; write a length of time"),
        ("[alarms]\nconnect = \"5\"", "config.toml:2: alarms.connect is not as it should be; write a length of time"),
        ("theme = 1", "config.toml:1: theme is a number; write one of terminal, dark,"),
        ("notify = \"hooray\"", "config.toml:1: notify: there is no \"hooray\"; write one of off, bell, osc9"),
        ("hook = true", "config.toml:1: hook is true; write text in quotes"),
        ("[contexts.a]\npassword_env = 12", "config.toml:2: contexts.a.password_env is a number; write text"),
        (
            "[[plugins]]\nname = \"x\"\ncommand = \"y\"\nconfrim = true",
            "config.toml:4: plugin \"x\": unknown key confrim; did you mean confirm?",
        ),
        (
            "[[plugins]]\ncomand = \"y\"\nname = \"x\"\ncommand = \"y\"",
            "config.toml:2: plugin \"x\": unknown key comand; did you mean command?",
        ),
        ("[contexts.a]\n[contexts.a]", "config.toml:2: not TOML: [contexts.a] is there twice; correct it"),
        ("[colours]\nbad = \"blod\"", "config.toml:2: colours.bad: there is no colour \"blod\"; write attributes"),
        ("[colors]\nbad = \"red\"", "config.toml:1: unknown key colors; did you mean colours?"),
        (
            "[contexts.a]\nendpoint = \"svc:hunter2@vc\"",
            "config.toml:2: contexts.a.endpoint: an account must not stand",
        ),
        (
            "[contexts.a]\nthumbprint = \"12\"",
            "config.toml:2: contexts.a.thumbprint is not as it should be; write the SHA",
        ),
        ("[contexts.a]\npassword_env = \"hunter 2\"", "config.toml:2: contexts.a.password_env is not as it should be"),
        ("[contexts.a]\npassword_command = \"pass vc\"", "config.toml:2: contexts.a.password_command is not as it"),
        ("[contexts.a]\nusername = \"u\"\nusername_env = \"U\"", "config.toml:3: contexts.a.username is said in two"),
        ("[contexts.a]\nconsole_username = \"u\"", "config.toml:2: contexts.a.console_username and its password go"),
        ("[[plugins]]\nname = \"x\"", "config.toml:2: plugin \"x\" has no command; write command"),
        ("hook = \"\"", "config.toml:1: hook is empty; remove the line"),
        ("context = \" \"", "config.toml:1: context is empty; remove the line"),
        ("[contexts.a]\nendpoint = \"\"", "config.toml:2: contexts.a.endpoint is empty; remove the line"),
        ("[[plugins]]\nname = \"\"\ncommand = \"x\"", "config.toml:2: plugins.0.name is empty; write text"),
        (
            "[contexts.a]\nrepo = \"/a\"\nnotify = \"bell\"",
            "config.toml:3: notify belongs above the first table, and stands in contexts.a; move it to the top",
        ),
        ("notify = ", "config.toml:1: not TOML: column 10: "),
        ("mouse = true\nmouse = false", "config.toml:2: not TOML: duplicate key mouse; correct it"),
        ("hunter2 = 1\nhunter2 = 2", "config.toml:2: not TOML: column 1: duplicate key; correct it"),
    ] {
        let told = told_defects(text);
        assert!(told.len() == 1 && told[0].starts_with(wanted), "{text}: {told:?}");
        assert!(!told[0].contains("hunter"), "{told:?}");
    }
    let file = parse("teme = 1\n[contexts.a]\nbad = 1\n[contexts.b]\nrepo = \"/b\"\n[keys]\nbuild = \"F5\"\n");
    assert_eq!((file.defects.len(), file.config.keys.len(), file.broken), (2, 1, false));
    assert!(file.config.contexts["a"].defect.is_some() && file.config.contexts["b"].defect.is_none());
    assert!(parse("a = [").broken, "which context was meant is not known");
}

#[test]
fn a_secret_never_stands_there_and_is_not_shown() {
    for text in [
        "password = \"hunter2\"",
        "[contexts.a]\npassword = \"hunter2\"",
        "[contexts.a]\ntoken = \"hunter2\"",
        "[contexts.a]\nvariables = { VAULT_TOKEN = \"hunter2\" }",
        "[contexts.a]\nvariables = { PKR_VAR_build_password = \"hunter2\" }",
        "webhook = \"https://hooks.example.com/hunter2\"",
    ] {
        let file = parse(text);
        let told = file.told();
        assert!(told.len() == 1 && told[0].contains("a secret must not stand here"), "{text}: {told:?}");
        assert!(!format!("{file:?}").contains("hunter2"), "{file:?}");
    }
}

#[test]
fn others_may_not_write_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    assert_eq!(ConfigFile::read(&path).told(), [""; 0]);
    std::fs::write(&path, GOOD).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let file = ConfigFile::read(&path);
    assert!(file.broken && file.told()[0].contains("others may write it (mode 0666); chmod go-w"), "{file:?}");
    assert_eq!(file.config, Config::default());
}

/// The variables of a process, and what entering a context makes of them.
fn entered(name: &str, process: &[(&str, &str)]) -> Result<BTreeMap<String, Option<String>>, String> {
    let config = parse(GOOD).config;
    let get = |wanted: &str| process.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
    let entered = config.contexts[name].enter(&get).map_err(|error| error.to_string())?;
    assert!(!format!("{entered:?}").contains("first"), "{entered:?}");
    let plain = |value: SecretString| value.expose_secret().to_owned();
    Ok(entered.variables.into_iter().map(|(name, value)| (name, value.map(plain))).collect())
}

#[test]
fn a_context_says_all_of_vcenter_and_nothing_of_another_is_taken_along() {
    let ambient = [
        ("PKR_VAR_vsphere_endpoint", "vc99"),
        ("PKR_VAR_vsphere_datastore", "ds99"),
        ("GOVC_URL", "vc98"),
        ("TMPL_THUMBPRINT", "AB"),
    ];
    let prod = entered("prod", &ambient).unwrap();
    let get = |name: &str| prod.get(name).cloned();
    let some = |text: &str| Some(Some(text.to_owned()));
    assert_eq!(get("PKR_VAR_vsphere_endpoint"), some("vc01.example.com"));
    assert_eq!(get("PKR_VAR_vsphere_username"), some("svc"));
    assert_eq!(get("PKR_VAR_vsphere_password"), some("first"), "the first line that the program prints");
    assert_eq!(get("PKR_VAR_vsphere_cluster"), some("c1"));
    for gone in ["PKR_VAR_vsphere_datastore", "GOVC_URL", "GOVC_PASSWORD", "TMPL_THUMBPRINT", "TMPL_CONSOLE_PASSWORD"] {
        assert_eq!(get(gone), Some(None), "{gone}");
    }
    // Whatever of another vCenter goes is said to be ignored; the account is taken.
    let config = parse("[contexts.a]\nendpoint = \"vc\"\n").config;
    let context = &config.contexts["a"];
    let all = |name: &str| Some(name.to_owned());
    let mut gone: Vec<String> = context
        .enter(&all)
        .unwrap()
        .variables
        .into_iter()
        .filter_map(|(name, value)| value.is_none().then_some(name))
        .collect();
    gone.retain(|name| !["GOVC_URL", "GOVC_USERNAME", "GOVC_PASSWORD"].contains(&name.as_str()));
    let mut ignored = context.ignored(&all);
    ignored.sort_unstable();
    assert_eq!(ignored, gone);
    let config = parse(GOOD).config;
    let (prod, other) = (config.contexts["prod"].ignored(&all), config.contexts["other-repository"].ignored(&all));
    assert!(!prod.contains(&"GOVC_FOLDER") && !prod.contains(&"GOVC_CLUSTER") && prod.contains(&"GOVC_NETWORK"));
    assert_eq!(other, [""; 0]);
    // One that names no vCenter leaves it alone.
    assert_eq!(entered("other-repository", &ambient).unwrap(), BTreeMap::new());
    let missing = entered("lab", &ambient).unwrap_err();
    assert!(missing.contains("context lab: username: the variable LAB_USER is not set"), "{missing}");
    let lab = entered("lab", &[("LAB_USER", "u"), ("LAB_WORD", "w")]).unwrap();
    assert_eq!(lab["PKR_VAR_vsphere_password"].as_deref(), Some("w"));
}

#[test]
fn a_program_that_gives_no_password_is_named_and_what_it_says_is_not() {
    for (script, wanted) in [
        ("echo hunter2 >&2; exit 3", "sh ended with exit status 3; run it by hand: sh -c"),
        ("exit 0", "sh printed no password in its first line"),
        ("yes hunter2", "it printed more than 64 KiB"),
        ("exit 3", "run it by hand: sh -c 'exit 3'"),
    ] {
        let words = ["sh", "-c", script].map(|word| format!("{word:?}")).join(", ");
        let text = format!("[contexts.a]\nendpoint = \"vc\"\nusername = \"u\"\npassword_command = [{words}]\n");
        let error = parse(&text).config.contexts["a"].enter(&|_| None).unwrap_err().to_string();
        assert!(error.starts_with("context a: password: ") && error.contains(wanted), "{script}: {error}");
        let (said, _) = error.split_once("; run it by hand").unwrap();
        assert!(!said.contains("hunter2"), "{error}");
    }
}

#[test]
fn what_holds_is_told_with_its_origin_and_is_a_file_again() {
    let keys = vec![("build".to_owned(), vec!["b".to_owned()]), ("roll back".to_owned(), vec!["R".to_owned()])];
    let get = |name: &str| (name == "TMPL_NOTIFY").then(|| "bell".to_owned());
    let commands = Commands { keys, defects: Vec::new() };
    let rows = told(&parse(GOOD), &|_| Some("loud".to_owned()), &[], &commands);
    let row = rows.iter().find(|row| row.key == "notify").unwrap();
    let refused = "TMPL_NOTIFY: there is no \"loud\"; write one of off, bell, osc9";
    assert_eq!((row.value.as_deref(), row.refused.as_deref()), (None, Some(refused)));
    let rows = told(&parse(GOOD), &get, &[("--context", "lab".into())], &commands);
    let row = |table: &str, key: &str| rows.iter().find(|row| row.table == table && row.key == key).unwrap();
    assert_eq!(row("", "context").origin, "--context");
    assert_eq!((row("", "notify").value.as_deref(), &*row("", "notify").origin), (Some("\"bell\""), "TMPL_NOTIFY"));
    assert_eq!(row("", "theme").origin, "config.toml:7");
    assert_eq!(row("[contexts.lab]", "read_only").origin, "default");
    assert_eq!(row("[keys]", "build").value.as_deref(), Some("\"F5\""));
    assert_eq!(row("[keys]", "\"roll back\"").origin, "default");
    assert_eq!(row("[colours]", "good").origin, "theme");
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        if at > 0 && (rows[at - 1].table != row.table || row.table.starts_with("[[") && row.key == "name") {
            text.push_str(&format!("{}\n", row.table));
        }
        text.push_str(&format!("{}\n", row.line()));
    }
    let again = parse(&text);
    // Both a name and the variable's usual name: a default is not to be written beside what replaces it.
    assert_eq!(again.told(), [""; 0], "{text}");
    assert_eq!(again.config.plugins.len(), 1);
}
