"""Every source of every line: names, media, and no secret where one would be seen."""

import json
import unittest

from rendered import GIVEN, LINES, REPO, for_each, sources

SECRETS = ["build_password", "build_password_encrypted", "build_key", "vsphere_password"]
# Attributes whose very purpose is to carry a secret, and which packer keeps out of its output.
CARRIERS = {"password", "ssh_password", "winrm_password"}


class EverySource(unittest.TestCase):
    def test_every_line_is_rendered(self):
        self.assertEqual({s.line["key"] for s in sources()}, set(LINES))

    def test_exactly_one_source_makes_the_lines_template(self):
        for key, line in LINES.items():
            names = [s.name for s in sources() if s.line["key"] == key and s.case == "plain" and s.attributes["vm_name"] == line["base_name"] + "-build"]
            with self.subTest(key):
                self.assertEqual(len(names), 1, names)
                if "only" in line:
                    self.assertEqual(line["only"], f"vsphere-iso.{names[0]}")

    def test_no_two_sources_share_a_name(self):
        for key in LINES:
            names = [s.attributes["vm_name"] for s in sources() if s.line["key"] == key and s.case == "plain"]
            self.assertEqual(len(names), len(set(names)), names)

    def test_shared_files_are_links_not_copies(self):
        # An editor or `sed -i` turns a link into a copy, which then goes its own way.
        shared = {file.name for folder in (REPO / "packer").rglob("shared") for file in folder.glob("*.pkr.hcl")}
        linked = [file for line in LINES.values() for file in (REPO / line["build_dir"]).glob("*.pkr.hcl") if file.name in shared]
        self.assertGreater(len(linked), 0)
        self.assertEqual([str(file) for file in linked if not file.is_symlink()], [])

    @for_each()
    def test_media_come_from_the_datastore_and_the_cd_with_the_password_goes(self, source):
        a = source.attributes
        self.assertRegex(a["iso_paths"][0], r"^\[vsanDatastore\] iso/[a-z0-9/.-]+/[A-Za-z0-9._-]+\.iso$")
        self.assertIs(a["remote_cache_cleanup"], True)
        self.assertIs(a["convert_to_template"], True)
        self.assertIn(a["firmware"], ["efi", "efi-secure"])

    @for_each()
    def test_notes_say_what_was_built_when_and_from_what(self, source):
        self.assertIn(GIVEN["all"]["build_commit"], source.attributes["notes"])
        self.assertIn("2026-01-03T02:00:00Z", source.attributes["notes"])

    @for_each()
    def test_no_secret_is_typed_run_or_recorded(self, source):
        seen = {name: value for name, value in source.attributes.items() if name not in CARRIERS}
        ansible = seen["provisioner.ansible"]
        # Ansible's environment, not its command line.
        ansible["ansible_env_vars"] = [v for v in ansible["ansible_env_vars"] if not v.startswith("BUILD_PASSWORD=")]
        text = json.dumps(seen, ensure_ascii=False)
        for secret in SECRETS:
            for form in {GIVEN["all"][secret], json.dumps(GIVEN["all"][secret])[1:-1]}:
                self.assertNotIn(form, text, secret)

    @for_each()
    def test_ansible_downloads_nothing(self, source):
        self.assertNotIn("galaxy_file", source.attributes["provisioner.ansible"])


if __name__ == "__main__":
    unittest.main()
