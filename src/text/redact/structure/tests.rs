use proptest::prelude::*;

use crate::text::Scrubber;

fn masked(text: &str) -> String {
    Scrubber::default().for_leaving().text(text).into_owned()
}

#[test]
fn what_nobody_declared_is_masked() {
    for (text, expected) in [
        ("echo 'p@ss w0rd' | sudo -S -E bash", "echo '[REDACTED:?]' | sudo -S -E bash"),
        ("sh -c \"echo \\\"hunter2\\\" | X=1 sudo -kS id\"", "sh -c \"echo \\\"[REDACTED:?]\\\" | X=1 sudo -kS id\""),
        ("printf '%s\\n' hunter2 | sudo -S sh", "printf '%s\\n' [REDACTED:?] | sudo -S sh"),
        ("echo root:hunter2 | chpasswd", "echo [REDACTED:?] | chpasswd"),
        ("token ghp_0123456789abcdefghijABCDEFGHIJ012345 ends", "token [REDACTED:?] ends"),
        ("glpat-Ab3dEf6hIj9kLm2nOp5q", "[REDACTED:?]"),
        ("id AKIAIOSFODNN7EXAMPLE and", "id [REDACTED:?] and"),
        ("xoxb-123456789012-abcdefGHIJKL", "[REDACTED:?]"),
        ("npm_0123456789abcdefghijABCDEFGHIJ012345", "[REDACTED:?]"),
        ("hvs.CAESIJ0123456789abcdefghij", "[REDACTED:?]"),
        ("dckr_pat_0123456789abcdefghij", "[REDACTED:?]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123-_x", "[REDACTED:?]"),
        ("key sk_live_0123456789abcdef", "key [REDACTED:?]"),
        ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "[REDACTED:?]"),
        ("https://svc:hunter2@vc01/sdk", "https://svc:[REDACTED:?]@vc01/sdk"),
        ("https://0123456789abcdefABCDEF@git.example.org/x", "https://[REDACTED:?]@git.example.org/x"),
        ("-e ansible_password=hunter2 -e x=1", "-e ansible_password=[REDACTED:?] -e x=1"),
        (
            "--extra-vars {\"admin_passwd\": \"hunter2\", \"x\": 1}",
            "--extra-vars {\"admin_passwd\": \"[REDACTED:?]\", \"x\": 1}",
        ),
        ("{\\\"api_token\\\":\\\"abc123\\\"}", "{\\\"api_token\\\":\\\"[REDACTED:?]\\\"}"),
        ("build_password = \"hunter2\"", "build_password = \"[REDACTED:?]\""),
        ("PKR_VAR_build_password='hunter2' packer build", "PKR_VAR_build_password='[REDACTED:?]' packer build"),
        ("login_password: S3cret-x", "login_password: [REDACTED:?]"),
        ("http://x/?user=a&token=abc123&b=c", "http://x/?user=a&token=[REDACTED:?]&b=c"),
        ("docker login -u bot -p hunter2 registry", "docker login -u bot -p [REDACTED:?] registry"),
        ("sshpass -p 'hunter2 x' ssh root@h", "sshpass -p '[REDACTED:?]' ssh root@h"),
        ("curl -sk -u svc:hunter2 https://vc01/rest", "curl -sk -u svc:[REDACTED:?] https://vc01/rest"),
        ("mysql -uroot -phunter2 db", "mysql -uroot -p[REDACTED:?] db"),
        ("tool --password hunter2 --verbose", "tool --password [REDACTED:?] --verbose"),
        ("Set-X -Password 'hunter2'", "Set-X -Password '[REDACTED:?]'"),
        ("ConvertTo-SecureString 'hunter2' -AsPlainText", "ConvertTo-SecureString '[REDACTED:?]' -AsPlainText"),
        ("X-Vault-Token: s.0123456789abcdef", "X-Vault-Token: [REDACTED:?]"),
        (
            "echo \"machine git.example.org login bot password hunter2\" > ~/.netrc",
            "echo \"machine git.example.org login bot password [REDACTED:?]\" > ~/.netrc",
        ),
        (
            "machine a.example.org\n  password hunter2\n  login bot\nmachine b login c password hunter3",
            "machine a.example.org\n  password [REDACTED:?]\n  login bot\nmachine b login c password [REDACTED:?]",
        ),
        ("default login bot password hunter2", "default login bot password [REDACTED:?]"),
        ("The virtual machine has no password set", "The virtual machine has no password set"),
        ("< Set-Cookie: sid=0123456789; Path=/", "< Set-Cookie: sid=[REDACTED:?]"),
        ("<Password><Value>hunter2</Value>", "<Password><Value>[REDACTED:?]</Value>"),
        (
            "subscription-manager register --org=1 --activationkey=el9",
            "subscription-manager register --org=1 --activationkey=[REDACTED:?]",
        ),
        ("--activationkey prod-el9 x", "--activationkey [REDACTED:?] x"),
        ("manage-bde -recoverykey:a1b2c3d4", "manage-bde -recoverykey:[REDACTED:?]"),
        ("    DefaultPassword    REG_SZ    hunter 2", "    DefaultPassword    REG_SZ    [REDACTED:?]"),
        (
            "reg add HKLM /v DefaultPassword /t REG_SZ /d hunter2 /f",
            "reg add HKLM /v DefaultPassword /t REG_SZ /d [REDACTED:?] /f",
        ),
        (
            "Set-ItemProperty -Name \"DefaultPassword\" -Type String -Value 'hunter2'",
            "Set-ItemProperty -Name \"DefaultPassword\" -Type String -Value '[REDACTED:?]'",
        ),
        ("djoin /reuse /password:hunter2 /x", "djoin /reuse /password:[REDACTED:?] /x"),
        ("netdom join h /passwordd:hunter2", "netdom join h /passwordd:[REDACTED:?]"),
        ("New-X -AdminPassword:hunter2", "New-X -AdminPassword:[REDACTED:?]"),
        ("ALTER USER x IDENTIFIED BY 'hunter2';", "ALTER USER x IDENTIFIED BY '[REDACTED:?]';"),
        ("slmgr.vbs /ipk AAAAA-BBBBB-CCCC1", "slmgr.vbs /ipk [REDACTED:?]"),
        (
            "<ProductKey><Key>VK7JG-NPHTM-C97JM</Key><WillShowUI>x</WillShowUI>",
            "<ProductKey><Key>[REDACTED:?]</Key><WillShowUI>x</WillShowUI>",
        ),
        ("<ProductKey>\r\n    <Key>VK7JG-NPHTM-C97JM</Key>\r\n", "<ProductKey>\r\n    <Key>[REDACTED:?]</Key>\r\n"),
        ("<Password>\n\t<Value>hunter2</Value>\n", "<Password>\n\t<Value>[REDACTED:?]</Value>\n"),
        ("chpasswd <<< \"root:hunter2\"", "chpasswd <<< \"[REDACTED:?]\""),
        ("sudo -S -p '' id <<<hunter2", "sudo -S -p '' id <<<[REDACTED:?]"),
        ("passwd --stdin root <<< 'hunter 2'", "passwd --stdin root <<< '[REDACTED:?]'"),
        ("plink -ssh root@h -pw hunter2 id", "plink -ssh root@h -pw [REDACTED:?] id"),
        ("pscp.exe -pw \"hunter 2\" a b", "pscp.exe -pw \"[REDACTED:?]\" a b"),
        ("mysqldump -uroot -phunter2 db", "mysqldump -uroot -p[REDACTED:?] db"),
        ("curl.exe -u svc:hunter2 https://h", "curl.exe -u svc:[REDACTED:?] https://h"),
        ("?X-Amz-Security-Token=FwoGZXIvYXdzEBYaDHqa0A1b2c3d4", "?X-Amz-Security-Token=[REDACTED:?]"),
        (
            "New-LocalUser -Password (ConvertTo-SecureString \"hunter2\" -AsPlainText -Force)",
            "New-LocalUser -Password (ConvertTo-SecureString \"[REDACTED:?]\" -AsPlainText -Force)",
        ),
        ("sshpass -phunter2 ssh root@h", "sshpass -p[REDACTED:?] ssh root@h"),
        ("net user packer hunter2 /add", "net user packer [REDACTED:?] /add"),
        ("net user /add packer hunter2", "net user /add packer [REDACTED:?]"),
        ("net use Z: \\\\h\\s hunter2 /user:x", "net use Z: \\\\h\\s [REDACTED:?] /user:x"),
        ("rootpw --plaintext hunter2", "rootpw --plaintext [REDACTED:?]"),
        ("d-i passwd/root-password password hunter2", "d-i passwd/root-password password [REDACTED:?]"),
        (
            "rootpw --iscrypted $6$KspLabSalt01$p4dVeao6N.BPazv/CIFCf1cvKAaduG/9d.eC9h0LWl.77ceU7YlnOd1yaRTp9tCRB/",
            "rootpw --iscrypted [REDACTED:?]",
        ),
    ] {
        assert_eq!(masked(text), expected);
        for cut in 1..text.len() {
            let it = Scrubber::default().for_leaving();
            let (mut stream, mut out) = (it.stream(), Vec::new());
            stream.push(&text.as_bytes()[..cut], &mut out);
            stream.push(&text.as_bytes()[cut..], &mut out);
            stream.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), expected, "cut at {cut}");
        }
    }
}

