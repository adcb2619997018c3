/** As text, for a constructable stylesheet: a page whose policy forbids inline styles allows those. */
export const STORAGE_STYLE = `
:host {
  --craftec-accent: light-dark(#0a7361, #35c9a9);
  --craftec-on-accent: light-dark(#ffffff, #06231c);
  --craftec-surface: light-dark(#ffffff, #181d1c);
  --craftec-raised: light-dark(#f4f6f5, #202625);
  --craftec-ink: light-dark(#18201e, #e8edeb);
  --craftec-muted: light-dark(#56625e, #9aa7a3);
  --craftec-line: light-dark(#d9dfdc, #323b39);
  --craftec-field-line: light-dark(#7c8884, #75827e);
  --craftec-bad: light-dark(#a8271d, #ff8a7a);
  --craftec-warn: light-dark(#8a5a00, #e8b04b);
  --craftec-radius: 12px;
  color-scheme: light dark;
  display: block;
  container-type: inline-size;
  color: var(--craftec-ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif;
}
:host([hidden]) { display: none }
:host([theme="light"]) { color-scheme: light }
:host([theme="dark"]) { color-scheme: dark }
* { box-sizing: border-box }
[hidden] { display: none !important }
.panel {
  background: var(--craftec-surface);
  border: 1px solid var(--craftec-line);
  border-radius: var(--craftec-radius);
  padding: 20px;
  display: grid;
  gap: 16px;
}
p, ul { margin: 0; padding: 0 }
/* a column as wide as its longest name would push the row out of the panel */
.panel, ul, .row, .body, .retrieve { grid-template-columns: minmax(0, 1fr) }
ul { list-style: none; display: grid; gap: 12px }
ul:empty { display: none }
:focus-visible { outline: 2px solid var(--craftec-accent); outline-offset: 2px }
.visually-hidden {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.detail, .words { color: var(--craftec-muted); font-size: 13px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
.drop {
  border: 1.5px dashed var(--craftec-field-line);
  border-radius: calc(var(--craftec-radius) - 2px);
  padding: 28px 16px;
  display: grid;
  justify-items: center;
  gap: 12px;
  text-align: center;
  transition: background-color .15s, border-color .15s;
}
.drop .arrow { color: var(--craftec-accent) }
.drop .lead { font-size: 17px; font-weight: 600 }
.drop[data-over] { border-color: var(--craftec-accent); border-style: solid; background: var(--craftec-raised) }
button, .button, input { font: inherit; border-radius: 8px; min-height: 38px; padding: 6px 14px }
button, .button {
  border: 1px solid var(--craftec-line);
  background: var(--craftec-raised);
  color: var(--craftec-ink);
  font-weight: 550;
  cursor: pointer;
  text-decoration: none;
  white-space: nowrap;
}
button:hover, .button:hover { border-color: var(--craftec-field-line) }
.primary { background: var(--craftec-accent); border-color: transparent; color: var(--craftec-on-accent) }
button:disabled { opacity: .55; cursor: default }
input[type="text"] {
  border: 1px solid var(--craftec-field-line);
  background: var(--craftec-surface);
  color: var(--craftec-ink);
  min-width: 0;
  width: 100%;
}
input::placeholder { color: var(--craftec-muted); opacity: 1 }
input.link { font: 13px/1.5 ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", monospace; text-overflow: ellipsis }
.retrieve { display: grid; gap: 6px }
.retrieve label { font-size: 13px; font-weight: 600 }
.with-button, .share { display: grid; grid-template-columns: 1fr auto; gap: 8px }
.problem { color: var(--craftec-bad); font-size: 13px }
.row { border: 1px solid var(--craftec-line); border-radius: 10px; padding: 14px; display: grid; gap: 10px; min-width: 0 }
.head { display: flex; justify-content: space-between; gap: 12px; align-items: baseline }
.name { min-width: 0; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.size { color: var(--craftec-muted); font-size: 13px; white-space: nowrap; font-variant-numeric: tabular-nums }
.row[data-status="failed"] > .detail { color: var(--craftec-bad) }
.row[data-status="paused"] > .detail { color: var(--craftec-warn) }
.row[data-status="paused"] progress { accent-color: var(--craftec-warn) }
progress { width: 100%; height: 8px; accent-color: var(--craftec-accent) }
.actions { display: flex; flex-wrap: wrap; gap: 8px; min-width: 0 }
.body { display: grid; gap: 10px; min-width: 0 }
.body:empty { display: none }
.health { display: flex; align-items: center; gap: 12px }
.health-picture { display: block; flex: none; overflow: visible }
.tie { stroke: var(--craftec-line); stroke-width: 1.5 }
.peer { fill: var(--craftec-accent) }
.self { fill: var(--craftec-ink) }
.track, .ring, .alone { fill: none; stroke-width: 3 }
.track { stroke: var(--craftec-line); fill: var(--craftec-surface) }
.ring { stroke: var(--craftec-accent) }
.alone { stroke: var(--craftec-field-line); stroke-width: 1.5; stroke-dasharray: 2 4 }
.peer.sent { fill: var(--craftec-surface); stroke: var(--craftec-accent); stroke-width: 2 }
.peer.failed { fill: var(--craftec-bad) }
.cross { stroke: var(--craftec-surface); stroke-width: 1.5 }
.peer.absent { fill: var(--craftec-surface); stroke: var(--craftec-field-line); stroke-width: 1.5; stroke-dasharray: 2 2 }
.tie.failed, .tie.absent { stroke-dasharray: 2 3 }
.health-text { display: grid; gap: 6px; justify-items: start; min-width: 0 }
.check { min-height: 30px; padding: 2px 10px; font-size: 13px }
[aria-disabled="true"] { opacity: .7; cursor: default }
.danger { border-color: var(--craftec-bad); color: var(--craftec-bad) }
.preview { max-width: 100%; max-height: 420px; border-radius: 8px; display: block; background: var(--craftec-raised) }
.preview.video, .preview.audio { width: 100% }
.quota { display: grid; gap: 4px }
.quota .head span:last-child { white-space: nowrap }
.quota .head { font-size: 13px; color: var(--craftec-muted) }
meter { width: 100%; height: 8px }
@container (max-width: 430px) {
  .with-button, .share { grid-template-columns: 1fr }
  .actions button, .actions .button { flex: 1; text-align: center }
}
@media (pointer: coarse) { button, .button, .check, input { min-height: 44px } .button { align-content: center } }
@media (prefers-reduced-motion: no-preference) {
  .ring { transition: stroke-dasharray .3s }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; animation: none !important } }
@media (forced-colors: active) { .panel, .row, button, .button { border-color: CanvasText } }
`
