"""What the Linux installers get, by their own validators and by what went wrong in the field."""

import os
import re
import unittest
from pathlib import Path

import yaml

from rendered import for_each, run


def autoinstall(source):
    return yaml.safe_load((source.cd / "user-data").read_text())["autoinstall"]


def preseed(source):
    files = unpack((source.cd / "preseed.cpio").read_bytes())
    assert list(files) == ["preseed.cfg"], files.keys()
    return files["preseed.cfg"].decode()


def unpack(archive):
    """A newc archive, as strictly as the kernel's init/initramfs.c reads it."""
    files, at = {}, 0
    while True:
        assert at % 4 == 0 and archive[at : at + 6] == b"070701", f"no entry at {at}"
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[at + 110 : at + 110 + name_size]
        assert name.endswith(b"\0") and name.count(b"\0") == 1, f"name without its NUL: {name}"
        at += 110 + name_size + -(110 + name_size) % 4
        if name == b"TRAILER!!!\0":
            assert at == len(archive), "something after the trailer"
            return files
        assert mode == 0o100644, oct(mode)
        files[name[:-1].decode()] = archive[at : at + size]
        at += size + -size % 4


def kickstart(source):
    return (source.cd / "ks.cfg").read_text()


class Ubuntu(unittest.TestCase):
    @for_each("packer/linux/ubuntu", autoinstall)
    def test_cloud_init_accepts_it(self, source, _):
        environment = os.environ | {"PYTHONPATH": os.environ["CLOUD_INIT"]}
        out = run("python3", "-m", "cloudinit.cmd.main", "schema", "--config-file", source.cd / "user-data", env=environment)
        self.assertIn("Valid cloud-config", out)

    @for_each("packer/linux/ubuntu", autoinstall)
    def test_the_cd_is_found_by_its_label(self, source, _):
        self.assertEqual(source.attributes["cd_label"], "cidata")
        self.assertEqual((source.cd / "meta-data").read_text(), "")
        self.assertIn("autoinstall", "".join(source.attributes["boot_command"]))

    @for_each("packer/linux/ubuntu", autoinstall)
    def test_commands_are_text(self, _, install):
        # "a: b" in an unquoted command makes a mapping of it, and the installer stops.
        for command in install["early-commands"] + install["late-commands"]:
            self.assertIsInstance(command, str)

    @for_each("packer/linux/ubuntu", autoinstall)
    def test_any_interface_name_will_do(self, source, install):
        (nic,) = install["network"]["ethernets"].values()
        self.assertEqual(nic["match"], {"name": "en*"})
        self.assertNotIn("gateway4", nic)
        if source.given("vm_ip_address"):
            self.assertEqual(nic["addresses"], ["10.0.8.31/23"])
            self.assertEqual(nic["routes"], [{"to": "default", "via": "10.0.8.1"}])
            self.assertEqual(nic["nameservers"], {"addresses": ["10.0.8.2", "10.0.8.3"]})
        else:
            self.assertIs(nic["dhcp4"], True)
            self.assertEqual(nic["dhcp-identifier"], "mac")

    @for_each("packer/linux/ubuntu", autoinstall)
    def test_the_live_system_lets_nobody_in(self, _, install):
        self.assertTrue(any("ssh.service" in c and "ssh.socket" in c for c in install["early-commands"]))

    @for_each("packer/linux/ubuntu", autoinstall)
    def test_account(self, source, install):
        self.assertEqual(install["identity"]["username"], "packer")
        self.assertEqual(install["identity"]["password"], source.given("build_password_encrypted"))
        self.assertIs(install["ssh"]["allow-pw"], True)

    @for_each("packer/linux/ubuntu", autoinstall)
    def test_storage_holds_together(self, source, install):
        config = install["storage"]["config"]
        known = {}
        for action in config:
            for reference in [action.get(k) for k in ("device", "volume", "volgroup")] + action.get("devices", []):
                if reference is not None:
                    self.assertIn(reference, known, action)
            self.assertNotIn(action["id"], known)
            known[action["id"]] = action
        mounts = {a["path"] for a in config if a["type"] == "mount"}
        self.assertLessEqual({"/", "/boot", "/boot/efi", "/var/log/audit"}, mounts)
        swap = [a for a in config if a["type"] == "format" and a["fstype"] == "swap"]
        self.assertEqual(len(swap), 0 if source.given("vm_disk_use_swap") is False else 1)
        efi = [a for a in config if a.get("grub_device")]
        self.assertEqual([a["flag"] for a in efi], ["boot"])
        for kind in ("partition", "lvm_partition"):
            rest = [a["size"] for a in config if a["type"] == kind].index(-1)
            self.assertEqual(rest, len([a for a in config if a["type"] == kind]) - 1, "the rest comes last")
        fixed = [int(a["size"][:-1]) for a in config if a["type"] in ("partition", "lvm_partition") and a["size"] != -1]
        self.assertLess(sum(fixed), 40960)


