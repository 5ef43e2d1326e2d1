//! What an expression of a template comes to, as far as it can be told without packer: variables, locals, text put
//! together from them, choices. What only a build can know (a time, a secret store, a data source) is left open.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use hcl_edit::expr::{BinaryOperator, Expression, FuncCall, Traversal, TraversalOperator, UnaryOperator};
use hcl_edit::template::Element;

use super::functions;
use super::template::Template;

/// Locals that name locals that name…; packer refuses circles, and this need not follow one.
const DEPTH: usize = 24;

/// Stands in a text for what is not known.
pub const OPEN: char = '*';

/// What an expression comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// only a build can tell
    Unknown,
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// a text or a number; [`OPEN`] stands for the parts that are not known
    Text(String),
    /// a list
    List(Vec<Value>),
    /// an object
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// As text with [`OPEN`] for what is not known; lists and objects have none.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Bool(flag) => Some(flag.to_string().into()),
            Self::Unknown => Some(OPEN.to_string().into()),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }

    /// As text, when all of it is known.
    pub fn known(&self) -> Option<Cow<'_, str>> {
        self.text().filter(|text| !text.contains(OPEN))
    }
}

/// Where names get their values.
#[derive(Debug)]
pub struct Scope<'t> {
    /// declares variables and locals
    pub template: &'t Template,
    /// values of variables, from var-files and the environment
    pub assigned: BTreeMap<String, Value>,
    /// the checked-out branch, for templates that ask git
    pub branch: Option<String>,
    /// `path.cwd` and `path.root`, where they are asked for
    pub path: BTreeMap<&'static str, String>,
}

impl Scope<'_> {
    /// What `expression` comes to.
    pub fn value(&self, expression: &Expression) -> Value {
        self.at(expression, DEPTH)
    }

    fn at(&self, expression: &Expression, depth: usize) -> Value {
        let Some(depth) = depth.checked_sub(1) else { return Value::Unknown };
        match expression {
            Expression::Null(_) => Value::Null,
            Expression::Bool(flag) => Value::Bool(*flag.value()),
            Expression::Number(number) => Value::Text(number.value().to_string()),
            Expression::String(text) => Value::Text(text.value().clone()),
            Expression::Array(array) => Value::List(array.iter().map(|element| self.at(element, depth)).collect()),
            Expression::Object(object) => Value::Object(
                object
                    .iter()
                    .filter_map(|(key, value)| {
                        let ident = key.as_ident().map(|ident| ident.as_str().to_owned());
                        let key = ident.or_else(|| Some(self.at(key.as_expr()?, depth).known()?.into_owned()))?;
                        Some((key, self.at(value.expr(), depth)))
                    })
                    .collect(),
            ),
            Expression::StringTemplate(template) => self.joined(template.iter(), depth),
            Expression::HeredocTemplate(heredoc) => self.joined(heredoc.template.iter(), depth),
            Expression::Parenthesis(inner) => self.at(inner.inner(), depth),
            Expression::Conditional(choice) => match self.at(&choice.cond_expr, depth) {
                Value::Bool(true) => self.at(&choice.true_expr, depth),
                Value::Bool(false) => self.at(&choice.false_expr, depth),
                _ => Value::Unknown,
            },
            Expression::FuncCall(call) => self.call(call, depth),
            Expression::Traversal(path) => self.path(path, depth),
            Expression::UnaryOp(op) => match (op.operator.value(), self.at(&op.expr, depth)) {
                (UnaryOperator::Not, Value::Bool(flag)) => Value::Bool(!flag),
                _ => Value::Unknown,
            },
            Expression::BinaryOp(op) => {
                let (one, other) = (self.at(&op.lhs_expr, depth), self.at(&op.rhs_expr, depth));
                binary(*op.operator.value(), &one, &other)
            }
            Expression::Variable(_) | Expression::ForExpr(_) => Value::Unknown,
        }
    }

    fn joined<'e>(&self, elements: impl Iterator<Item = &'e Element>, depth: usize) -> Value {
        let mut text = String::new();
        let parts: Vec<Value> = elements
            .map(|element| match element {
                Element::Literal(literal) => Value::Text(literal.to_string()),
                Element::Interpolation(inner) => self.at(&inner.expr, depth),
                Element::Directive(_) => Value::Unknown,
            })
            .collect();
        // `"${x}"` alone is x itself.
        if let [only] = parts.as_slice() {
            return only.clone();
        }
        for part in &parts {
            match part.text() {
                // Two open parts side by side are one.
                Some(part) if part == "*" && text.ends_with(OPEN) => {}
                Some(part) => text.push_str(&part),
                None => return Value::Unknown,
            }
        }
        Value::Text(text)
    }

    fn call(&self, call: &FuncCall, depth: usize) -> Value {
        let values: Vec<Value> = call.args.iter().map(|argument| self.at(argument, depth)).collect();
        functions::call(call.name.name.as_str(), &values)
    }

    fn path(&self, path: &Traversal, depth: usize) -> Value {
        let mut names = path.operators.iter().map(|operator| self.step(operator.value(), depth));
        let root = match &path.expr {
            Expression::Variable(root) => root.as_str(),
            _ => return Value::Unknown,
        };
        let Some(Some(name)) = names.next() else { return Value::Unknown };
        let start = match root {
            "var" => self.variable(&name, depth),
            "local" => self.template.locals.get(&name).map_or(Value::Unknown, |expression| self.at(expression, depth)),
            "path" => self.path.get(name.as_str()).cloned().map_or(Value::Unknown, Value::Text),
            // `data.git-repository.cwd.head` is the branch.
            "data" if name == "git-repository" => {
                let last = names.nth(1).flatten();
                let branch = self.branch.clone().filter(|_| last.as_deref() == Some("head"));
                return branch.map_or(Value::Unknown, Value::Text);
            }
            _ => return Value::Unknown,
        };
        names.fold(start, |value, name| match (value, name) {
            (Value::Object(mut fields), Some(name)) => fields.remove(&name).unwrap_or(Value::Unknown),
            (Value::List(items), Some(at)) => {
                let item = at.parse::<usize>().ok().and_then(|at| items.into_iter().nth(at));
                item.unwrap_or(Value::Unknown)
            }
            _ => Value::Unknown,
        })
    }

    fn step(&self, operator: &TraversalOperator, depth: usize) -> Option<String> {
        match operator {
            TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
            TraversalOperator::Index(expression) => self.at(expression, depth).known().map(Cow::into_owned),
            TraversalOperator::LegacyIndex(at) => Some(at.value().to_string()),
            TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => None,
        }
    }

    fn variable(&self, name: &str, depth: usize) -> Value {
        if let Some(value) = self.assigned.get(name) {
            return value.clone();
        }
        let default = self.template.variables.get(name).and_then(|variable| variable.default.as_ref());
        default.map_or(Value::Unknown, |default| self.at(default, depth))
    }
}

