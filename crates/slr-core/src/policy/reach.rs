//! The privilege graph: what an identity can have done through roles that it does not hold.
//!
//! Whoever may call a service that works with a role has that role's rights at second hand, and such a role may
//! let it have more: pass a role, or bring a further service-linked role into being. Reachability is therefore a
//! fixpoint, computed over the same decisions as everything else.
//! Source: IAM User Guide "Using service-linked roles", Indirect permissions with service-linked roles.
//!
//! The answer is "may": whether some resource exists on which an action is allowed is judged by the resources
//! that the policies themselves name, and a request may go to any Region of the account. Of the other keys that only
//! a real request has those count that are given; a condition on any other counts as it does in a request without
//! that key.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use petgraph::Direction;
use petgraph::graph::{DiGraph, EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;
use serde::Serialize;

use super::account::{Account, AccountError, Entity};
use super::caller::Caller;
use super::context::Context;
use super::document::{Document, Effect, PrincipalPattern, Statement};
use super::evaluate::{Decision, Entitlements, Grant, Request};
use super::key;
use super::pattern::ActionParts;
use super::requests::{CreateServiceLinkedRole, PassRole};

/// A call that makes a service work with a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceUse<'a> {
    /// The action that the caller needs.
    pub action: &'a str,
    /// The service that then uses the role.
    pub service: &'a str,
    /// Which role.
    pub role: UsedRole<'a>,
}

/// The role that a service works with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedRole<'a> {
    /// The service's own service-linked role.
    Linked {
        /// Its final name.
        role_name: &'a str,
        /// The service makes the role if it is missing, with the caller's right to do so.
        created: bool,
    },
    /// Whichever role the caller passes.
    Passed,
}

/// A service-linked role that exists or could be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkedRole<'a> {
    /// Its service.
    pub service: &'a str,
    /// Its final name.
    pub name: &'a str,
    /// Whom it trusts.
    pub trust: &'a Document,
    /// What it permits; `None` if that is not known, and then nothing is reached through it.
    pub permissions: Option<&'a Document>,
}

/// What there is to reach.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Identities and the roles that exist.
    pub account: &'a Account,
    /// Service-linked roles that could be made; those that the account has already are left as they are there.
    pub linked_roles: &'a [LinkedRole<'a>],
    /// What services do with roles.
    pub uses: &'a [ServiceUse<'a>],
    /// The Regions that requests may go to, each a value of `aws:RequestedRegion`; without any the key is missing.
    pub regions: &'a [&'a str],
    /// Condition keys of every request, each with its values. They take the place of what is known otherwise.
    pub given: &'a [(String, Vec<String>)],
}

/// A node of the privilege graph. Its label is its [`fmt::Display`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReachNode {
    /// A user: the rights of the user are exercised.
    User(String),
    /// A role: its rights are exercised.
    Role(String),
    /// A role that has been brought into being; that alone exercises none of its rights.
    MadeRole(String),
    /// An action, or a pattern of actions as a policy writes it, that is performed.
    Action(String),
}

impl ReachNode {
    /// What the node is, for renderings: `user`, `role`, `made role` or `action`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Role(_) => "role",
            Self::MadeRole(_) => "made role",
            Self::Action(_) => "action",
        }
    }

    /// The name of the user, role or action.
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Role(name) | Self::MadeRole(name) | Self::Action(name) => name,
        }
    }
}

impl fmt::Display for ReachNode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) | Self::Role(name) | Self::Action(name) => out.write_str(name),
            Self::MadeRole(name) => write!(out, "{name} exists"),
        }
    }
}

/// How one node leads to the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReachKind {
    /// A call makes the service act with its service-linked role.
    Uses {
        /// The call.
        action: String,
        /// The service.
        service: String,
    },
    /// A call hands the role to a service that acts with it.
    Passes {
        /// The call.
        action: String,
        /// The service.
        service: String,
    },
    /// `sts:AssumeRole`
    Assumes,
    /// `iam:CreateServiceLinkedRole`
    Creates,
    /// The policies allow the action.
    Holds,
}

