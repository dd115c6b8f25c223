//! Renderings of a result: HTML, JSON, CSV, Markdown, SVG and PNG.
