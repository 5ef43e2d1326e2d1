//! Newer releases, written into matrix and var-file.

use super::super::blocking::blocking;
use super::super::{Context, Error, Operation, permitted};
use super::{Newer, line};
use crate::iso::commit::{self, Bumped};
use crate::iso::{Bump, BumpWriter, Release};
use crate::pipeline::{Key, Line, Matrix};

/// Writes exactly what was shown, or nothing. The line as the matrix has it then.
///
/// # Errors
/// [`Error::Bump`]; [`Error::Refused`] when nothing may be changed.
pub async fn bump(context: &Context, key: &Key, bump: Bump) -> Result<Line, Error> {
    permitted(Operation::Bump, context.mode)?;
    let repo = context.repo.clone();
    blocking("the bump", move || Ok(BumpWriter::open(&repo)?.write(&bump)?)).await?;
    line(context, key).await
}

/// What becomes of newer releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// nothing: they are shown
    Show,
    /// they are written
    Write,
    /// they are written, and committed together
    Commit,
}

/// Newer releases of many lines, taken one after another. Blocks, for moments.
#[derive(Debug)]
pub struct Bumps<'a> {
    context: &'a Context,
    take: Take,
    writer: Option<BumpWriter>,
    committed: Option<Matrix>,
    bumped: Vec<Bumped>,
}

impl<'a> Bumps<'a> {
    /// Takes the right to write, before any mirror is asked.
    ///
    /// # Errors
    /// [`Error::Bump`] when another process writes; [`Error::Commit`] without git; [`Error::Refused`] when nothing may
    /// be changed.
    pub fn begin(context: &'a Context, take: Take) -> Result<Self, Error> {
        if take != Take::Show {
            permitted(Operation::Bump, context.mode)?;
        }
        let committed = if take == Take::Commit { commit::committed(&context.repo)? } else { None };
        let writer = if take == Take::Show { None } else { Some(BumpWriter::open(&context.repo)?) };
        Ok(Self { context, take, writer, committed, bumped: Vec::new() })
    }

    /// Writes the bump of a line, unless bumps are only shown.
    ///
    /// # Errors
    /// [`Error::Bump`]; nothing is written for this line then.
    pub fn take(&mut self, key: &Key, newer: Newer) -> Result<Bumped, Error> {
        let bump = match &self.writer {
            None => newer.bump?,
            Some(writer) => {
                let bump = self.prepare_anew(key, &newer.release)?;
                writer.write(&bump)?;
                bump
            }
        };
        Ok(self.add(Bumped::new(key, bump)))
    }

    /// The bump before this one changed the matrix.
    fn prepare_anew(&self, key: &Key, release: &Release) -> Result<Bump, Error> {
        let repo = &self.context.repo;
        Ok(Bump::prepare(repo, Matrix::load(repo)?.line(&key.0)?, release)?)
    }

    /// A bump of the line that an earlier call could not commit: it becomes one of this call's, whatever its mirror says.
    pub fn left(&mut self, line: &Line) -> Option<Bumped> {
        let left = Bumped::left_uncommitted(self.committed.as_ref()?, line)?;
        Some(self.add(left))
    }

    fn add(&mut self, bumped: Bumped) -> Bumped {
        self.bumped.push(bumped.clone());
        bumped
    }

    /// Commits what is to be committed. All bumps of this call.
    ///
    /// # Errors
    /// [`Error::Commit`]
    pub fn finish(self) -> Result<Vec<Bumped>, Error> {
        if self.take == Take::Commit && !self.bumped.is_empty() {
            commit::commit(&self.context.repo, &self.bumped)?;
        }
        Ok(self.bumped)
    }
}
