//! Calls that change what users may do. What a user has is asked at every call, so that it holds from the next one on.
//!
//! Assumed: at once, for no source says how long a change takes; the quotas of users and groups are not looked at.

use crate::action::Operation;
use crate::event::Event;
use crate::grant::{Granted, Holder};
use crate::id::{GrantIdx, PrincipalIdx, number};
use crate::policy::{AttachedPolicy, Caller, Context, Document, Entitlements, PolicyType, key};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;

type Answer = Result<(), Rejection>;

impl<S: IdSet> Universe<S> {
    /// Its place among what is attached: behind everything that roles can have.
    const fn place_of_first_grant(&self) -> usize {
        self.world().attachments.len()
    }

    /// Where a grant lies in the plane of what is attached.
    pub(crate) fn place_of(&self, grant: GrantIdx) -> u32 {
        number(self.place_of_first_grant()).saturating_add(grant.0)
    }

    /// Whether the user or group has it now.
    pub fn is_granted(&self, state: &State<S>, grant: GrantIdx) -> bool {
        state.attached.contains(self.place_of(grant))
    }

    /// Adds what calls have given the user to what it has besides.
    pub(super) fn add_granted<'a>(&'a self, state: &State<S>, caller: &'a Caller, entitlements: &mut Entitlements<'a>) {
        let access = &self.world().access;
        let user = caller.name();
        let mut groups: Vec<&str> = access.groups_of(user).collect();
        for (id, grant) in (0..).map(GrantIdx).zip(&self.world().grants) {
            if let Granted::Member(member) = &grant.granted
                && member.eq_ignore_ascii_case(user)
                && self.is_granted(state, id)
            {
                entitlements.identity.extend(access.group_policies(&grant.name));
                groups.push(&grant.name);
            }
        }
        for (id, grant) in (0..).map(GrantIdx).zip(&self.world().grants).filter(|(id, _)| self.is_granted(state, *id)) {
            let group = groups.iter().copied().find(|group| grant.is_held_by(Holder::Group, group));
            if (grant.is_held_by(Holder::User, user) || group.is_some())
                && let Some((name, document)) = self.says(id)
            {
                let policy_type = PolicyType::IdentityBased;
                entitlements.identity.push(AttachedPolicy { name, policy_type, group, document });
            }
        }
    }

    /// What a granted policy says, with its name, if that is known.
    fn says(&self, grant: GrantIdx) -> Option<(&str, &Document)> {
        match &self.world().grants[grant.index()].granted {
            Granted::InlinePolicy(name, document) => Some((name, document.as_ref()?)),
            Granted::ManagedPolicy(arn) => self.world().access.managed_policy(arn),
            Granted::Member(_) => None,
        }
    }

    /// Refuses a principal that may not call the operation on the user or group.
    ///
    /// Source: Service Authorization Reference, actions, resource types and condition keys of IAM.
    fn authorise_grant(&self, state: &State<S>, by: PrincipalIdx, operation: Operation, grant: GrantIdx) -> Answer {
        let world = self.world();
        let thing = &world.grants[grant.index()];
        let describe = |context: &mut Context| {
            context.set(key::REQUESTED_REGION, key::global_region(&world.partition));
            if let Granted::ManagedPolicy(arn) = &thing.granted {
                context.set(key::POLICY_ARN, arn.as_str());
            }
            if thing.holder == Holder::User
                && let Some(arn) = world.access.user_boundary(&thing.name)
            {
                context.set(key::PERMISSIONS_BOUNDARY, arn);
            }
        };
        self.permit(state, by, operation.iam_action(), &world.holder_arn(grant), describe)
            .map_err(|denial| Rejection::GrantDenied(by, operation, grant, denial))
    }

    fn find_holder(&self, grant: GrantIdx) -> Answer {
        match self.world().missing_holder(grant) {
            Some(_) => Err(Rejection::HolderNotFound(grant)),
            None => Ok(()),
        }
    }

    /// The grants that are the same thing, with this document or another.
    fn alternatives_of_grant(&self, grant: GrantIdx) -> S {
        let thing = &self.world().grants[grant.index()];
        let all = (0..).map(GrantIdx).zip(&self.world().grants);
        S::of(all.filter(|(_, other)| other.is_called_as(thing)).map(|(id, _)| self.place_of(id)))
    }

    pub(super) fn give(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        grant: GrantIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let thing = &self.world().grants[grant.index()];
        self.authorise_grant(state, by, thing.granting(), grant)?;
        self.find_holder(grant)?;
        if thing.is_service_policy() {
            return Err(Rejection::NotGrantable(grant));
        }
        if thing.malformed.is_some() {
            return Err(Rejection::MalformedGrant(grant));
        }
        state.attached = state.attached.minus(&self.alternatives_of_grant(grant));
        state.attached.insert(self.place_of(grant));
        tell(Event::Granted { grant });
        Ok(())
    }

    pub(super) fn take(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        grant: GrantIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Answer {
        let thing = &self.world().grants[grant.index()];
        self.authorise_grant(state, by, thing.revoking(), grant)?;
        self.find_holder(grant)?;
        let meant = self.alternatives_of_grant(grant);
        // Assumed: to take a user out of a group to which it does not belong is no error. A policy has to be there.
        // Source: IAM API Reference, `DeleteUserPolicy` and its like, errors, `NoSuchEntity`.
        let forgiving = matches!(thing.granted, Granted::Member(_));
        if !state.attached.meets(&meant) && !forgiving {
            return Err(Rejection::GrantNotFound(grant));
        }
        state.attached = state.attached.minus(&meant);
        tell(Event::Revoked { grant });
        Ok(())
    }
}
