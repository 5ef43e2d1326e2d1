use super::*;

/// A repository of one line whose template declares accounts as sensitive, and more secrets than anybody supplies.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(
        "ci/matrix.json",
        r#"[{"key": "one", "enabled": true, "os": "Linux", "dist": "Debian", "version": "12", "build_dir": "packer/one",
            "config": "one.pkrvars.hcl", "base_name": "linux-one-main", "iso_datastore_path": "iso"}]"#,
    );
    let variable =
        |name: &str, more: &str| format!("variable \"{name}\" {{\n  type = string\n  sensitive = true\n{more}}}\n");
    let names = ["build_username", "ansible_username", "build_password", "rhsm_key", "vault_secret"];
    let variables = names.map(|name| variable(name, "")).concat();
    write("packer/one/variables.pkr.hcl", &(variables + &variable("proxy_password", "  default = \"\"\n")));
    write(
        "ci/config/one.pkrvars.hcl",
        "build_username = \"packer\"\nansible_username = \"ansible\"\nvault_secret = \"0pen-sesame\"\n",
    );
    dir
}

#[test]
fn accounts_are_no_secrets_in_our_own_sentences_and_what_is_lacking_is_named() {
    let repo = repository();
    let variables = BTreeMap::from([("PKR_VAR_build_password".to_owned(), "hunter2-x".to_owned())]);
    let Declared { secrets, lacking, .. } = declared(repo.path(), &variables).unwrap();
    assert_eq!(lacking.keys().collect::<Vec<_>>(), ["PKR_VAR_rhsm_key"], "no account, none with a value or a default");
    let evidence = Scrubber::new(secrets).with_lacking(lacking);
    let messages = evidence.for_messages();
    for text in [
        "The playbook's task packages: packer waits for ansible.",
        "ansible_username and build_username are declared by the template",
        "packer failed: Ansible ended with 2 (user ansible)",
    ] {
        assert_eq!((evidence.text(text).as_ref(), messages.text(text).as_ref()), (text, text));
    }
    let clear = "hunter2-x as packer, 0pen-sesame as ansible";
    let once = evidence.text(clear).into_owned();
    assert_eq!(once, "[REDACTED:PKR_VAR_build_password] as packer, [REDACTED:vault_secret] as ansible");
    assert_eq!(
        (evidence.text(&once).as_ref(), messages.text(&once).as_ref()),
        (once.as_str(), once.as_str()),
        "never again"
    );
    let said = evidence.unknown_secrets(Some("one")).unwrap();
    assert!(said.contains("NOT ALL SECRETS") && said.contains("PKR_VAR_rhsm_key"), "{said}");
}

/// A name that is no ordinary word is hidden in what others wrote, and told where we speak of the account ourselves.
#[test]
fn an_account_with_a_name_of_its_own_is_told_in_our_sentences() {
    let repo = repository();
    let variables = BTreeMap::from([("PKR_VAR_build_username".to_owned(), "svc-image-42".to_owned())]);
    let evidence = Scrubber::new(declared(repo.path(), &variables).unwrap().secrets);
    assert_eq!(evidence.text("login svc-image-42"), "login [REDACTED:PKR_VAR_build_username]");
    assert_eq!(evidence.for_messages().text("svc-image-42 lacks a role"), "svc-image-42 lacks a role");
}

/// Where `tmpl.toml` says that vCenter's password comes from, it is a secret, whatever it is called.
#[test]
fn the_password_of_vcenter_is_known_wherever_it_comes_from() {
    let repo = repository();
    let layout = "[vsphere]\npassword = { command = [\"echo\", \"Adamantium-88-word\"] }\n\
                  [line.one.vsphere]\npassword = { env = \"VC_LOGIN\" }\n";
    std::fs::write(repo.path().join("tmpl.toml"), layout).unwrap();
    let variables = |allowed: &str| {
        let pairs = [("VC_LOGIN", "orichalcum-7"), (super::super::ALLOW_COMMANDS, allowed)];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    };
    let Declared { secrets, lacking, .. } = declared(repo.path(), &variables("1")).unwrap();
    let it = Scrubber::new(secrets);
    assert_eq!(it.text("Adamantium-88-word, orichalcum-7"), "[REDACTED:vsphere.password], [REDACTED:VC_LOGIN]");
    assert!(!lacking.contains_key("vsphere.password"));
    let Declared { secrets, lacking, .. } = declared(repo.path(), &variables("0")).unwrap();
    assert_eq!(
        Scrubber::new(secrets).text("Adamantium-88-word, orichalcum-7"),
        "Adamantium-88-word, [REDACTED:VC_LOGIN]"
    );
    assert!(lacking.contains_key("vsphere.password"), "it is told that it is not known: {lacking:?}");
    std::fs::write(repo.path().join("tmpl.toml"), "[vsphere]\npassword = \"vault_word\"\n").unwrap();
    let given = [("PKR_VAR_vault_word".to_owned(), "unobtainium-9".to_owned())].into();
    let it = Scrubber::new(declared(repo.path(), &given).unwrap().secrets);
    assert_eq!(it.text("unobtainium-9"), "[REDACTED:PKR_VAR_vault_word]");
}