#[test]
fn private_keys_are_masked_and_public_ones_are_not() {
    let body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\nQyNTUxOQAAACA8aF7gKoO/ucrMFfK4SHwQ";
    let key = format!("a\n-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\nb\n");
    let expected = "a\n-----BEGIN OPENSSH PRIVATE KEY-----[REDACTED:?]\n\n\n-----END OPENSSH PRIVATE KEY-----\nb\n";
    assert_eq!(masked(&key), expected);
    let torn = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\nand so on: it was cut off\n");
    assert_eq!(masked(&torn), "-----BEGIN RSA PRIVATE KEY-----[REDACTED:?]\n\n\nand so on: it was cut off\n");
    let certificate = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    assert_eq!(masked(&certificate), certificate);
}

#[test]
fn talk_about_secrets_stays() {
    for text in [
        "Permission denied (publickey,password).",
        "password: wrong",
        "[sudo] password for root: ",
        "Enter passphrase for key '/root/.ssh/id_ed25519':",
        "build_password = var.build_password",
        "password: \"{{ vault_password }}\"",
        "echo '<sensitive>' | sudo -S sh",
        "echo \"$PASS\" | sudo -S sh",
        "echo done | tee log",
        "\"update_password\": \"always\"",
        "\"password\": \"NOT_LOGGING_PASSWORD\"",
        "ansible_password=<sensitive>",
        "token: ${{ secrets.GITHUB_TOKEN }}",
        "GITHUB_TOKEN: ***",
        "/etc/passwd: No such file or directory",
        "passwd: password expiry information changed.",
        "PasswordAuthentication yes",
        "unexpected token: }",
        "ssh://git@github.com/a/b.git",
        "https://vc01.example.org:443/sdk?a=b@c",
        "PWD=/home/packer OLDPWD=/",
        "docker run -p 8080:80 nginx",
        "--password-stdin",
        "ok: [default] => (item=authorized_key)",
        "ssh_keys: generated new key fingerprint",
        "[REDACTED:PKR_VAR_build_password] password=[REDACTED:x]",
        "TASK [users : set the password of root] ***",
        "no_log: true, password_expire_max: null",
        "the host key: no matching key found; key = value",
        "LastPasswordSet    REG_QWORD",
        "see /usr/share/password:root",
        "sudo id <<< 'no secret'",
        "cat <<< text; sudo -S id",
        "net use Z: \\\\h\\s /user:x",
        "net user packer /active:yes",
        "plink -pwfile /root/word host",
        "<Passwords>\n  <Count>2</Count>",
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn a_known_name_says_more_than_none() {
    let it = Scrubber::new([crate::text::Secret::new("PW", "hunter2")]).for_leaving();
    assert_eq!(it.text("password=hunter2 x"), "password=[REDACTED:PW] x");
    assert_eq!(it.text("echo hunter2 | sudo -S x"), "echo [REDACTED:PW] | sudo -S x");
}

/// What structure is made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "echo ",
        "'",
        "\"",
        "|",
        "sudo -S",
        "password",
        "=",
        ": ",
        "ghp_",
        "0123456789abcdefghij0",
        "eyJh",
        ".",
        "https://",
        "@",
        "-----BEGIN ",
        "RSA PRIVATE KEY-----",
        "-----END",
        "\n",
        " ",
        "curl ",
        "-u ",
        "a:b",
        "Cookie: ",
        "{",
        "\\",
        "<Password>",
        "rootpw ",
        "$6$ab",
        "[REDACTED:?]",
        "<sensitive>",
        "token",
        "Authorization: ",
        "Basic ",
        "x",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cuts_make_no_difference(text in pieces(), cuts in prop::collection::vec(1_usize..12, 1..4)) {
        let it = Scrubber::default().for_leaving();
        let whole = it.text(&text).into_owned();
        let (mut stream, mut out, mut rest) = (it.stream(), Vec::new(), text.as_bytes());
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            stream.push(piece, &mut out);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        stream.finish(&mut out);
        prop_assert_eq!(String::from_utf8_lossy(&out), whole);
    }
}
