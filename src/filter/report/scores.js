// The scores: histograms with the thresholds of the stages, and the table of quantiles.
const plot = {width: 340, left: 44, right: 332, height: 110,
  row: 15, beyond: 10, letter: 6.6, dash: 7};

// Where a value lies. Bins are equally wide on paper, so that edges may also grow by factors.
function makeAxis({edges, below, above}) {
  const from = plot.left + (below > 0 ? plot.beyond + 3 : 0);
  const to = plot.right - (above > 0 ? plot.beyond + 3 : 0);
  const step = (to - from) / (edges.length - 1);
  const at = (value) => {  // beyond the bins: among the clips there
    if (value <= edges[0]) return value < edges[0] ? (plot.left + from) / 2 : from;
    if (value >= edges.at(-1)) return value > edges.at(-1) ? (to + plot.right) / 2 : to;
    const bin = edges.findIndex((edge) => edge > value) - 1;
    return from + step * (bin + (value - edges[bin]) / (edges[bin + 1] - edges[bin]));
  };
  return {from, step, at};
}

// One entry for each place where lines stand: stages with the same limit share it.
function thresholdGroups(score, axis) {
  const groups = new Map();
  for (const {stage, ...limits} of score.thresholds ?? []) {
    for (const bound of ["min", "max"].filter((name) => isNumber(limits[name]))) {
      const key = `${bound} ${limits[bound]}`;
      const x = axis.at(limits[bound]);
      if (!groups.has(key)) groups.set(key, {bound, value: limits[bound], x, stages: []});
      groups.get(key).stages.push(stage);
    }
  }
  return [...groups.values()].sort((a, b) => a.x - b.x);
}

function groupLabel({bound, value, stages}) {
  const names = stages.map((name) => shorten(name, 16)).join(", ");
  const limits = limitsText({[bound]: value});
  return `${stages.length > 2 ? `${stages.length} stages` : names} ${limits}`;
}

// Labels stand in as few rows above the bars as keep them apart; returns how many. They start at
// their lines, those near the right end there: from both sides inwards, no line crosses a label.
function placeLabels(groups) {
  const rows = [];
  const width = (group) => groupLabel(group).length * plot.letter;
  const [left, right] = [false, true].map((atEnd) =>
    groups.filter((group) => (group.x + width(group) > plot.width) === atEnd));
  for (const group of [...left, ...right.reverse()]) {
    group.anchor = right.includes(group) ? "end" : "start";
    const from = group.anchor === "end" ? group.x - width(group) : group.x;
    const free = rows.findIndex((row) =>
      row.every((other) => other.to < from || other.from > from + width(group)));
    group.row = free < 0 ? rows.push([]) - 1 : free;
    rows[group.row].push({from, to: from + width(group)});
  }
  return rows.length;
}

// Where several stages stand at one place, their dashes take turns.
function drawThreshold(group, order, top) {
  const {x, bound, value, stages: names, row} = group;
  const index = Math.max(0, stages.findIndex((stage) => stage.name === names[order]));
  const [from, to] = bound === "min" ? [plot.left, x] : [x, plot.right];
  const dashes = `${plot.dash} ${plot.dash * (names.length - 1)}`;
  const shade = draw("rect", {class: "shade", style: stageColour(index), x: from, y: top,
    width: to - from, height: plot.height, "fill-opacity": 0.6 / (stages.length + 2)});
  const line = draw("line", {class: "threshold", style: stageColour(index), x1: x, x2: x,
    y1: plot.row * (row + 1) - 2, y2: top + plot.height, "data-bound": bound, "data-value": value,
    "data-stage": names[order], "stroke-dasharray": dashes,
    "stroke-dashoffset": -plot.dash * order});
  return {shade, line};
}

const drawLabel = (group) => draw("text", {class: "label", x: group.x,
  y: plot.row * (group.row + 1) - 4, "text-anchor": group.anchor}, groupLabel(group));

function listBins({edges, counts, below, above}, {from, step}) {
  const width = plot.beyond;
  const bins = counts.map((count, i) => ({x: from + i * step, width: step, count, kind: "bin",
    name: `${valueText(edges[i])} to ${valueText(edges[i + 1])}`}));
  const outer = (x, count, name) => bins.push({x, width, count, name, kind: "bin beyond"});
  if (below > 0) outer(plot.left, below, `below ${valueText(edges[0])}`);
  if (above > 0) outer(plot.right - width, above, `above ${valueText(edges.at(-1))}`);
  return bins;
}

// The whole height of a bin answers the mouse: low bars are hard to hit.
function drawBin({x, width, count, name, kind}, top, height) {
  return draw("g", {}, draw("rect", {class: kind, x: x + 0.5, y: top + plot.height - height,
    width: Math.max(0.5, width - 1), height}),
  draw("rect", {class: "hit", x, y: top, width, height: plot.height},
    draw("title", {}, `${name}: ${clipsText(count)}`)));
}