/// An edge of the privilege graph. Its label is its [`fmt::Display`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReachEdge {
    /// How.
    pub kind: ReachKind,
    /// Why: the decisions that make it possible, in words.
    pub because: Vec<String>,
}

impl fmt::Display for ReachEdge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ReachKind::Uses { action, service } => write!(out, "{action}: {service} uses its role"),
            ReachKind::Passes { action, service } => write!(out, "{action}: passed to {service}"),
            ReachKind::Assumes => write!(out, "sts:AssumeRole"),
            ReachKind::Creates => write!(out, "iam:CreateServiceLinkedRole"),
            ReachKind::Holds => write!(out, "allowed"),
        }
    }
}

/// A way from the start to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachPath {
    /// The edges in order; never empty.
    pub edges: Vec<EdgeIndex>,
}

/// All that one identity reaches.
#[derive(Debug, Clone)]
pub struct PrivilegeGraph {
    graph: DiGraph<ReachNode, ReachEdge>,
    start: NodeIndex,
}

impl PrivilegeGraph {
    /// Follows every edge from a user or role until nothing new is found.
    ///
    /// `targets` are actions to look for besides the ones that policies spell out: a pattern such as `ec2:*`, and
    /// more so a `NotAction`, grants actions that no policy names.
    ///
    /// # Errors
    /// [`AccountError::NoSuchEntity`]. A group is no caller: ask for one of its users.
    pub fn explore(world: &World<'_>, from: Entity<'_>, targets: &[&str]) -> Result<Self, AccountError> {
        let imagined = imagine(world)?;
        let (start, caller) = match from {
            Entity::User(name) => {
                let caller = imagined.user_caller(name)?;
                (ReachNode::User(caller.name().to_owned()), caller)
            }
            // The role may be one that the account does not have yet: then it is not there to start from.
            Entity::Role(name) => {
                world.account.session_caller(name, SESSION)?;
                let caller = imagined.session_caller(name, SESSION)?;
                (ReachNode::Role(caller.name().to_owned()), caller)
            }
            Entity::Group(name) => {
                return Err(AccountError::NoSuchEntity { kind: "user or role", name: name.to_owned() });
            }
        };
        let mut explorer = Explorer::new(world, &imagined, targets);
        let start = explorer.holder(start, caller);
        explorer.run()?;
        Ok(Self { graph: explorer.graph, start })
    }

    /// The graph, with labels on nodes and edges.
    pub fn graph(&self) -> &DiGraph<ReachNode, ReachEdge> {
        &self.graph
    }

    /// Where it starts.
    pub fn start(&self) -> NodeIndex {
        self.start
    }

    /// A shortest way to every node that is reached, short ones first, then by kind and name.
    pub fn paths(&self) -> Vec<ReachPath> {
        let arrived = self.arrivals();
        let mut paths: Vec<(usize, &ReachNode, ReachPath)> = self
            .graph
            .node_indices()
            .filter(|&node| node != self.start)
            .filter_map(|node| {
                let path = self.path_to(&arrived, node)?;
                Some((path.edges.len(), &self.graph[node], path))
            })
            .collect();
        paths.sort_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
        paths.into_iter().map(|(.., path)| path).collect()
    }

    /// The ways to perform an action: a shortest one through each identity that holds it, short ones first.
    /// The action has to be one of the targets, or spelled out by a policy. Case does not matter.
    pub fn paths_to(&self, action: &str) -> Vec<ReachPath> {
        let arrived = self.arrivals();
        let wanted = |node: &NodeIndex| match &self.graph[*node] {
            ReachNode::Action(name) => name.eq_ignore_ascii_case(action),
            ReachNode::User(_) | ReachNode::Role(_) | ReachNode::MadeRole(_) => false,
        };
        let mut paths: Vec<(usize, &ReachNode, ReachPath)> = Vec::new();
        for node in self.graph.node_indices().filter(wanted) {
            for edge in self.graph.edges_directed(node, Direction::Incoming) {
                let holder = edge.source();
                let mut path = self.path_to(&arrived, holder).unwrap_or(ReachPath { edges: Vec::new() });
                path.edges.push(edge.id());
                paths.push((path.edges.len(), &self.graph[holder], path));
            }
        }
        paths.sort_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
        paths.into_iter().map(|(.., path)| path).collect()
    }

