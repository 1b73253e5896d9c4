// The page but for its scores: numbers as text, header, funnels, contact sheets, a clip's details.
// All scripts of the page are one when it is built; this is the first.
"use strict";
const report = JSON.parse(document.getElementById("report").textContent);
const stages = report.stages ?? [];
const scores = report.scores ?? [];
const [main, dialog] = [document.querySelector("main"), document.querySelector("dialog")];
const shownAtFirst = 12;  // clips of a sheet: full rows of 6, 4 and 2

// Names of files are strangers' text: they enter the page through append and setAttribute, which
// do not parse them.
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

const make = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
// The namespace comes from the blank drawing: written out, it would look like a web address.
function draw(tag, attributes = {}, ...children) {
  const namespace = document.getElementById("blank").namespaceURI;
  return fill(document.createElementNS(namespace, tag), attributes, children);
}

const stageColour = (index) => `--stage: var(--stage-${index % 6})`;
const isNumber = Number.isFinite;  // false for everything but numbers

// Always in English, as in the configuration that a reader compares the numbers to.
const countText = (value) => (isNumber(value) ? value.toLocaleString("en") : "–");
const clipsText = (value) => `${countText(value)} ${value === 1 ? "clip" : "clips"}`;

// At least so many digits as count; large whole numbers are not rounded to zeros.
function valueText(value, digits = 3) {
  if (!isNumber(value)) return "–";
  const size = Math.abs(value);
  if (size > 0 && (size < 1e-3 || size >= 1e9)) {
    return Number(value.toPrecision(digits)).toExponential().replace("e+", "e");
  }
  const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 0;
  return value.toLocaleString("en", {maximumSignificantDigits: Math.max(digits, whole)});
}

function hoursText(hours) {
  if (!isNumber(hours)) return "–";
  if (hours > 0 && hours * 60 < 1) return `${Math.round(hours * 3600)} s`;
  if (hours < 1) return `${Math.round(hours * 60)} min`;
  return `${hours.toLocaleString("en", {minimumFractionDigits: 1, maximumFractionDigits: 1})} h`;
}

function durationText({start_s, end_s}) {
  return isNumber(start_s) && isNumber(end_s) ? `${(end_s - start_s).toFixed(1)} s` : "–";
}

// Nothing of nothing is nothing.
const percent = (part, whole) => 100 * Math.min(1, (part ?? 0) / (whole || 1));
const percentText = (part, whole) => `${valueText(percent(part, whole))}%`;

// Both ends of a name tell: the folder, and the number of the shot.
function shorten(text, length) {
  const letters = Array.from(String(text));
  if (letters.length <= length) return letters.join("");
  const tail = Math.ceil(length * 0.55);
  return letters.slice(0, length - tail - 1).join("") + "…" + letters.slice(-tail).join("");
}

function limitsText({min, max} = {}) {
  const texts = [["≥", min], ["≤", max]].filter(([, value]) => isNumber(value));
  return texts.map(([sign, value]) => `${sign} ${valueText(value, 6)}`).join(", ");
}

function stageCard(stage, index) {
  const part = `${percentText(stage.kept, stage.examined)} of ${clipsText(stage.examined)}`;
  return make("li", {style: stageColour(index)}, make("a", {class: "card", href: `#stage-${index}`},
    make("span", {}, make("span", {class: "dot"}), `${stage.name} `,
      make("span", {class: "muted"}, "kept")),
    make("span", {class: "figure"}, countText(stage.kept),
      make("small", {class: "muted"}, stage.kept === 1 ? " clip" : " clips")),
    make("span", {class: "muted"}, `${hoursText(stage.kept_hours)} · ${part}`),
    bar(stage.kept, 0, stage.examined)));
}

function showHeader() {
  const {shots, hours, files, unusable_files} = report.totals ?? {};
  const totals = [["clips found", countText(shots)], ["of video", hoursText(hours)],
    ["files", countText(files)], ["unusable files", countText(unusable_files)]];
  const name = report.name || "Filter report";
  document.title = `${name}: filter report`;
  document.querySelector("header").append(
    make("p", {class: "note"}, ["Filter report", report.program].filter(Boolean).join(" · ")),
    make("h1", {}, name),
    make("dl", {class: "totals"}, totals.map(([title, text]) =>
      make("div", {}, make("dt", {class: "note"}, title), make("dd", {}, text)))),
    make("ul", {class: "stages", "aria-label": "Kept by each stage"}, stages.map(stageCard)));
}