// Round values where bins are equally wide, else some of the edges.
function tickValues(edges) {
  const [first, last] = [edges[0], edges.at(-1)];
  const step = (last - first) / (edges.length - 1);
  const even = edges.every((edge, i) => Math.abs(edge - first - i * step) < 0.01 * step);
  if (!even) return edges.filter((_, i) => i % Math.ceil(edges.length / 5) === 0);
  const rough = (last - first) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.99);
  const start = Math.ceil(first / round - 1e-6);
  const number = Math.floor(last / round + 1e-6) - start + 1;
  return Array.from({length: number}, (_, i) => (start + i) * round);
}

function drawAxes(edges, axis, highest, top) {
  const bottom = top + plot.height;
  const ticks = tickValues(edges).map((value) =>
    draw("text", {x: axis.at(value), y: bottom + 14, "text-anchor": "middle"}, valueText(value)));
  const side = (text, y) => draw("text", {x: plot.left - 6, y, "text-anchor": "end"}, text);
  const rule = (y) => draw("line", {class: "axis", x1: plot.left, x2: plot.right, y1: y, y2: y});
  return [rule(top), rule(bottom), side(countText(highest), top + 7), side("0", bottom), ticks];
}

function drawHistogram(score, logarithmic) {
  const axis = makeAxis(score.histogram);
  const groups = thresholdGroups(score, axis);
  const top = plot.row * placeLabels(groups) + 4;
  const bins = listBins(score.histogram, axis);
  const highest = bins.reduce((most, bin) => Math.max(most, bin.count), 1);
  const scale = logarithmic ? Math.log1p : (count) => count;
  const marks = groups.flatMap((group) => group.stages.map((_, i) => drawThreshold(group, i, top)));
  return draw("svg", {viewBox: `0 0 ${plot.width} ${top + plot.height + 20}`, role: "img",
    class: "histogram", "aria-label": `Histogram of ${score.name}. ` +
      [`Median ${valueText(score.quantiles?.["0.5"])}`, ...groups.map(groupLabel)].join("; ")},
  marks.map(({shade}) => shade), drawAxes(score.histogram.edges, axis, highest, top),
  bins.map((bin) => drawBin(bin, top, plot.height * scale(bin.count) / scale(highest))),
  marks.map(({line}) => line), groups.map(drawLabel));
}

function scoreCard(score, index) {
  const {edges} = score.histogram ?? {};
  const chart = (logarithmic) => (edges?.length > 1 && edges.at(-1) > edges[0]
    ? drawHistogram(score, logarithmic) : make("p", {class: "histogram"}, "No histogram."));
  const missing = score.missing > 0 ? ` Missing for ${clipsText(score.missing)}.` : "";
  const card = make("li", {class: "card", id: `score-${index}`},
    make("h3", {}, `${score.name} `, make("span", {class: "muted"}, score.unit ?? "")),
    make("p", {class: "note"}, (score.help ?? "") + missing), chart(false));
  card.redraw = (logarithmic) => card.lastChild.replaceWith(chart(logarithmic));
  return card;
}

function showScores() {
  const cards = scores.map(scoreCard);
  const redraw = (event) => cards.forEach((card) => card.redraw(event.target.checked));
  const box = make("input", {type: "checkbox", id: "logarithmic", change: redraw});
  if (scores.length) main.append(make("section", {id: "scores"},
    make("div", {class: "line"}, make("h2", {}, "Scores"),
      make("label", {class: "note"}, box, " logarithmic counts")),
    make("p", {class: "note"}, "Clips by score. A line is the threshold of the stage of its " +
      "colour, which rejects the shaded side. Open bars at the ends count all clips beyond."),
    make("ul", {class: "plots"}, cards)));
}

function compareCells(a, b, direction) {
  if (typeof a === "string") return direction * a.localeCompare(b);
  return isNumber(b) - isNumber(a) || direction * (a - b);  // missing ones last
}

function sortBy(column, header, rows) {
  const direction = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  for (const other of header.parentNode.children) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  rows.sort((a, b) => compareCells(a.cells[column], b.cells[column], direction));
  document.querySelector(".quantiles tbody").append(...rows.map((row) => row.element));
}

function quantileRow(score, index, keys) {
  const numbers = [...keys.map((key) => score.quantiles?.[key]), score.missing];
  const element = make("tr", {},
    make("th", {scope: "row"}, make("a", {href: `#score-${index}`}, score.name)),
    make("td", {class: "muted"}, score.unit ?? ""), numbers.map((x) => numberCell(valueText(x))));
  return {element, cells: [score.name, score.unit ?? "", ...numbers]};
}

function showQuantiles() {
  const keys = [...new Set(scores.flatMap((score) => Object.keys(score.quantiles ?? {})))]
    .sort((a, b) => Number(a) - Number(b));
  const rows = scores.map((score, index) => quantileRow(score, index, keys));
  const shares = keys.map((key) => `${valueText(100 * Number(key))}%`);
  const sorter = (name, column) => make("button", {type: "button",
    click: (event) => sortBy(column, event.target.parentNode, rows)}, name);
  const titles = ["Score", "Unit", ...shares, "Missing"].map((name, column) =>
    [sorter(name, column), column > 1 ? "number" : null]);
  if (scores.length) main.append(make("section", {id: "quantiles"}, make("h2", {}, "Quantiles"),
    make("p", {class: "note"}, "The share of clips at the head of a column scores at most this."),
    table("quantiles", titles, rows.map((row) => row.element))));
}
