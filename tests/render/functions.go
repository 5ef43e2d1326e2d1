package main

import (
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// Those of packer's functions that the templates use, by their documentation.
func functions(dir string) map[string]function.Function {
	all := map[string]function.Function{
		"base64encode": base64Encode,
		"can":          tryfunc.CanFunc,
		"cidrnetmask":  cidrNetmask,
		"coalesce":     coalesce,
		"compact":      stdlib.CompactFunc,
		"contains":     stdlib.ContainsFunc,
		"env":          env,
		"format":       stdlib.FormatFunc,
		"formatdate":   stdlib.FormatDateFunc,
		"join":         stdlib.JoinFunc,
		"jsonencode":   stdlib.JSONEncodeFunc,
		"length":       length,
		"range":        stdlib.RangeFunc,
		"regex":        stdlib.RegexFunc,
		"regexall":     stdlib.RegexAllFunc,
		"replace":      stdlib.ReplaceFunc,
		"split":        stdlib.SplitFunc,
		"strcontains":  strContains,
		"substr":       stdlib.SubstrFunc,
		"timestamp":    timestamp,
	}
	all["templatefile"] = templateFile(dir, all)
	return all
}

func text(name string) function.Parameter {
	return function.Parameter{Name: name, Type: cty.String}
}

var base64Encode = function.New(&function.Spec{
	Params: []function.Parameter{text("text")},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal(base64.StdEncoding.EncodeToString([]byte(args[0].AsString()))), nil
	},
})

// The standard library's knows no text; packer's counts its characters.
var length = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "of", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[0].Type() == cty.String {
			return stdlib.Strlen(args[0])
		}
		return stdlib.Length(args[0])
	},
})

var env = function.New(&function.Spec{
	Params: []function.Parameter{text("name")},
	Type:   function.StaticReturnType(cty.String),
	// Nothing from the environment of whoever runs the checks.
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return cty.StringVal(""), nil },
})

var timestamp = function.New(&function.Spec{
	Type: function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.StringVal("2026-01-03T02:00:00Z"), nil
	},
})

// The standard library's takes "" for a value; packer's, like Terraform's, goes on to the next one.
var coalesce = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "values", Type: cty.String, AllowNull: true},
	Type:     function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		for _, arg := range args {
			if !arg.IsNull() && arg.AsString() != "" {
				return arg, nil
			}
		}
		return cty.NilVal, fmt.Errorf("no argument has a value")
	},
})

var strContains = function.New(&function.Spec{
	Params: []function.Parameter{text("text"), text("part")},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.BoolVal(strings.Contains(args[0].AsString(), args[1].AsString())), nil
	},
})

var cidrNetmask = function.New(&function.Spec{
	Params: []function.Parameter{text("prefix")},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		_, network, err := net.ParseCIDR(args[0].AsString())
		if err != nil {
			return cty.NilVal, err
		}
		return cty.StringVal(net.IP(network.Mask).String()), nil
	},
})

// Relative paths start at the template's folder.
func templateFile(dir string, available map[string]function.Function) function.Function {
	render := func(args []cty.Value) (cty.Value, error) {
		path := filepath.Join(dir, args[0].AsString())
		source, err := os.ReadFile(path)
		if err != nil {
			return cty.NilVal, err
		}
		expression, diagnostics := hclsyntax.ParseTemplate(source, path, hcl.InitialPos)
		if diagnostics.HasErrors() {
			return cty.NilVal, diagnostics
		}
		inside := &hcl.EvalContext{Variables: args[1].AsValueMap(), Functions: available}
		value, diagnostics := expression.Value(inside)
		if diagnostics.HasErrors() {
			return cty.NilVal, diagnostics
		}
		return value, nil
	}
	return function.New(&function.Spec{
		Params: []function.Parameter{text("path"), {Name: "vars", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.String),
		Impl:   func(args []cty.Value, _ cty.Type) (cty.Value, error) { return render(args) },
	})
}