    /// The path in words: a line for each step, each reason on a line of its own below.
    pub fn describe(&self, path: &ReachPath) -> String {
        let mut lines = vec![self.graph[self.start].to_string()];
        for &edge in &path.edges {
            let Some((_, to)) = self.graph.edge_endpoints(edge) else {
                continue;
            };
            let step = &self.graph[edge];
            lines.push(format!("  -> {}  [{step}]", self.graph[to]));
            lines.extend(step.because.iter().map(|reason| format!("       {reason}")));
        }
        lines.join("\n") + "\n"
    }

    /// The edge by which a breadth-first walk first arrives at each node; edges in the order they were found.
    fn arrivals(&self) -> BTreeMap<NodeIndex, EdgeIndex> {
        let mut arrived = BTreeMap::new();
        let mut queue = VecDeque::from([self.start]);
        while let Some(node) = queue.pop_front() {
            // petgraph lists the edges of a node latest first.
            let mut edges: Vec<_> = self.graph.edges(node).map(|edge| (edge.id(), edge.target())).collect();
            edges.reverse();
            for (edge, target) in edges {
                if target != self.start && !arrived.contains_key(&target) {
                    arrived.insert(target, edge);
                    queue.push_back(target);
                }
            }
        }
        arrived
    }

    /// Nothing for the start itself.
    fn path_to(&self, arrived: &BTreeMap<NodeIndex, EdgeIndex>, node: NodeIndex) -> Option<ReachPath> {
        let mut edges = vec![*arrived.get(&node)?];
        while let Some((from, _)) = edges.last().and_then(|&edge| self.graph.edge_endpoints(edge))
            && let Some(&edge) = arrived.get(&from)
        {
            edges.push(edge);
        }
        edges.reverse();
        Some(ReachPath { edges })
    }
}

/// Sessions of the imagined account need a name; nothing depends on it.
const SESSION: &str = "reach";

/// The account as if every role that could be made existed already. Which of them really do is kept apart.
fn imagine(world: &World<'_>) -> Result<Account, AccountError> {
    let mut imagined = world.account.clone();
    for role in world.linked_roles {
        if imagined.role_arn(role.name).is_none() {
            imagined.add_service_linked_role(role.service, role.name, role.trust.clone())?;
            if let Some(permissions) = role.permissions {
                imagined.put_inline_policy(Entity::Role(role.name), role.name, permissions.clone())?;
            }
        }
    }
    Ok(imagined)
}

/// Every use asks who trusts its service, and trust policies do not change on the way.
fn trust_index<'w>(world: &'w World<'w>, imagined: &'w Account) -> BTreeMap<&'w str, Vec<&'w str>> {
    let mut index = BTreeMap::new();
    for service_use in world.uses {
        index.entry(service_use.service).or_insert_with(|| {
            let trusting = |role: &&str| imagined.trusts_service(role, service_use.service);
            imagined.roles().filter(trusting).collect()
        });
    }
    index
}

/// Roles that exist and whose trust policy names anybody but services. A role that is still to be made is its
/// service's alone.
fn assumable(account: &Account) -> Vec<&str> {
    let opens = |role: &&str| {
        account.trust_policy(role).is_some_and(|trust| {
            trust.policy.document.statements().iter().filter_map(Statement::principals).any(|named| {
                named.negated || !named.listed.iter().all(|one| matches!(one, PrincipalPattern::Service(_)))
            })
        })
    };
    account.roles().filter(opens).collect()
}

struct Holder {
    node: NodeIndex,
    caller: Caller,
}

