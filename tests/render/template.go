package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// A folder of *.pkr.hcl files: packer reads them as one template.
type template struct {
	dir       string
	parser    *hclparse.Parser
	variables map[string]*variable
	locals    map[string]*hclsyntax.Attribute
	blocks    []*hclsyntax.Block
	context   *hcl.EvalContext
}

type variable struct {
	block *hclsyntax.Block
	kind  cty.Type
	value cty.Value // cty.NilVal until somebody supplies one
}

func load(dir string) (*template, error) {
	t := &template{
		dir: dir, parser: hclparse.NewParser(),
		variables: map[string]*variable{}, locals: map[string]*hclsyntax.Attribute{},
	}
	t.context = &hcl.EvalContext{Functions: functions(dir), Variables: map[string]cty.Value{
		"path": cty.ObjectVal(map[string]cty.Value{"root": cty.StringVal(dir), "cwd": cty.StringVal(".")}),
	}}
	files, err := filepath.Glob(filepath.Join(dir, "*.pkr.hcl"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no *.pkr.hcl", dir)
	}
	for _, file := range files {
		parsed, diagnostics := t.parser.ParseHCLFile(file)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
			if err := t.add(block); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t *template) add(block *hclsyntax.Block) error {
	switch block.Type {
	case "variable":
		declared := &variable{block: block, kind: cty.DynamicPseudoType}
		if attribute, ok := block.Body.Attributes["type"]; ok {
			kind, diagnostics := typeexpr.TypeConstraint(attribute.Expr)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			declared.kind = kind
		}
		if attribute, ok := block.Body.Attributes["default"]; ok {
			value, diagnostics := attribute.Expr.Value(t.context)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			if err := declared.set(value); err != nil {
				return err
			}
		}
		if t.variables[block.Labels[0]] != nil {
			return fmt.Errorf("%s: variable declared twice", block.Labels[0])
		}
		t.variables[block.Labels[0]] = declared
	case "locals":
		for name, attribute := range block.Body.Attributes {
			if t.locals[name] != nil {
				return fmt.Errorf("%s: local defined twice", name)
			}
			t.locals[name] = attribute
		}
	default:
		t.blocks = append(t.blocks, block)
	}
	return nil
}

func (v *variable) set(value cty.Value) error {
	converted, err := convert.Convert(value, v.kind)
	if err != nil {
		return fmt.Errorf("variable %s: %w", v.block.Labels[0], err)
	}
	v.value = converted
	return nil
}

func (t *template) assignFile(path string) error {
	parsed, diagnostics := t.parser.ParseHCLFile(path)
	if diagnostics.HasErrors() {
		return diagnostics
	}
	attributes, diagnostics := parsed.Body.JustAttributes()
	if diagnostics.HasErrors() {
		return diagnostics
	}
	for name, attribute := range attributes {
		declared := t.variables[name]
		if declared == nil {
			return fmt.Errorf("%s: the template does not declare %s", path, name)
		}
		value, diagnostics := attribute.Expr.Value(nil)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		if err := declared.set(value); err != nil {
			return err
		}
	}
	return nil
}

// Like PKR_VAR_…: what the template does not declare is ignored.
func (t *template) assignGiven(given values) error {
	for name, text := range given {
		declared := t.variables[name]
		if declared == nil {
			continue
		}
		kind, err := ctyjson.ImpliedType(text)
		if err != nil {
			return err
		}
		value, err := ctyjson.Unmarshal(text, kind)
		if err != nil {
			return err
		}
		if err := declared.set(value); err != nil {
			return err
		}
	}
	return nil
}

func (t *template) evaluate() error {
	supplied := map[string]cty.Value{}
	for name, declared := range t.variables {
		if declared.value == cty.NilVal {
			return fmt.Errorf("nobody supplies variable %s", name)
		}
		supplied[name] = declared.value
	}
	t.context.Variables["var"] = cty.ObjectVal(supplied)
	for name, declared := range t.variables {
		if err := t.validate(name, declared); err != nil {
			return err
		}
	}
	return t.evaluateLocals()
}

func (t *template) validate(name string, declared *variable) error {
	for _, block := range declared.block.Body.Blocks {
		value, diagnostics := block.Body.Attributes["condition"].Expr.Value(t.context)
		if diagnostics.HasErrors() {
			return diagnostics
		}
		if value.False() {
			return fmt.Errorf("variable %s fails its own validation", name)
		}
	}
	return nil
}

// Locals refer to one another in any order: evaluate whatever has all it needs, until nothing is left.
func (t *template) evaluateLocals() error {
	done := map[string]cty.Value{}
	for len(done) < len(t.locals) {
		before := len(done)
		for name, attribute := range t.locals {
			if _, ok := done[name]; ok || !t.ready(attribute.Expr, done) {
				continue
			}
			t.context.Variables["local"] = cty.ObjectVal(done)
			value, diagnostics := attribute.Expr.Value(t.context)
			if diagnostics.HasErrors() {
				return diagnostics
			}
			done[name] = value
		}
		if len(done) == before {
			return errors.New("locals refer to each other in a circle, or to one that is not defined: " + t.missing(done))
		}
	}
	t.context.Variables["local"] = cty.ObjectVal(done)
	return nil
}

func (t *template) ready(expression hcl.Expression, done map[string]cty.Value) bool {
	for _, traversal := range expression.Variables() {
		if traversal.RootName() != "local" || len(traversal) < 2 {
			continue
		}
		if attribute, ok := traversal[1].(hcl.TraverseAttr); ok {
			if _, ok := done[attribute.Name]; !ok {
				return false
			}
		}
	}
	return true
}

func (t *template) missing(done map[string]cty.Value) string {
	var names []string
	for name := range t.locals {
		if _, ok := done[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