function showNavigation() {
  const link = (id, ...content) => make("li", {}, make("a", {href: `#${id}`}, ...content));
  document.querySelector("nav").append(make("ul", {},
    report.unusable?.length ? link("unusable", "Unusable files") : null,
    stages.map((stage, index) => link(`stage-${index}`,
      make("span", {class: "dot", style: stageColour(index)}), shorten(stage.name, 24))),
    scores.length ? [link("scores", "Scores"), link("quantiles", "Quantiles")] : null));
}

// A table in a box that scrolls; headings are [text, class].
function table(kind, titles, rows) {
  const headings = titles.map(([text, kind]) => make("th", {scope: "col", class: kind}, text));
  return make("div", {class: "scroll"}, make("table", {class: kind},
    make("thead", {}, make("tr", {}, headings)), make("tbody", {}, rows)));
}

const numberCell = (text) => make("td", {class: "number"}, text);

function showUnusable() {
  const titles = [["Reason"], ["Files", "number"], ["For example"], ["What is wrong"], ["Remedy"]];
  const rows = (report.unusable ?? []).map((row) => make("tr", {},
    make("th", {scope: "row"}, row.reason ?? ""), numberCell(countText(row.count)),
    make("td", {}, make("bdi", {class: "id"}, row.example ?? "")),
    make("td", {}, row.detail ?? ""), make("td", {}, row.remedy ?? "")));
  if (rows.length) main.append(make("section", {id: "unusable"}, make("h2", {}, "Unusable files"),
    table("unusable", titles, rows)));
}

function bar(left, gone, examined) {
  const part = (kind, value) =>
    make("span", {class: kind, style: `width: ${percent(value, examined)}%`});
  return make("span", {class: "track", "aria-hidden": "true"},
    part("left", left), part("gone", gone));
}

function funnelRow(examined, row) {
  const title = limitsText(row) ? `${row.score} ${limitsText(row)}` : null;
  return make("tr", {}, make("th", {scope: "row", title}, row.criterion),
    make("td", {class: "bar"}, bar(row.left, row.rejected, examined)),
    [countText(row.left), hoursText(row.left_hours), countText(row.rejected),
      countText(row.failing)].map(numberCell));
}

function funnel(stage) {
  const hours = stage.examined === report.totals?.shots ? report.totals.hours : null;
  const start = {criterion: "all clips", left: stage.examined, left_hours: hours};
  const titles = [["Criterion"], ["Left after it", "bar"], ["Clips left", "number"],
    ["Length left", "number"], ["Rejected first", "number"], ["Fail it at all", "number"]];
  const rows = [start, ...(stage.funnel ?? [])].map((row) => funnelRow(stage.examined, row));
  return table("funnel", titles, rows);
}

function captionsNote(stage) {
  const texts = Object.entries(stage.captions ?? {}).map(([source, count]) =>
    `${source} ${countText(count)} (${percentText(count, stage.kept)})`).join(" · ");
  return texts ? make("p", {class: "note"}, `Captions of the kept clips: ${texts}`) : null;
}

// What to look at when nothing passed.
function strictestNote(stage) {
  const failing = (row) => row.failing ?? row.rejected ?? 0;
  const [worst] = [...(stage.funnel ?? [])].sort((a, b) => failing(b) - failing(a));
  if (stage.kept !== 0 || !worst) return null;
  return make("p", {}, "No clip was kept. The strictest criterion, ",
    make("strong", {}, worst.criterion),
    `, is failed by ${countText(failing(worst))} of ${clipsText(stage.examined)}.`);
}

function showStage(stage, index) {
  const weight = isNumber(stage.weight) ? `, weight ${valueText(stage.weight)}` : "";
  const kept = `${clipsText(stage.kept)} kept, ${hoursText(stage.kept_hours)}${weight}`;
  main.append(make("section", {id: `stage-${index}`, class: "stage", style: stageColour(index)},
    make("h2", {}, make("span", {class: "dot"}), `${stage.name} `,
      make("span", {class: "muted"}, kept)),
    make("p", {class: "note"}, "Criteria apply from top to bottom. The first that a clip fails " +
      "rejects it (hatched); the last column counts all that fail it."),
    strictestNote(stage), funnel(stage), captionsNote(stage),
    (stage.sheets ?? []).map((sheet) => contactSheet(stage, sheet))));
}

