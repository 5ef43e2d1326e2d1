// render evaluates the repository's packer templates as packer does, without packer: variables and var-files, locals, the real
// data templates. It writes what each build would put on its generated CD, and what it would type, run and record,
// so that the field's own validators can look at the very files an installer gets.
//
//	render REPO OUT VARIABLES.json
//
// VARIABLES.json: {"all": {…}, "cases": {"NAME": {…}}}; each line is rendered once per case, with "all" and then the case's own
// values on top of its var-files, as far as the template declares them. Writes OUT/CASE/KEY/SOURCE/cd/… and …/source.json.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

type line struct {
	Key      string `json:"key"`
	OS       string `json:"os"`
	BuildDir string `json:"build_dir"`
	Config   string `json:"config"`
}

type values map[string]json.RawMessage

type variables struct {
	All   values            `json:"all"`
	Cases map[string]values `json:"cases"`
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: render REPO OUT VARIABLES.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run(repo, out, variablesFile string) error {
	if err := checkFormat(repo); err != nil {
		return err
	}
	var lines []line
	if err := readJSON(filepath.Join(repo, "ci/matrix.json"), &lines); err != nil {
		return err
	}
	var given variables
	if err := readJSON(variablesFile, &given); err != nil {
		return err
	}
	for name, own := range given.Cases {
		for _, line := range lines {
			if err := renderLine(repo, filepath.Join(out, name, line.Key), line, given.All, own); err != nil {
				return fmt.Errorf("%s, case %s: %w", line.Key, name, err)
			}
		}
	}
	return nil
}

// The order of the var-files; later ones win.
func varFiles(line line) []string {
	files := []string{"vsphere", "build", "ansible", "proxy", "common"}
	if line.OS == "Linux" {
		files = append(files, "network", "linux-storage")
	}
	for i, file := range files {
		files[i] = file + ".pkrvars.hcl"
	}
	return append(files, line.Config)
}

func renderLine(repo, out string, line line, layers ...values) error {
	template, err := load(filepath.Join(repo, line.BuildDir))
	if err != nil {
		return err
	}
	for _, file := range varFiles(line) {
		if err := template.assignFile(filepath.Join(repo, "ci/config", file)); err != nil {
			return err
		}
	}
	for _, layer := range layers {
		if err := template.assignGiven(layer); err != nil {
			return err
		}
	}
	if err := template.evaluate(); err != nil {
		return err
	}
	sources, err := template.sources()
	if err != nil {
		return err
	}
	for name, attributes := range sources {
		if err := write(filepath.Join(out, name), attributes); err != nil {
			return err
		}
	}
	return nil
}

// One source: the CD's files as files, everything else as JSON.
func write(dir string, attributes map[string]cty.Value) error {
	cd := filepath.Join(dir, "cd")
	if err := os.MkdirAll(cd, 0o755); err != nil {
		return err
	}
	plain := map[string]json.RawMessage{}
	for name, value := range attributes {
		if name == "cd_content" {
			for file, content := range value.AsValueMap() {
				if err := os.WriteFile(filepath.Join(cd, file), []byte(content.AsString()), 0o600); err != nil {
					return err
				}
			}
			continue
		}
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		plain[name] = text
	}
	text, err := json.MarshalIndent(plain, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "source.json"), append(text, '\n'), 0o600)
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