struct Explorer<'w> {
    world: &'w World<'w>,
    imagined: &'w Account,
    targets: &'w [&'w str],
    graph: DiGraph<ReachNode, ReachEdge>,
    nodes: BTreeMap<ReachNode, NodeIndex>,
    edges: BTreeSet<(NodeIndex, NodeIndex, ReachKind)>,
    holders: Vec<Holder>,
    held: BTreeSet<NodeIndex>,
    /// For each service of the uses, the roles that let it assume them.
    trusting: BTreeMap<&'w str, Vec<&'w str>>,
    /// Roles that others than services may be let into.
    assumable: Vec<&'w str>,
    /// Roles brought into being on the way.
    made: BTreeSet<String>,
}

impl<'w> Explorer<'w> {
    fn new(world: &'w World<'w>, imagined: &'w Account, targets: &'w [&'w str]) -> Self {
        Self {
            world,
            imagined,
            targets,
            graph: DiGraph::new(),
            nodes: BTreeMap::new(),
            edges: BTreeSet::new(),
            holders: Vec::new(),
            held: BTreeSet::new(),
            trusting: trust_index(world, imagined),
            assumable: assumable(world.account),
            made: BTreeSet::new(),
        }
    }

    fn node(&mut self, node: ReachNode) -> NodeIndex {
        if let Some(&known) = self.nodes.get(&node) {
            return known;
        }
        let index = self.graph.add_node(node.clone());
        self.nodes.insert(node, index);
        index
    }

    fn holder(&mut self, node: ReachNode, caller: Caller) -> NodeIndex {
        let node = self.node(node);
        if self.held.insert(node) {
            self.holders.push(Holder { node, caller });
        }
        node
    }

    fn trusting(&self, service: &str) -> Vec<&'w str> {
        self.trusting.get(service).cloned().unwrap_or_default()
    }

    fn edge(&mut self, from: NodeIndex, to: NodeIndex, kind: ReachKind, because: Vec<String>) {
        if from != to && self.edges.insert((from, to, kind.clone())) {
            self.graph.add_edge(from, to, ReachEdge { kind, because });
        }
    }

    /// What a holder opens depends on itself and on the roles made so far, and both only grow: once a round over
    /// all holders, new ones included, makes no further role, the fixpoint is reached.
    fn run(&mut self) -> Result<(), AccountError> {
        loop {
            let made = self.made.len();
            let mut at = 0;
            while let Some(holder) = self.holders.get(at) {
                let (node, caller) = (holder.node, holder.caller.clone());
                self.extend(node, &caller)?;
                at += 1;
            }
            if made == self.made.len() {
                return Ok(());
            }
        }
    }

    fn extend(&mut self, node: NodeIndex, caller: &Caller) -> Result<(), AccountError> {
        let imagined = self.imagined;
        let entitlements = imagined.entitlements(caller)?;
        let contexts = self.contexts(&caller.context());
        let rights = Rights { caller, entitlements: &entitlements, contexts };
        self.hold(node, &rights);
        self.create(node, &rights);
        for service_use in self.world.uses {
            let Some(granted) = rights.may(service_use.action) else {
                continue;
            };
            match service_use.role {
                UsedRole::Linked { role_name, created } => {
                    self.use_linked(node, &rights, service_use, role_name, created, granted)?;
                }
                UsedRole::Passed => self.pass(node, &rights, service_use, &granted)?,
            }
        }
        self.assume(node, &rights)
    }

    fn with_given(&self, mut context: Context) -> Context {
        for (key, values) in self.world.given {
            context.set_all(key, values.clone());
        }
        context
    }

    /// What a request may say: one context for each Region.
    fn contexts(&self, context: &Context) -> Vec<Context> {
        if self.world.regions.is_empty() {
            return vec![self.with_given(context.clone())];
        }
        let in_region = |region: &&str| self.with_given(context.clone().with(key::REQUESTED_REGION, *region));
        self.world.regions.iter().map(in_region).collect()
    }

