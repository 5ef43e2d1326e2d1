"""Answer files and scripts of the Windows lines."""

import re
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

import tree_sitter
import tree_sitter_powershell
import yaml

from rendered import REPO, for_each, sources

NS = {"u": "urn:schemas-microsoft-com:unattend"}
IMAGES = {
    "windows-server-standard-core": "Windows Server {} SERVERSTANDARDCORE",
    "windows-server-standard-dexp": "Windows Server {} SERVERSTANDARD",
    "windows-server-datacenter-core": "Windows Server {} SERVERDATACENTERCORE",
    "windows-server-datacenter-dexp": "Windows Server {} SERVERDATACENTER",
    "windows-desktop-pro": "Windows {} Pro",
    "windows-desktop-ent": "Windows {} Enterprise",
}
ACTION = "{http://schemas.microsoft.com/WMIConfig/2002/State}action"


def answer_file(source):
    return ET.fromstring((source.cd / "autounattend.xml").read_text())


class AnswerFiles(unittest.TestCase):
    def texts(self, root, path):
        return [element.text for element in root.findall(path, NS)]

    @for_each("packer/windows/", answer_file)
    def test_passes_come_once_and_in_setups_order(self, _, root):
        passes = [element.get("pass") for element in root.findall("u:settings", NS)]
        self.assertEqual(passes, ["windowsPE", "offlineServicing", "specialize", "oobeSystem"])
        for component in root.iter(f"{{{NS['u']}}}component"):
            self.assertEqual(component.get("processorArchitecture"), "amd64")
            self.assertEqual(component.get("publicKeyToken"), "31bf3856ad364e35")

    @for_each("packer/windows/", answer_file)
    def test_lists_are_numbered_without_gaps(self, _, root):
        for parent in root.iter():
            orders = [int(child.findtext("u:Order", None, NS)) for child in parent if child.find("u:Order", NS) is not None]
            if orders:
                self.assertEqual(orders, list(range(1, len(orders) + 1)), parent.tag)
                self.assertTrue(all(child.get(ACTION) == "add" for child in parent))

    @for_each("packer/windows/", answer_file)
    def test_a_password_with_xmls_own_characters_survives(self, source, root):
        password = source.given("build_password")
        self.assertTrue(set("&<>\"'") <= set(password), "the test password must be a hard one")
        values = self.texts(root, ".//u:Password/u:Value") + self.texts(root, ".//u:AdministratorPassword/u:Value")
        self.assertEqual(values, [password] * 3)

    @for_each("packer/windows/", answer_file)
    def test_image(self, source, root):
        expected = IMAGES[source.name].format(source.line["version"])
        if source.given("vm_inst_os_eval") is True and "desktop" in source.name:
            expected += " Evaluation"
        self.assertEqual(self.texts(root, ".//u:OSImage//u:Value"), [expected])

    def test_every_edition_has_its_own_key_and_evaluation_media_none(self):
        keys = {}
        for source in sources("packer/windows/"):
            found = self.texts(answer_file(source), ".//u:ProductKey/u:Key")
            if source.given("vm_inst_os_eval") is True:
                self.assertEqual(found, [], source)
            else:
                self.assertRegex(found[0], r"^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$", source)
                # windows-server-EDITION-OPTION: the option does not change the key
                keys.setdefault((source.line["version"], source.name.split("-")[2]), set()).add(found[0])
        self.assertEqual({len(found) for found in keys.values()}, {1}, keys)
        self.assertEqual(len({key for found in keys.values() for key in found}), len(keys), "an edition has another's key")

    @for_each("packer/windows/", answer_file)
    def test_disk(self, _, root):
        created = root.findall(".//u:CreatePartition", NS)
        self.assertEqual([c.findtext("u:Type", None, NS) for c in created], ["Primary", "EFI", "MSR", "Primary"])
        self.assertEqual([c.findtext("u:Extend", None, NS) for c in created], [None, None, None, "true"])
        self.assertGreaterEqual(int(created[0].findtext("u:Size", None, NS)), 800, "updates of the recovery environment fail")
        self.assertEqual(self.texts(root, ".//u:InstallTo/u:PartitionID"), ["4"])

    @for_each("packer/windows/", answer_file)
    def test_no_drive_letter_is_taken_for_granted(self, _, root):
        paths = self.texts(root, ".//u:DriverPaths//u:Path")
        self.assertLessEqual(set("CDEFGH"), {path[0] for path in paths})
        (command,) = self.texts(root, ".//u:FirstLogonCommands//u:CommandLine")
        self.assertRegex(command, r"^cmd\.exe /c for %d in \(C D E F G H I J\) do @if exist %d:\\bootstrap\.ps1 ")
        self.assertLess(len(command), 1024, "longer command lines are cut off")

    @for_each("packer/windows/", answer_file)
    def test_no_link_local_address_is_reported(self, _, root):
        commands = self.texts(root, ".//u:RunSynchronousCommand/u:Path")
        self.assertTrue(any("IPAutoconfigurationEnabled" in c and "/d 0" in c for c in commands))
        self.assertTrue(all(len(c) < 260 for c in commands), "longer paths are refused")

    @for_each("packer/windows/", answer_file)
    def test_winrm_is_never_in_clear(self, source, _):
        a = source.attributes
        self.assertIs(a["winrm_use_ssl"], True)
        self.assertEqual(a["winrm_port"], 5986)
        # The plugin puts the password on ansible-playbook's command line unless an argument speaks of ansible_password.
        self.assertIn("--skip-tags=ansible_password", a["provisioner.ansible"]["extra_arguments"])

    @for_each("packer/windows/", answer_file)
    def test_the_cd_has_the_scripts(self, source, _):
        for file in source.attributes["cd_files"]:
            self.assertTrue(Path(file).is_file(), file)

    def test_the_licensing_switch_is_off_in_every_line(self):
        for source in sources("packer/windows/"):
            config = (REPO / "ci/config" / source.line["config"]).read_text()
            self.assertRegex(config, r"(?m)^vm_inst_os_eval\s+= false$")


class PowerShell(unittest.TestCase):
    def parse(self, text):
        parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
        root = parser.parse(text.encode()).root_node
        nodes = [root]
        while nodes:
            node = nodes.pop()
            if node.is_error or node.is_missing:
                self.fail(f"line {node.start_point[0] + 1}: {node.text.decode()[:80]}")
            nodes.extend(node.children)

    def files(self):
        return sorted((REPO / "packer").rglob("*.ps1"))

    def test_scripts_parse(self):
        self.assertEqual(len(self.files()), 3)
        for file in self.files():
            with self.subTest(file.name):
                self.parse(file.read_text())

    def test_inline_scripts_parse(self):
        found = 0
        for file in sorted((REPO / "packer/ansible/roles").rglob("tasks/*.yml")):
            for task in yaml.safe_load(file.read_text()):
                if "ansible.windows.win_powershell" in task:
                    found += 1
                    with self.subTest(task["name"]):
                        self.parse(task["ansible.windows.win_powershell"]["script"])
        self.assertGreater(found, 0)

    def test_scripts_are_ascii(self):
        # Windows PowerShell reads a file without a byte order mark in the machine's code page.
        for file in self.files():
            self.assertTrue(file.read_bytes().isascii(), file.name)

    def test_no_wait_without_an_end(self):
        for file in self.files():
            text = file.read_text()
            self.assertNotRegex(text, r"while\s*\(\s*\$true\s*\)|\bdo\s*\{", file.name)
            for loop in re.findall(r"while\s*\((.*)\)\s*\{", text):
                self.assertIn("Get-Date", loop, file.name)


if __name__ == "__main__":
    unittest.main()
