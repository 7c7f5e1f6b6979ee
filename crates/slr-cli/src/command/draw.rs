//! `slr draw`.

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};

use slr_core::World;
use slr_core::draw::{Drawing, machines};
use slr_core::id::{RoleIdx, ServiceIdx};
use slr_core::world::RoleSort;
use slr_scenario::catalog::Catalog;
use slr_scenario::syntax::Reality;
use slr_scenario::{Params, Source};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::picture;
use crate::scenario::{self, Ready};

/// Draw a machine of the model, a kind of resource, or the parts of a scenario.
///
/// Machines: role, session, deletion-task, operator. Kinds of built-in services are drawn by their names, as `slr catalog` shows them. The pictures are made of the rules that are played.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr draw deletion-task                              a machine, for Graphviz
  slr draw maintenance-window-task                    a kind of resource of a built-in service
  slr draw scenario.yaml#gadget --format mermaid      a kind of resource that the scenario declares
  slr draw scenario.yaml --format svg > parts.svg     what the scenario consists of
")]
pub(crate) struct Draw {
    /// A machine's name, a kind of a built-in service (PRINCIPAL#KIND where several have it), a scenario file, or FILE#KIND.
    #[arg(value_name = "MACHINE|KIND|FILE|FILE#KIND")]
    what: String,
    /// The language of the picture.
    #[arg(long, value_enum, default_value_t = Format::Dot)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For Graphviz.
    Dot,
    /// For Markdown pages.
    Mermaid,
    /// For browsers.
    Svg,
}

impl Draw {
    pub(super) fn execute(&self, console: &mut Console) -> Result<Exit, Failure> {
        let machine = machines().into_iter().find(|(name, _)| *name == self.what);
        let drawing = match machine {
            Some((_, drawing)) => drawing,
            None => match built_in(&self.what)? {
                Some(drawing) => drawing,
                None => match self.drawn_from_scenario(console)? {
                    Ok(drawing) => drawing,
                    Err(exit) => return Ok(exit),
                },
            },
        };
        let text = match self.format {
            Format::Dot => drawing.dot(),
            Format::Mermaid => drawing.mermaid(),
            Format::Svg => picture::svg(&drawing)?,
        };
        console.out().write_all(text.as_bytes())?;
        Ok(Exit::AsExpected)
    }

    /// A picture from a scenario; how to end if the scenario has mistakes, which are then told.
    fn drawn_from_scenario(&self, console: &mut Console) -> Result<Result<Drawing, Exit>, Failure> {
        let (file, kind) = match self.what.rsplit_once('#') {
            Some((file, kind)) if !Path::new(&self.what).exists() => (file, Some(kind)),
            Some(_) | None => (self.what.as_str(), None),
        };
        if !file.contains(['.', '/', '\\']) && file != "-" && !Path::new(file).exists() {
            let known: Vec<_> = machines().iter().map(|(name, _)| *name).collect();
            return Err(Failure::Usage(format!(
                "`{file}` is neither a machine ({}) nor a kind of a built-in service nor a scenario file",
                known.join(", ")
            )));
        }
        let ready = match scenario::load(Path::new(file), &Params::none()) {
            Ok(ready) => ready,
            Err(refused) => {
                return Ok(Err(console.refuse(&refused)?));
            }
        };
        let Some(kind) = kind else {
            return match parts(&ready) {
                Some(drawing) => Ok(Ok(drawing)),
                None => Err(Failure::Usage(format!("{file} has no role, service or operator that could be drawn"))),
            };
        };
        let kinds = &ready.lowered.world.kinds;
        if let Some(kind) = kinds.iter().find(|known| known.name == kind) {
            return Ok(Ok(Drawing::of_kind(kind)));
        }
        let known: Vec<_> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        Err(Failure::Usage(format!("{file} has no kind `{kind}`: {known}")))
    }
}

/// The picture of a kind that a built-in service has; `None` if none has one of the name, or a file is meant.
fn built_in(what: &str) -> Result<Option<Drawing>, Failure> {
    if Path::new(what).exists() {
        return Ok(None);
    }
    let (principal, kind) = what.split_once('#').map_or((None, what), |(principal, kind)| (Some(principal), kind));
    let mut drawings = Vec::new();
    for entry in Catalog::entries().iter().filter(|entry| principal.is_none_or(|wanted| wanted == entry.principal())) {
        let service = entry.service(Reality::Documented, &[]).ok();
        if service.is_some_and(|service| service.kinds.get(kind).is_some()) {
            let scenario = format!("scenario: {kind}\ngiven: [{{ role: {} }}]\n", entry.role());
            let source = Source::new(entry.principal(), scenario).ok();
            let ready = source.and_then(|source| scenario::ready(source, &Params::none()).ok());
            let kinds = ready.map(|ready| ready.lowered.world.kinds).unwrap_or_default();
            let drawn = kinds.iter().find(|known| known.name == kind).map(Drawing::of_kind);
            drawings.extend(drawn.map(|drawing| (entry.principal(), drawing)));
        }
    }
    if drawings.len() > 1 {
        let several: Vec<_> = drawings.iter().map(|(principal, _)| format!("{principal}#{kind}")).collect();
        return Err(Failure::Usage(format!("several services have a kind `{kind}`: write {}", several.join(" or "))));
    }
    Ok(drawings.pop().map(|(_, drawing)| drawing))
}