fn binary(operator: BinaryOperator, one: &Value, other: &Value) -> Value {
    let same = || match (one, other) {
        (Value::Unknown, _) | (_, Value::Unknown) => None,
        (Value::Text(one), _) if one.contains(OPEN) => None,
        (_, Value::Text(other)) if other.contains(OPEN) => None,
        _ => Some(one == other),
    };
    let answer = match (operator, one, other) {
        (BinaryOperator::Eq, _, _) => same(),
        (BinaryOperator::NotEq, _, _) => same().map(|same| !same),
        (BinaryOperator::And, Value::Bool(one), Value::Bool(other)) => Some(*one && *other),
        (BinaryOperator::Or, Value::Bool(one), Value::Bool(other)) => Some(*one || *other),
        _ => None,
    };
    answer.map_or(Value::Unknown, Value::Bool)
}

/// A name with [`OPEN`] for what packer's own templates (`{{ isotime }}`) stand for: only a build can tell.
pub fn as_a_name(text: &str) -> String {
    let mut name = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        name.push_str(before);
        if !name.ends_with(OPEN) {
            name.push(OPEN);
        }
        rest = after.split_once("}}").map_or("", |(_, rest)| rest);
    }
    name + rest
}

/// The branch that is checked out in `repo`: none outside git and where no branch is.
pub fn branch(repo: &Path) -> Option<String> {
    let git = repo.ancestors().map(|folder| folder.join(".git")).find(|git| git.exists())?;
    let dir = if git.is_dir() {
        git
    } else {
        let link = std::fs::read_to_string(&git).ok()?;
        git.parent()?.join(link.strip_prefix("gitdir:")?.trim())
    };
    let head = std::fs::read_to_string(dir.join("HEAD")).ok()?;
    Some(head.trim().strip_prefix("ref: refs/heads/")?.to_owned())
}