    /// Actions that the policies name, and targets that they cover.
    fn hold(&mut self, node: NodeIndex, rights: &Rights<'_>) {
        let mut actions: Vec<String> = self.targets.iter().map(|&target| target.to_owned()).collect();
        for policy in &rights.entitlements.identity {
            for statement in policy.document.statements() {
                let actions_here = statement.actions();
                if statement.effect() == Effect::Allow && !actions_here.negated {
                    actions.extend(actions_here.listed.iter().map(|pattern| pattern.text().to_owned()));
                }
            }
        }
        for action in actions {
            if let Some(reason) = rights.may(&action) {
                let to = self.node(ReachNode::Action(action));
                self.edge(node, to, ReachKind::Holds, vec![reason]);
            }
        }
    }

    /// Service-linked roles that the identity may bring into being.
    fn create(&mut self, node: NodeIndex, rights: &Rights<'_>) {
        for role in self.world.linked_roles {
            if self.world.account.role_arn(role.name).is_some() {
                continue;
            }
            if let Some(reason) = self.may_create(rights, role.service, role.name) {
                let to = self.node(ReachNode::MadeRole(role.name.to_owned()));
                self.made.insert(role.name.to_owned());
                self.edge(node, to, ReachKind::Creates, vec![reason]);
            }
        }
    }

    fn may_create(&self, rights: &Rights<'_>, service: &str, role_name: &str) -> Option<String> {
        let request = CreateServiceLinkedRole {
            partition: self.imagined.partition(),
            account: self.imagined.id(),
            service_principal: service,
            role_name,
        };
        let context = self.with_given(request.context(rights.caller));
        rights.allows(CreateServiceLinkedRole::ACTION, &request.resource(), &context)
    }

    fn use_linked(
        &mut self,
        node: NodeIndex,
        rights: &Rights<'_>,
        service_use: &ServiceUse<'_>,
        role_name: &str,
        created: bool,
        granted: String,
    ) -> Result<(), AccountError> {
        let Some(role) = self.imagined.roles().find(|name| name.eq_ignore_ascii_case(role_name)) else {
            return Ok(());
        };
        if !self.trusting(service_use.service).contains(&role) {
            return Ok(());
        }
        let mut because = vec![granted];
        let from = if self.world.account.role_arn(role).is_some() {
            node
        } else if let Some(reason) = created.then(|| self.may_create(rights, service_use.service, role)).flatten() {
            because.push(reason);
            node
        } else if self.made.contains(role) {
            // The step before this one is that somebody made the role; who puts it to work is in the reason.
            self.node(ReachNode::MadeRole(role.to_owned()))
        } else {
            return Ok(());
        };
        let caller = self.imagined.session_caller(role, SESSION)?;
        let to = self.holder(ReachNode::Role(role.to_owned()), caller);
        let kind = ReachKind::Uses { action: service_use.action.to_owned(), service: service_use.service.to_owned() };
        self.edge(from, to, kind, because);
        Ok(())
    }

    fn pass(
        &mut self,
        node: NodeIndex,
        rights: &Rights<'_>,
        service_use: &ServiceUse<'_>,
        granted: &str,
    ) -> Result<(), AccountError> {
        let imagined = self.imagined;
        if !rights.could(PassRole::ACTION) {
            return Ok(());
        }
        for role in self.trusting(service_use.service) {
            let Some(role_arn) = imagined.role_arn(role) else {
                continue;
            };
            let request = PassRole {
                role_arn,
                passed_to_service: service_use.service,
                associated_resource_arn: None,
                region: None,
            };
            let contexts = self.contexts(&request.context(rights.caller));
            let passed = contexts.iter().find_map(|context| rights.allows(PassRole::ACTION, role_arn, context));
            let Some(reason) = passed else {
                continue;
            };
            let from = if self.world.account.role_arn(role).is_some() {
                node
            } else if self.made.contains(role) {
                self.node(ReachNode::MadeRole(role.to_owned()))
            } else {
                continue;
            };
            let caller = imagined.session_caller(role, SESSION)?;
            let to = self.holder(ReachNode::Role(role.to_owned()), caller);
            let kind =
                ReachKind::Passes { action: service_use.action.to_owned(), service: service_use.service.to_owned() };
            self.edge(from, to, kind, vec![granted.to_owned(), reason]);
        }
        Ok(())
    }

