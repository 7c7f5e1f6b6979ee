//! `TagRole` and `UntagRole`: what a call says is done as a whole, or nothing of it.

use crate::event::Event;
use crate::id::{PrincipalIdx, RoleIdx, TagCallIdx, number};
use crate::rejection::Rejection;
use crate::set::IdSet;
use crate::state::State;
use crate::universe::Universe;
use crate::world::{Item, TagCall, TagChange, World};

use super::authorise::About;
use super::parameters::is_reserved_tag_key;

/// What the rules ask of a call about tags.
#[derive(Debug, Clone)]
pub(crate) struct TagFacts<S> {
    /// The tags that it writes.
    written: S,
    /// For each key that it names, the tags that are called like that, in whatever spelling and with whatever value: one is on the role at
    /// the most.
    named: Vec<S>,
    /// Whether it names a key twice.
    names_twice: bool,
    /// Whether it names a key that is AWS's own.
    names_reserved: bool,
}

impl<S: IdSet> TagFacts<S> {
    pub(crate) fn of(world: &World, TagCall { role, change }: &TagCall) -> Self {
        let keys: Vec<&str> = match change {
            TagChange::Write(tags) => tags.iter().map(|tag| world.attachments[tag.index()].item.text()).collect(),
            TagChange::Remove(keys) => keys.iter().map(String::as_str).collect(),
        };
        let called = |key: &str| {
            let things = (0_u32..).zip(&world.attachments).filter(|(_, thing)| thing.role == *role);
            let like = |item: &Item| matches!(item, Item::Tag(known) if known.eq_ignore_ascii_case(key));
            S::of(things.filter(|(_, thing)| like(&thing.item)).map(|(id, _)| id))
        };
        let before = |place: usize, key: &str| keys[..place].iter().any(|other| other.eq_ignore_ascii_case(key));
        Self {
            written: match change {
                TagChange::Write(tags) => S::of(tags.iter().map(|tag| tag.0)),
                TagChange::Remove(_) => S::default(),
            },
            named: keys.iter().map(|key| called(key)).collect(),
            names_reserved: keys.iter().any(|key| is_reserved_tag_key(key)),
            names_twice: keys.iter().enumerate().any(|(place, key)| before(place, key)),
        }
    }

    /// Refuses keys that cannot be written.
    pub(super) const fn check(&self, role: RoleIdx) -> Result<(), Rejection> {
        if self.names_reserved {
            Err(Rejection::TagKeyReserved(role))
        } else if self.names_twice {
            Err(Rejection::TagKeyRepeated(role))
        } else {
            Ok(())
        }
    }

    /// The tags that the call writes.
    pub(super) const fn written(&self) -> &S {
        &self.written
    }

    /// How many keys it names.
    pub(super) fn count(&self) -> u32 {
        number(self.named.len())
    }
}

impl<S: IdSet> Universe<S> {
    /// Writes tags on a role or takes them off it.
    ///
    /// Tags cannot be given to a service-linked role at its creation; afterwards they can. Source: IAM API Reference, `TagRole` and
    /// `UntagRole`. A call that names a key twice is refused: recorded responses; Assumed: after the caller's rights, and before the role is
    /// looked for. A call that names a key of AWS's own is refused likewise (Assumed: which error, and in which words). To take off what is not
    /// there, or the same twice, is no error (the latter is Assumed).
    pub(super) fn change_tags(
        &self,
        state: &mut State<S>,
        by: PrincipalIdx,
        call: TagCallIdx,
        tell: &mut impl FnMut(Event<S>),
    ) -> Result<(), Rejection> {
        let TagCall { role, change } = &self.world().tag_calls[call.index()];
        let facts = self.tag_facts(call);
        self.authorise_about(state, by, change.operation(), *role, About::Tags(call))?;
        let is_writing = match change {
            TagChange::Write(_) => true,
            TagChange::Remove(_) => false,
        };
        if is_writing {
            facts.check(*role)?;
        } else if facts.names_reserved {
            return Err(Rejection::TagKeyReserved(*role));
        }
        Self::find(state, *role)?;
        if is_writing && self.has_no_room_for(state, *role, facts) {
            return Err(Rejection::AttachmentQuotaReached(*role));
        }
        for named in &facts.named {
            state.attached = state.attached.minus(named);
        }
        state.attached = state.attached.or(&facts.written);
        tell(Event::TagsChanged { call });
        Ok(())
    }

    /// Whether the role would have more tags than it may have. A tag that is written again, with whatever value, is no further tag.
    ///
    /// Source: IAM User Guide, "IAM and AWS STS quotas".
    fn has_no_room_for(&self, state: &State<S>, role: RoleIdx, facts: &TagFacts<S>) -> bool {
        let new = facts.named.iter().filter(|named| !state.attached.meets(named)).count();
        let there = state.attached.and(&self.facts(role).tags).len();
        new > 0 && there.saturating_add(number(new)) > self.world().knobs.tags_per_role
    }

    /// The same call about the role that bears the name now; the call itself where this world has no such thing.
    pub(super) fn at_bearer_of_tags(&self, state: &State<S>, call: TagCallIdx) -> TagCallIdx {
        let world = self.world();
        let meant = &world.tag_calls[call.index()];
        let bearer = self.bearer(state, meant.role);
        if bearer == meant.role {
            return call;
        }
        let says_the_same = |other: TagCallIdx| {
            let TagCall { role, change } = &world.tag_calls[other.index()];
            let operation = change.operation() == meant.change.operation();
            *role == bearer && operation && world.tags_in(other) == world.tags_in(call)
        };
        (0..number(world.tag_calls.len())).map(TagCallIdx).find(|other| says_the_same(*other)).unwrap_or(call)
    }
}
