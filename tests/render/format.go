package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Templates and var-files must stand as `packer fmt` would write them.
func checkFormat(repo string) error {
	var wrong []string
	for _, folder := range []string{"packer", "ci/config"} {
		err := filepath.WalkDir(filepath.Join(repo, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !(strings.HasSuffix(path, ".pkr.hcl") || strings.HasSuffix(path, ".pkrvars.hcl")) {
				return err
			}
			source, err := os.ReadFile(path)
			if err == nil && !bytes.Equal(hclwrite.Format(source), source) {
				wrong = append(wrong, path)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("not as `packer fmt` writes it: %s", strings.Join(wrong, ", "))
	}
	return nil
}