function picture(clip) {
  const safe = typeof clip.image === "string" && clip.image.startsWith("data:image/");
  if (!safe) return make("span", {class: "muted"}, "no picture");
  const alt = shorten(clip.caption || `Picture of ${clip.id}`, 160);
  return make("img", {src: clip.image, alt, decoding: "async"});
}

function clipCard(stage, clips, index) {
  const clip = clips[index];
  const failed = (clip.failed ?? []).map((name) => `${name} ${valueText(clip.scores?.[name])}`);
  const below = failed.length
    ? make("span", {}, make("strong", {}, failed[0]), failed.slice(1).map((text) => `, ${text}`))
    : make("span", {class: "muted"}, clip.caption || "no caption");
  return make("li", {}, make("button", {class: "clip", type: "button",
    title: [clip.id, ...failed].join("\n"), click: () => openDetails(stage, clips, index)},
  make("span", {class: "thumb"}, picture(clip),
    make("span", {class: "duration"}, durationText(clip))),
  below, make("bdi", {class: "id"}, shorten(clip.id, 25))));
}

function moreButton(stage, clips, list) {
  const showRest = (event) => {
    for (let i = shownAtFirst; i < clips.length; ++i) list.append(clipCard(stage, clips, i));
    event.target.remove();
    list.children[shownAtFirst].firstChild.focus({preventScroll: true});
  };
  return make("button", {class: "plain more", type: "button", click: showRest},
    `Show ${countText(clips.length - shownAtFirst)} more`);
}

function contactSheet(stage, sheet) {
  const clips = sheet.clips ?? [];
  const list = make("ul", {class: "clips"},
    clips.slice(0, shownAtFirst).map((_, index) => clipCard(stage, clips, index)));
  const count = sheet.count ?? clips.length;
  const sample = clips.length < count ? `, ${countText(clips.length)} of them here` : "";
  return make("div", {class: "sheet"},
    make("h3", {}, `${sheet.title} `, make("span", {class: "muted"}, clipsText(count) + sample)),
    list, clips.length > shownAtFirst ? moreButton(stage, clips, list) : null);
}

function scoreRow(stage, clip, name) {
  const score = scores.find((candidate) => candidate.name === name);
  const limits = score?.thresholds?.find((threshold) => threshold.stage === stage.name);
  const fails = clip.failed?.includes(name);
  return make("tr", {class: fails ? "fails" : null},
    make("th", {scope: "row", title: score?.help}, name),
    numberCell(valueText(clip.scores[name], 4)), make("td", {}, score?.unit ?? ""),
    make("td", {}, limitsText(limits), fails ? " (failed)" : ""));
}

function detailsHead(clips, index, show) {
  const step = (label, sign, to) => make("button", {class: "plain", type: "button",
    "aria-label": label, disabled: to in clips ? null : "", click: () => show(to)}, sign);
  return make("div", {class: "line"},
    make("h3", {id: "details-id"}, make("bdi", {class: "id"}, clips[index].id)),
    make("div", {class: "line"}, step("Previous clip", "←", index - 1),
      step("Next clip", "→", index + 1),
      make("button", {class: "plain", type: "button", click: () => dialog.close()}, "Close")));
}

function fillDetails(stage, clips, index) {
  const clip = clips[index];
  const show = (to) => { if (to in clips) fillDetails(stage, clips, to); };
  dialog.onkeydown = (event) => {
    if (event.key === "ArrowLeft") show(index - 1);
    if (event.key === "ArrowRight") show(index + 1);
  };
  const times = `, ${valueText(clip.start_s, 6)} s to ${valueText(clip.end_s, 6)} s`;
  const titles = [["Score"], ["Value", "number"], ["Unit"], [`Limits of ${stage.name}`]];
  const rows = Object.keys(clip.scores ?? {}).map((name) => scoreRow(stage, clip, name));
  dialog.replaceChildren(detailsHead(clips, index, show),
    make("div", {class: "thumb"}, picture(clip)),
    make("p", {class: "note"}, make("bdi", {class: "id"}, clip.file ?? ""), times),
    make("p", {}, clip.caption ?? ""), table("details", titles, rows));
  dialog.focus();  // so that keys still reach it when the button that was pressed is gone
}

function openDetails(stage, clips, index) {
  dialog.showModal();
  fillDetails(stage, clips, index);
}
