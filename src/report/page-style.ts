/**
 * The page's own style. The palette is Okabe and Ito's, which readers with any color vision can tell apart
 * (jfly.uni-koeln.de/color), lightened for the dark theme.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #fff; --text: #1c2733; --soft: #5a6876; --grid: #e3e7ec; --line: #d5dbe2;
  --good: #00704f; --bad: #b3261e; --bad-page: #fdecea; --good-page: #e6f4ef;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b3528f; --c4: #b87f00; --c5: #3a97d3; --c6: #7a6a00; --c7: #444f9e;
  --slo: #c00030; --muted: #8593a1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12171d; --card: #1a2129; --text: #e4e9ee; --soft: #9fadba; --grid: #2b343e; --line: #36414d;
    --good: #5fd0aa; --bad: #ff9d94; --bad-page: #3b1c1a; --good-page: #16332a;
    --c0: #56b4e9; --c1: #ff9a4d; --c2: #3fcf9f; --c3: #e59ac6; --c4: #f0b93a; --c5: #9cd3f5; --c6: #d9cc4a; --c7: #a3acf0;
    --slo: #ff6b81; --muted: #7c8a97;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1560px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 2px; overflow-wrap: anywhere; }
p { margin: 0; } .hint { color: var(--soft); font-size: .86rem; margin: 0 0 8px; max-width: 80ch; }
.banner { border-radius: 8px; padding: 10px 14px; margin: 12px 0; border: 1px solid; }
.banner.bad { background: var(--bad-page); color: var(--bad); border-color: var(--bad); font-weight: 600; }
.banner.bad strong { font-size: 1.15rem; letter-spacing: .03em; }
.banner.good { background: var(--good-page); color: var(--good); border-color: transparent; padding: 6px 14px; font-size: .9rem; }
.banner ul { margin: 4px 0 0; padding-left: 20px; font-weight: 400; }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin: 12px 0; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; min-width: 0; }
.tile b { display: block; font-size: 1.35rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .82rem; } .tile.bad b { color: var(--bad); } .tile.good b { color: var(--good); }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 2px 18px; margin: 8px 0 0; font-size: .86rem; }
dl.facts div { display: flex; gap: 6px; min-width: 0; } dl.facts dt { color: var(--soft); flex: none; }
dl.facts dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.charts { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(560px, 100%), 1fr)); margin-top: 14px; }
.scroll { overflow-x: auto; margin-top: 6px; } .scroll.tall { max-height: 320px; overflow-y: auto; }
table.numbers { border-collapse: collapse; font-size: .84rem; font-variant-numeric: tabular-nums; width: 100%; }
.numbers th, .numbers td { padding: 3px 8px; text-align: right; border-bottom: 1px solid var(--grid); white-space: nowrap; }
.numbers th:first-child, .numbers td:first-child { text-align: left; max-width: 220px; overflow: hidden; text-overflow: ellipsis; }
.numbers thead th { color: var(--soft); font-weight: 500; position: sticky; top: 0; background: var(--card); }
.numbers tr.group td { color: var(--soft); padding-top: 8px; font-size: .8rem; }
details { margin-top: 6px; } summary { cursor: pointer; color: var(--soft); font-size: .84rem; }
.u-legend { color: var(--text); font-size: 12px; text-align: left; width: 100%; }
.u-legend th { font-weight: 500; } .u-legend th > *, .u-inline .u-label { display: inline; overflow-wrap: anywhere; white-space: normal; }
.u-legend .u-marker { display: inline-block; } .u-inline tr, .u-inline th { max-width: 100%; text-align: left; }
.u-legend .u-value { font-variant-numeric: tabular-nums; color: var(--soft); }
.uplot { width: 100%; } .u-select { background: color-mix(in srgb, var(--c0) 15%, transparent); }
.empty { color: var(--soft); padding: 40px 0; text-align: center; }
@media (max-width: 520px) { main { padding: 10px; } .tile b { font-size: 1.15rem; } .tile, .card { padding: 10px; } .tiles { grid-template-columns: 1fr 1fr; } }
`;
