//! Pictures for browsers.

use layout::backends::svg::SVGWriter;
use layout::gv::{DotParser, GraphBuilder};

use slr_core::draw::Drawing;

use crate::exit::Failure;

/// A drawing for browsers.
///
/// # Errors
/// [`Failure::InputOutput`] if it cannot be laid out.
pub(crate) fn svg(drawing: &Drawing) -> Result<String, Failure> {
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