class Debian(unittest.TestCase):
    @for_each("packer/linux/debian")
    def test_the_lab_installs_the_very_same(self, source):
        if (source.line["key"], source.case) == ("debian-12", "plain"):
            lab = Path(__file__).resolve().parents[2] / "assets/lab/real"
            self.assertEqual((lab / "preseed.cpio").read_bytes(), (source.cd / "preseed.cpio").read_bytes(), lab)
            typed = "".join(line + "\n" for line in source.attributes["boot_command"])
            self.assertEqual((lab / "boot-command").read_text(), typed, lab)

    def answers(self, text):
        joined = text.replace("\\\n", " ")
        entries = [line.split(None, 3) for line in joined.splitlines() if line.strip() and not line.startswith("#")]
        # debconf's own check takes any word for a type.
        self.assertLessEqual({entry[2] for entry in entries}, {"boolean", "multiselect", "note", "password", "select", "string"})
        names = [entry[1] for entry in entries]
        self.assertEqual(len(names), len(set(names)), "a question is answered twice")
        return {entry[1]: entry[3] if len(entry) > 3 else "" for entry in entries}

    @for_each("packer/linux/debian", preseed)
    def test_debconf_accepts_it(self, _, text):
        run("debconf-set-selections", "--checkonly", input=text)

    @for_each("packer/linux/debian", preseed)
    def test_grub_hands_it_over_and_nothing_is_typed_after_that(self, source, _):
        keys = source.attributes["boot_command"]
        self.assertIn(" ($seed)/preseed.cpio<enter>", "".join(keys))
        self.assertEqual(keys[-1], "boot<enter>")

    @for_each("packer/linux/debian", preseed)
    def test_no_question_is_left_that_blocked_a_build(self, source, text):
        answers = self.answers(text)
        self.assertEqual(answers["netcfg/choose_interface"], "auto")
        # On one release its non-zero exit put up a dialog that waited for ever; nothing needs it here.
        self.assertNotIn("preseed/early_command", answers)
        self.assertEqual(answers["passwd/user-password-crypted"], source.given("build_password_encrypted"))
        self.assertEqual(answers["passwd/root-login"], "false")
        self.assertEqual(answers["partman/confirm"], "true")
        self.assertEqual(answers["partman-lvm/confirm"], "true")
        self.assertIn("open-vm-tools", answers["pkgsel/include"].split())
        if source.given("vm_ip_address"):
            self.assertEqual(answers["netcfg/get_ipaddress"], "10.0.8.31")
            self.assertEqual(answers["netcfg/get_netmask"], "255.255.254.0")
            self.assertEqual(answers["netcfg/get_nameservers"], "10.0.8.2 10.0.8.3")
            self.assertEqual(answers["netcfg/confirm_static"], "true")
        else:
            self.assertNotIn("netcfg/disable_autoconfig", answers)

    @for_each("packer/linux/debian", preseed)
    def test_recipe(self, source, text):
        name, recipe = self.answers(text)["partman-auto/expert_recipe"].split(" :: ", 1)
        self.assertEqual(name, self.answers(text)["partman-auto/choose_recipe"])
        parts = [part.strip() for part in recipe.split(" .") if part.strip()]
        for part in parts:
            self.assertRegex(part, r"^\d+ \d+ (-1|\d+) (fat32|xfs|ext[234]|linux-swap)( \$?[a-z/]+\w*\{ [^{}]*\})+$")
            low, weight, high = map(int, part.split()[:3])
            # partman shares out what is left by (weight - low): equal, and "the rest" stays at its least size.
            self.assertTrue(low < weight if high == -1 else low == weight == high, part)
        mounts = re.findall(r" mountpoint\{ (\S+) \}", recipe)
        self.assertEqual(sorted(mounts), sorted(set(mounts)))
        self.assertLessEqual({"/", "/boot", "/var/log/audit"}, set(mounts))
        self.assertEqual(recipe.count("method{ efi }"), 1)
        self.assertEqual(recipe.count("method{ swap }"), 0 if source.given("vm_disk_use_swap") is False else 1)
        for volume in re.findall(r"in_vg\{ (\S+) \}", recipe):
            self.assertIn(f"vg_name{{ {volume} }}", recipe)


class EL(unittest.TestCase):
    @for_each("packer/linux/el", kickstart)
    def test_ksvalidator_accepts_it(self, source, _):
        run("ksvalidator", "--firsterror", "--version", f"RHEL{source.line['version']}", source.cd / "ks.cfg")

    @for_each("packer/linux/el", kickstart)
    def test_anaconda_finds_it_without_a_word_typed(self, source, _):
        self.assertEqual(source.attributes["cd_label"], "OEMDRV")
        self.assertNotIn("inst.ks", "".join(source.attributes["boot_command"]))

    @for_each("packer/linux/el", kickstart)
    def test_what_blocked_a_build_or_weakened_a_template(self, source, text):
        self.assertIn("\nselinux --enforcing\n", text)
        self.assertIn("\nrootpw --lock\n", text)
        self.assertIn("network --device=link ", text)
        self.assertIn(f'--password="{source.given("build_password_encrypted")}"', text)
        self.assertNotRegex(text.split("%post", 1)[1], r"\bdnf\b", "no mirror during the installation")
        if source.given("vm_ip_address"):
            self.assertIn("--ip=10.0.8.31 --netmask=255.255.254.0 --gateway=10.0.8.1 --nameserver=10.0.8.2,10.0.8.3", text)


if __name__ == "__main__":
    unittest.main()
