//! `slr draw`.

use std::io::Write;
use std::path::Path;

use clap::{Args, ValueEnum};
use layout::backends::svg::SVGWriter;
use layout::gv::{DotParser, GraphBuilder};

use slr_core::World;
use slr_core::draw::{Drawing, machines};
use slr_core::id::{RoleIdx, ServiceIdx};
use slr_core::world::RoleSort;
use slr_scenario::Params;

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::scenario::{self, Ready};

/// Draw a machine of the model, a kind of resource, or the parts of a scenario.
///
/// Machines: role, session, deletion-task, operator. The pictures are made of the rules that are played.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  slr draw deletion-task                              a machine, for Graphviz
  slr draw scenario.yaml#gadget --format mermaid      a kind of resource that the scenario declares
  slr draw scenario.yaml --format svg > parts.svg     what the scenario consists of
")]
pub(crate) struct Draw {
    /// A machine's name, a scenario file, or FILE#KIND.
    #[arg(value_name = "MACHINE|FILE|FILE#KIND")]
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
            None => match self.drawn_from_scenario(console)? {
                Ok(drawing) => drawing,
                Err(exit) => return Ok(exit),
            },
        };
        let text = match self.format {
            Format::Dot => drawing.dot(),
            Format::Mermaid => drawing.mermaid(),
            Format::Svg => svg(&drawing)?,
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
                "`{file}` is neither a machine ({}) nor a scenario file",
                known.join(", ")
            )));
        }
        let ready = match scenario::load(Path::new(file), &Params::none()) {
            Ok(ready) => ready,
            Err(refused) => {
                console.note(&refused.text(console.err_look()))?;
                return Ok(Err(refused.exit()));
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

fn svg(drawing: &Drawing) -> Result<String, Failure> {
    let dot = drawing.dot();
    let graph = DotParser::new(&dot)
        .process()
        .map_err(|error| Failure::InputOutput(format!("the picture cannot be laid out: {error}")))?;
    let mut builder = GraphBuilder::new();
    builder.visit_graph(&graph);
    let mut layout = builder.get();
    let mut writer = SVGWriter::new();
    layout.do_it(false, false, false, &mut writer);
    Ok(with_sorted_styles(&writer.finalize()) + "\n")
}

/// The layout lists its styles in the order of a hash map, and the same picture is to be the same text.
fn with_sorted_styles(svg: &str) -> String {
    let (open, close) = ("<style>\n", "</style>");
    let Some((head, (styles, tail))) =
        svg.split_once(open).and_then(|(head, rest)| Some((head, rest.split_once(close)?)))
    else {
        return svg.to_owned();
    };
    let mut styles: Vec<_> = styles.lines().collect();
    styles.sort_unstable();
    format!("{head}{open}{}\n{close}{tail}", styles.join("\n"))
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

    /// Resources that are alike, of one kind, role and kind of parent, are one part.
    fn resources(&mut self) {
        let mut groups: Vec<(usize, RoleIdx, Option<usize>, u32)> = Vec::new();
        for resource in &self.world.resources {
            let parent = resource.parent.map(|parent| self.world.resources[parent.index()].kind.index());
            let (kind, role) = (resource.kind.index(), resource.role);
            match groups.iter_mut().find(|(k, r, p, _)| (*k, *r, *p) == (kind, role, parent)) {
                Some((.., count)) => *count += 1,
                None => groups.push((kind, role, parent, 1)),
            }
        }
        let drawn: Vec<_> = (groups.iter())
            .map(|(kind, role, _, count)| {
                let part = self.add(format!("{count} {}", self.world.kinds[*kind].name));
                self.point(part, self.role(*role), "uses");
                part
            })
            .collect();
        for ((_, role, parent, _), part) in groups.iter().zip(&drawn) {
            let of_parent =
                groups.iter().zip(&drawn).find(|((kind, owner, ..), _)| Some(*kind) == *parent && owner == role);
            if let Some((_, above)) = of_parent {
                self.point(*part, *above, "belongs to");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_graph_can_be_laid_out_and_always_in_the_same_way() {
        let mut chance = 7_u64;
        let mut below = |bound: u32| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((chance >> 33) % u64::from(bound)).expect("it is below the bound")
        };
        for _ in 0..200 {
            let parts = 1 + below(12);
            let labels = (0..parts).map(|part| format!("{part} \"<&>\\\" é {part}")).collect();
            let arrows: Vec<_> =
                (0..below(20)).map(|_| (below(parts), below(parts), "it's -> [a] {b} | c".to_owned())).collect();
            let drawing = Drawing::of_parts("a \"title\" \\", labels, &arrows);
            let picture = svg(&drawing).expect("it can be laid out");
            assert!(picture == svg(&drawing).expect("it can be laid out again"), "{}", drawing.dot());
            assert!(picture.ends_with("</svg>\n"));
        }
    }
}
