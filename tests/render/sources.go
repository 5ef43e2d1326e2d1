package main

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// What each source of the template's build block comes to, by the name `-only` knows it by without its type.
// A build block's own source block adds attributes to the top-level one. Provisioners and
// post-processors are the same for all of them and stand under "provisioner.NAME" and "post-processor.NAME".
func (t *template) sources() (map[string]map[string]cty.Value, error) {
	templates := map[string]*hclsyntax.Body{}
	found := map[string]map[string]cty.Value{}
	for _, block := range t.blocks {
		if block.Type == "source" {
			templates[block.Labels[0]+"."+block.Labels[1]] = block.Body
		}
	}
	for _, block := range t.blocks {
		if block.Type != "build" {
			continue
		}
		common, err := t.steps(block.Body)
		if err != nil {
			return nil, err
		}
		references, err := t.references(block.Body)
		if err != nil {
			return nil, err
		}
		for _, reference := range references {
			body := templates[reference.source]
			if body == nil {
				return nil, fmt.Errorf("build uses source %q, which nobody defines", reference.source)
			}
			attributes, err := t.attributes(body, reference.own)
			if err != nil {
				return nil, err
			}
			name := reference.source[strings.Index(reference.source, ".")+1:]
			if given, ok := attributes["name"]; ok {
				name = given.AsString()
			}
			for step, value := range common {
				attributes[step] = value
			}
			found[name] = attributes
		}
	}
	return found, nil
}

type reference struct {
	source string
	own    *hclsyntax.Body
}

func (t *template) references(build *hclsyntax.Body) ([]reference, error) {
	var all []reference
	if attribute, ok := build.Attributes["sources"]; ok {
		value, diagnostics := attribute.Expr.Value(t.context)
		if diagnostics.HasErrors() {
			return nil, diagnostics
		}
		for _, name := range value.AsValueSlice() {
			all = append(all, reference{source: strings.TrimPrefix(name.AsString(), "source.")})
		}
	}
	for _, block := range build.Blocks {
		if block.Type == "source" {
			all = append(all, reference{source: strings.TrimPrefix(block.Labels[0], "source."), own: block.Body})
		}
	}
	return all, nil
}

func (t *template) attributes(bodies ...*hclsyntax.Body) (map[string]cty.Value, error) {
	all := map[string]cty.Value{}
	for _, body := range bodies {
		if body == nil {
			continue
		}
		for name, attribute := range body.Attributes {
			if _, ok := all[name]; ok {
				return nil, fmt.Errorf("%s is set in the source and again in the build", name)
			}
			value, diagnostics := attribute.Expr.Value(t.context)
			if diagnostics.HasErrors() {
				return nil, diagnostics
			}
			all[name] = value
		}
	}
	return all, nil
}

func (t *template) steps(build *hclsyntax.Body) (map[string]cty.Value, error) {
	all := map[string]cty.Value{}
	for _, block := range build.Blocks {
		if block.Type != "provisioner" && block.Type != "post-processor" {
			continue
		}
		attributes, err := t.attributes(block.Body)
		if err != nil {
			return nil, err
		}
		all[block.Type+"."+block.Labels[0]] = cty.ObjectVal(attributes)
	}
	return all, nil
}
