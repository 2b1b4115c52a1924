import { Markup } from './markup.ts';

/** The style of the report: light and dark, wide and narrow, and on paper. */
export const style = new Markup(`
:root { color-scheme: light dark; --page: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --soft: #59636e; --line: #d5dae0;
  --first: #2563a8; --second: #b8520f; --bar: #6f9bc8; --hist: #cfd9e4; --warn: #fff4d6; --warn-ink: #6b4a00; }
@media (prefers-color-scheme: dark) { :root { --page: #14171a; --panel: #1d2125; --ink: #e6e9ec; --soft: #9aa4ae; --line: #363d44;
  --first: #7db4ee; --second: #f0a05f; --bar: #4a78a8; --hist: #333f4b; --warn: #3a2f10; --warn-ink: #f0d58a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 20px 16px 60px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 4px; } h2 { font-size: 1.15rem; margin: 36px 0 6px; }
h3 { font-size: 1rem; margin: 0 0 4px; } p { margin: 4px 0 12px; } .soft, small { color: var(--soft); } small { font-size: .85em; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(176px, 1fr)); gap: 10px; margin: 18px 0; }
.tile, .card { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tile b { display: block; font-size: 1.35rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile .what { color: var(--soft); font-size: .85rem; } .tile .more { font-size: .85rem; }
.warning { background: var(--warn); color: var(--warn-ink); border-radius: 8px; padding: 8px 14px; margin: 8px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 310px), 1fr)); gap: 12px; }
.card dl { display: grid; grid-template-columns: auto 1fr; gap: 0 12px; margin: 6px 0 0; font-size: .88rem; }
dt { color: var(--soft); } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 11px system-ui, "DejaVu Sans", sans-serif; }
.axis { stroke: var(--line); } .hist { fill: var(--hist); } .exact, .stand-in { fill: none; stroke-width: 2; }
.exact { stroke: var(--first); } .stand-in { stroke: var(--second); stroke-dasharray: 6 3; }
.legend span { display: inline-block; margin-right: 16px; } .legend svg { display: inline-block; width: 26px; height: 10px; margin-right: 6px; }
.rows { display: grid; grid-template-columns: minmax(90px, 12rem) 1fr minmax(84px, auto); gap: 3px 12px; align-items: center; font-size: .9rem; }
.rows .track { position: relative; height: 16px; background: var(--panel); border-radius: 3px; }
.rows .track i { position: absolute; top: 0; bottom: 0; background: var(--bar); border-radius: 3px; min-width: 3px; }
.rows .value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .rows .head { color: var(--soft); font-size: .8rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th { vertical-align: bottom; } th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
th { color: var(--soft); font-weight: 600; } .num { text-align: right; font-variant-numeric: tabular-nums; } td.num { white-space: nowrap; }
.long, code { overflow-wrap: anywhere; } .degrees { display: inline-block; min-width: 11rem; } sup { font-size: .75em; line-height: 0; } .chosen { color: var(--first); font-weight: 600; }
@media (max-width: 520px) { body { padding: 14px 12px 40px; } .rows { grid-template-columns: minmax(70px, 7.5rem) 1fr auto; gap: 4px 8px; font-size: .82rem; }
  .tiles { grid-template-columns: 1fr 1fr; } .tile b { font-size: 1.2rem; } }
@media print { body { max-width: none; } .card, .tile { break-inside: avoid; } }
`);