    fn assume(&mut self, node: NodeIndex, rights: &Rights<'_>) -> Result<(), AccountError> {
        let imagined = self.imagined;
        for &role in &self.assumable.clone() {
            let Some(trust) = imagined.trust_policy(role) else {
                continue;
            };
            let target = trust.policy.name;
            let assumed = rights.contexts.iter().find_map(|context| {
                let request = Request::new(rights.caller, "sts:AssumeRole", target, context);
                let decision = rights.entitlements.decide(&request, Some(&trust));
                reason(rights.caller, "sts:AssumeRole", target, &decision)
            });
            if let Some(reason) = assumed {
                let caller = imagined.session_caller(role, SESSION)?;
                let to = self.holder(ReachNode::Role(role.to_owned()), caller);
                self.edge(node, to, ReachKind::Assumes, vec![reason]);
            }
        }
        Ok(())
    }
}

/// "alice may perform iam:PassRole on ...: Allow by statement ...", or nothing if she may not.
fn reason(caller: &Caller, action: &str, resource: &str, decision: &Decision<'_>) -> Option<String> {
    let by = match decision {
        Decision::Allowed { by: Grant::Statement(by) } => by.to_string(),
        Decision::Allowed { by: Grant::AccountRoot } => "the account root user".to_owned(),
        Decision::ExplicitDeny { .. } | Decision::ImplicitDeny { .. } => return None,
    };
    Some(format!("{} may perform {action} on {resource}: {by}", caller.name()))
}

/// What one identity may do.
struct Rights<'h> {
    caller: &'h Caller,
    entitlements: &'h Entitlements<'h>,
    /// What a request of no particular sort may say; never empty.
    contexts: Vec<Context>,
}

impl Rights<'_> {
    fn allows(&self, action: &str, resource: &str, context: &Context) -> Option<String> {
        let decision = self.entitlements.decide(&Request::new(self.caller, action, resource, context), None);
        reason(self.caller, action, resource, &decision)
    }

    /// Whether any identity policy speaks of allowing the action at all: quick, and often the answer is no.
    fn could(&self, action: &str) -> bool {
        let parts = ActionParts::split(action);
        let statements = self.entitlements.identity.iter().flat_map(|policy| policy.document.statements());
        statements.filter(|statement| statement.effect() == Effect::Allow).any(|statement| {
            let actions = statement.actions();
            actions.listed.iter().any(|pattern| pattern.matches(parts)) != actions.negated
        })
    }

    /// Whether the action is allowed on some resource that a policy names. A pattern stands for itself: it is
    /// matched by itself and by whatever is wider.
    fn may(&self, action: &str) -> Option<String> {
        let Entitlements { identity, boundary, session, service_control } = self.entitlements;
        let policies = identity.iter().chain(boundary).chain(session).chain(service_control.iter().flatten());
        let statements = policies.flat_map(|policy| policy.document.statements());
        let parts = ActionParts::split(action);
        for statement in statements.filter(|statement| statement.effect() == Effect::Allow) {
            let actions = statement.actions();
            if actions.listed.iter().any(|pattern| pattern.matches(parts)) == actions.negated {
                continue;
            }
            let Some(resources) = statement.resources() else {
                continue;
            };
            let candidates: Vec<String> = if resources.negated {
                vec!["*".to_owned()]
            } else {
                let sample = |context: &Context| {
                    resources.listed.iter().filter_map(|pattern| pattern.sample(context)).collect::<Vec<_>>()
                };
                self.contexts.first().map(sample).unwrap_or_default()
            };
            let found = candidates
                .iter()
                .find_map(|resource| self.contexts.iter().find_map(|context| self.allows(action, resource, context)));
            if found.is_some() {
                return found;
            }
        }
        None
    }
}