/// What a scenario consists of, and what refers to what; `None` if that is nothing.
fn parts(ready: &Ready) -> Option<Drawing> {
    let mut parts = Parts::new(&ready.lowered.world);
    parts.services();
    parts.resources();
    parts.sessions();
    parts.operators();
    let drawing = Drawing::of_parts(&ready.lowered.title, parts.labels.clone(), &parts.arrows);
    (!parts.labels.is_empty()).then_some(drawing)
}

struct Parts<'a> {
    world: &'a World,
    labels: Vec<String>,
    arrows: Vec<(u32, u32, String)>,
    /// Per role, its part.
    roles: Vec<u32>,
}

impl<'a> Parts<'a> {
    fn new(world: &'a World) -> Self {
        let mut parts = Self { world, labels: Vec::new(), arrows: Vec::new(), roles: Vec::new() };
        for role in &world.roles {
            let sort = match &role.sort {
                RoleSort::Ordinary { .. } => "role",
                RoleSort::ServiceLinked { .. } => "service-linked role",
            };
            let part = parts.add(format!("{sort} {}", role.name));
            parts.roles.push(part);
        }
        parts
    }

    fn add(&mut self, label: String) -> u32 {
        self.labels.push(label);
        u32::try_from(self.labels.len() - 1).unwrap_or(u32::MAX)
    }

    fn point(&mut self, from: u32, to: u32, label: &str) {
        self.arrows.push((from, to, label.to_owned()));
    }

    fn role(&self, role: RoleIdx) -> u32 {
        self.roles[role.index()]
    }

    fn services(&mut self) {
        for (index, service) in (0_u32..).map(ServiceIdx).zip(&self.world.services) {
            let owned: Vec<_> = (self.world.roles.iter().zip(self.roles.clone()))
                .filter(|(role, _)| matches!(&role.sort, RoleSort::ServiceLinked { service, .. } if *service == index))
                .map(|(_, part)| part)
                .collect();
            if owned.is_empty() {
                continue;
            }
            let part = self.add(format!("service {}", service.principal));
            for role in owned {
                self.point(part, role, "owns");
            }
        }
    }

    /// Resources that are alike, of one kind, role and kinds of parents, are one part.
    fn resources(&mut self) {
        let mut groups: Vec<(usize, RoleIdx, Vec<usize>, u32)> = Vec::new();
        for resource in &self.world.resources {
            let above = resource.parents.iter().map(|parent| self.world.resources[parent.index()].kind.index());
            let mut parents: Vec<usize> = above.collect();
            parents.sort_unstable();
            parents.dedup();
            let (kind, role) = (resource.kind.index(), resource.role);
            match groups.iter_mut().find(|(k, r, p, _)| (*k, *r) == (kind, role) && *p == parents) {
                Some((.., count)) => *count += 1,
                None => groups.push((kind, role, parents, 1)),
            }
        }
        let drawn: Vec<_> = (groups.iter())
            .map(|(kind, role, _, count)| {
                let part = self.add(format!("{count} {}", self.world.kinds[*kind].name));
                self.point(part, self.role(*role), "uses");
                part
            })
            .collect();
        for ((kind, role, parents, _), part) in groups.iter().zip(&drawn) {
            let made_from = &self.world.kinds[*kind].made_from;
            for parent in parents {
                let is_weak = made_from.contains(&self.world.kinds[*parent].name);
                let of_parent =
                    groups.iter().zip(&drawn).find(|((kind, owner, ..), _)| kind == parent && owner == role);
                if let Some((_, above)) = of_parent {
                    self.point(*part, *above, if is_weak { "made from" } else { "belongs to" });
                }
            }
        }
    }

    fn sessions(&mut self) {
        let mut groups: Vec<(RoleIdx, &str, u32)> = Vec::new();
        for slot in &self.world.sessions {
            match groups
                .iter_mut()
                .find(|(role, principal, _)| *role == slot.role && *principal == slot.principal.as_str())
            {
                Some((.., count)) => *count += 1,
                None => groups.push((slot.role, slot.principal.as_str(), 1)),
            }
        }
        for (role, principal, count) in groups {
            let plural = if count == 1 { "" } else { "s" };
            let part = self.add(format!("{count} session{plural} of {principal}"));
            self.point(part, self.role(role), "assume");
        }
    }

    fn operators(&mut self) {
        for operator in &self.world.operators {
            let part = self.add(format!("operator {}", operator.name));
            self.point(part, self.role(operator.goal), "wants gone");
        }
    }
}
