//! When services make their moves because parameters of calls say so.

use std::collections::{BTreeMap, BTreeSet};

use slr_core::id::{KindIdx, ResourceIdx, TransitionIdx};

use super::{Lowerer, Lowering};
use crate::diagnostic::{Code, Diagnostic};
use crate::schedule::Schedule;
use crate::simulation::{Given, Occasion, Parameters, Timed, Timing, nearest};
use crate::syntax::{Argument, CallParameter, Due, Named, OneOrMore, ParameterSort, Text};
use crate::yaml::Spanned;

/// What of a kind is about time and about what calls give, so that the rules do not know it.
pub(super) struct KindTimes {
    /// Per transition, when it is made.
    pub(super) due: Vec<Option<Due>>,
    pub(super) parameters: Named<Spanned<CallParameter>>,
    /// Of each of these, one kind has to be among the parents of what a call makes.
    pub(super) must_have: Vec<OneOrMore<Text>>,
    /// Per transition, those that have to be there for this one besides.
    pub(super) must_have_of: Vec<Vec<OneOrMore<Text>>>,
}

impl Lowerer<'_> {
    /// Per kind, the parameters of its calls that say when something happens.
    pub(super) fn times(&self) -> Vec<BTreeSet<String>> {
        let is_one = |parameter: &CallParameter| match parameter.sort.value {
            ParameterSort::Schedule | ParameterSort::Hours | ParameterSort::Days => true,
            ParameterSort::Number | ParameterSort::Word | ParameterSort::Role | ParameterSort::Amount => false,
        };
        let of_kind = |times: &KindTimes| {
            let declared = times.parameters.iter().filter(|(_, parameter)| is_one(parameter));
            declared.map(|(name, _)| name.value.clone()).collect()
        };
        self.times.iter().map(of_kind).collect()
    }

    /// What the arguments give for the parameters of a kind that are about time. `said` are the words that decide what is called.
    pub(super) fn parameters(
        &self,
        kind: KindIdx,
        arguments: &Named<Spanned<Argument>>,
        said: &[&str],
    ) -> Lowering<Parameters> {
        let mut given = Parameters::new();
        for (name, parameter) in self.times[kind.index()].parameters.iter() {
            if parameter.is_null_with(said) {
                given.insert(name.value.clone(), Given::Null);
            }
        }
        for (name, argument) in arguments.iter() {
            let declared = self.times[kind.index()].parameters.get(name);
            let value = match (declared.map(|parameter| parameter.sort.value), &argument.value) {
                (Some(ParameterSort::Schedule), Argument::Text(text)) => {
                    let schedule = Schedule::parse(text).map_err(|error| {
                        Box::new(Diagnostic::new(Code::BadSchedule, argument.span, error.to_string()).help(error.help))
                    })?;
                    Given::Schedule(schedule)
                }
                (Some(ParameterSort::Hours), Argument::Number(hours)) => match u32::try_from(*hours) {
                    Ok(hours) => Given::Hours(hours),
                    Err(_) => continue,
                },
                (Some(ParameterSort::Days), Argument::Number(days)) => match u32::try_from(*days) {
                    Ok(days) => Given::Days(days),
                    Err(_) => continue,
                },
                (Some(ParameterSort::Word), Argument::Text(word)) => Given::Word(word.clone()),
                _ => continue,
            };
            given.insert(name.value.clone(), value);
        }
        Ok(given)
    }

    /// Notes the roles that the arguments of a resource's calls pass for other resources.
    pub(super) fn note_roles(&mut self, kind: KindIdx, resource: ResourceIdx, arguments: &Named<Spanned<Argument>>) {
        let declared = &self.times[kind.index()].parameters;
        let passed = arguments.iter().filter_map(|(name, argument)| match &argument.value {
            Argument::Text(role) => {
                let passed_for = declared.get(name)?.passed_for.as_ref()?.value.clone();
                Some((resource, passed_for, Spanned::new(role.clone(), argument.span)))
            }
            Argument::Flag(_) | Argument::Number(_) => None,
        });
        self.passed_for.extend(passed.collect::<Vec<_>>());
    }

    /// Notes those roles with the resources for which they are passed.
    pub(super) fn pass_roles(&mut self) -> Lowering<()> {
        for (owner, kind, name) in std::mem::take(&mut self.passed_for) {
            let role = self.role(&name);
            let owner_kind = self.world.kinds[self.world.resources[owner.index()].kind.index()].name.clone();
            for id in (0..self.world.resources.len()).map(|id| ResourceIdx(u32::try_from(id).unwrap_or(u32::MAX))) {
                let is_one = self.world.kinds[self.world.resources[id.index()].kind.index()].name == kind;
                if !is_one || nearest(&self.world, id, &owner_kind) != Some(owner) {
                    continue;
                }
                let resource = &mut self.world.resources[id.index()];
                if resource.passes.replace(role).is_some_and(|other| other != role) {
                    let message = format!("for `{}` another role is passed elsewhere: one is possible", resource.name);
                    return Err(Box::new(Diagnostic::new(Code::Ambiguous, name.span, message)));
                }
            }
        }
        Ok(())
    }

    /// The moves that parameters time, of all resources that there are or may be.
    pub(super) fn timing(&self) -> Timing {
        let mut moves: BTreeMap<ResourceIdx, Vec<Timed>> = BTreeMap::new();
        for (id, resource) in (0..).map(ResourceIdx).zip(&self.world.resources) {
            let due = (0..).map(TransitionIdx).zip(&self.times[resource.kind.index()].due);
            let timed = due.filter_map(|(transition, due)| {
                let occasion = self.occasion(id, due.as_ref()?)?;
                Some(Timed { transition, occasion })
            });
            let timed: Vec<Timed> = timed.collect();
            if !timed.is_empty() {
                moves.insert(id, timed);
            }
        }
        Timing::new(moves, self.given_parameters.clone())
    }

    /// The occasion of a resource's move; none if a resource is missing on which it depends.
    fn occasion(&self, resource: ResourceIdx, due: &Due) -> Option<Occasion> {
        let near = |kind: &str| nearest(&self.world, resource, kind);
        let of = near(&due.of)?;
        if let Some(parameter) = &due.at {
            let declared = &self.times[self.world.resources[of.index()].kind.index()].parameters;
            let puts_off =
                |other: &&CallParameter| other.offsets.as_ref().is_some_and(|of| of.value == parameter.value);
            let offset = declared.iter().find(|(_, other)| puts_off(&&other.value)).map(|(name, _)| name.value.clone());
            return Some(Occasion::Schedule { of, parameter: parameter.value.clone(), offset });
        }
        let only = due.only.iter().map(|(kind, value)| {
            let (parameter, word) = value.split_once('=')?;
            Some((near(kind)?, parameter.to_owned(), word.to_owned()))
        });
        Some(Occasion::Hours {
            of,
            after: due.after.as_ref()?.value.clone(),
            less: due.less.as_ref().map(|less| less.value.clone()),
            since: match &due.since {
                None => resource,
                Some(kind) => near(kind)?,
            },
            only: only.collect::<Option<_>>()?,
        })
    }
}
