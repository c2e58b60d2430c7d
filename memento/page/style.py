"""The looks of the report: light and dark, wide and narrow, without anything from elsewhere."""

from __future__ import annotations

CSS = """
:root {
  --page: #fbfaf8; --card: #ffffff; --ink: #1d2126; --soft: #5c6470; --rule: #dcdad4;
  --own: #1f6f5c; --other: #8a6a3b; --third: #6f4f8f; --good: #1f6f5c; --bad: #a83a2c; --wash: #f1efe9;
  --font: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181b; --card: #1c2024; --ink: #e7e5df; --soft: #a2a9b2; --rule: #353b42;
    --own: #5cc3a6; --other: #d2a765; --third: #b797dc; --good: #5cc3a6; --bad: #ef8b7c; --wash: #23282d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 var(--font); }
main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
header p { max-width: 46rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .6rem; letter-spacing: -.01em; }
h2 { font-size: 1.2rem; margin: 2.8rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
.soft, figcaption, caption { color: var(--soft); font-size: .9rem; }
code, pre { font-family: var(--mono); font-size: .85em; }
code { overflow-wrap: anywhere; }
pre { background: var(--wash); border-radius: 6px; padding: .7rem .9rem; margin: .5rem 0; overflow-x: auto;
  white-space: pre; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 1rem 1.1rem;
  margin: .8rem 0; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; }
.row > * { flex: 1 1 14rem; min-width: 0; margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .8rem; }
.tiles > * { margin: 0; min-width: 0; overflow-wrap: anywhere; }
.row > figure { flex: 2 1 20rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.4rem, 1fr)); gap: .6rem;
  margin: 1.2rem 0 .4rem; padding: 0; }
.facts div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: .6rem .8rem; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.3rem; white-space: nowrap; font-variant-numeric: tabular-nums; }
.facts small { display: block; white-space: normal; font-size: .8rem; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; white-space: nowrap; }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 0; }
figure { margin: .8rem 0; }
figure.chart { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: .8rem; }
svg.figure { display: block; width: 100%; height: auto; max-width: 46rem; margin: 0 auto; }
.scroll { overflow-x: auto; }
svg.graph { display: block; font-family: var(--font); font-size: 13px; }
.edge { fill: none; stroke-width: 2.2; }
.edge.far { stroke-dasharray: 2 6; }
.node { stroke: var(--card); stroke-width: 2; }
.edge.lane0 { stroke: var(--soft); } .node.lane0 { fill: var(--soft); }
.edge.lane1 { stroke: var(--own); } .node.lane1 { fill: var(--own); }
.edge.lane2 { stroke: var(--other); } .node.lane2 { fill: var(--other); }
.edge.lane3 { stroke: var(--third); } .node.lane3 { fill: var(--third); }
.graph text { fill: var(--ink); }
.graph .note { fill: var(--soft); font-size: 12px; }
.graph .name { font-weight: 600; }
.meter { vertical-align: middle; }
.meter .rail { stroke: var(--rule); stroke-width: 4; stroke-linecap: round; }
.meter .span { stroke: var(--own); stroke-width: 4; opacity: .45; }
.meter .dot { fill: var(--own); }
.meter .goal { stroke: var(--ink); stroke-width: 1.6; }
.meter .chance { stroke: var(--bad); stroke-width: 1.6; }
td code { overflow-wrap: normal; white-space: nowrap; }
table.roomy { min-width: 52rem; }
table.roomy td:nth-child(2) { min-width: 12rem; }
.pass { color: var(--good); font-weight: 600; white-space: nowrap; }
.fail { color: var(--bad); font-weight: 600; white-space: nowrap; }
ul.changes { list-style: none; margin: .4rem 0 0; padding: 0; }
ul.changes > li { padding: .55rem 0; border-top: 1px solid var(--rule); }
ul.changes > li:first-child { border-top: 0; }
.kind { display: inline-block; min-width: 4.6rem; font-size: .85rem; font-weight: 600; }
.kind.added, ins { color: var(--good); }
.kind.removed, del { color: var(--bad); }
.kind.changed { color: var(--other); }
ins, del { text-decoration: none; } .field { margin: .2rem 0 0 .2rem; font-size: .93rem; overflow-wrap: anywhere; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .6rem; margin: .8rem 0; }
.side { border: 1px solid var(--rule); border-radius: 6px; padding: .5rem .7rem; overflow-wrap: anywhere; }
.side b { display: block; font-size: .85rem; color: var(--soft); font-weight: 600; }
.side.chosen { border: 2px solid var(--good); }
footer { margin-top: 3rem; color: var(--soft); font-size: .9rem; }
@media print { body { background: none; } .card, figure, table { break-inside: avoid; } }
"""
