// Runs inside of a report page, after it: uses it as a reader would and writes what the browser
// shows as JSON into an element "probe". check_report_page.py adds it to a copy of the page.
"use strict";
const probeAll = (root, selector) => Array.from(root.querySelectorAll(selector));
const probeTexts = (root, selector) => probeAll(root, selector).map((element) => element.innerText);
const probeNumbers = (element, ...names) => names.map((name) => Number(element.getAttribute(name)));

function probeBox(element, relativeTo) {
  const [box, origin] = [element, relativeTo].map((one) => one.getBoundingClientRect());
  return {left: box.left - origin.left, top: box.top - origin.top, width: box.width,
    height: box.height, text: element.textContent};
}

function probeRow(row) {
  const track = row.querySelector(".track");
  const part = (kind) => (track ? probeBox(track.querySelector(kind), track) : null);
  return {texts: Array.from(row.cells, (cell) => cell.innerText.trim()),
    track: track ? probeBox(track, track).width : null, left: part(".left"), gone: part(".gone")};
}

function probeSheet(sheet) {
  return {title: sheet.querySelector("h3").innerText, clips: probeAll(sheet, ".clip").map((clip) => ({
    id: clip.title.split("\n")[0], text: clip.innerText,
    strong: clip.querySelector("strong")?.innerText ?? null,
    pictureWidth: clip.querySelector("img")?.naturalWidth ?? null,
    width: clip.getBoundingClientRect().width}))};
}

function probeStage(section) {
  return {heading: section.querySelector("h2").innerText, text: section.innerText,
    funnel: probeAll(section, ".funnel tbody tr").map(probeRow),
    sheets: probeAll(section, ".sheet").map(probeSheet)};
}

function probeHistogram(card) {
  const chart = card.querySelector("svg.histogram");
  if (!chart) return {name: card.querySelector("h3").innerText, drawn: false};
  return {
    name: card.querySelector("h3").innerText, drawn: true, label: chart.getAttribute("aria-label"),
    width: chart.getBoundingClientRect().width,
    bins: probeAll(chart, "g").filter((bin) => !bin.querySelector(".beyond")).map((bin) =>
      ({at: probeNumbers(bin.querySelector(".hit"), "x", "width"),
        height: Number(bin.querySelector(".bin").getAttribute("height"))})),
    beyond: probeAll(chart, ".beyond").length,
    lines: probeAll(chart, ".threshold").map((line) => ({...line.dataset, x: Number(line.getAttribute("x1"))})),
    shades: probeAll(chart, ".shade").map((shade) => probeNumbers(shade, "x", "width")),
    labels: probeTexts(chart, ".label").length, texts: probeAll(chart, "text").map((text) => probeBox(text, chart))};
}

function probeSorted(column) {
  const orders = [];
  for (let click = 0; click < 2; ++click) {
    document.querySelectorAll(".quantiles thead button")[column].click();
    orders.push(probeAll(document, ".quantiles tbody th").map((cell) => cell.innerText));
  }
  return orders;
}

function probeDetails() {
  const clip = document.querySelector(".clip");
  if (!clip) return null;
  clip.click();
  const dialog = document.querySelector("dialog");
  const details = {open: dialog.open, text: dialog.innerText, rows: probeAll(dialog, "tbody tr").map(probeRow),
    fails: probeAll(dialog, "tbody .fails").length};
  const press = (name) => dialog.querySelector(`[aria-label="${name}"]`).click();
  const type = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
  const steps = [() => {}, () => press("Next clip"), () => type("ArrowLeft"), () => press("Next clip"),
    () => press("Previous clip")];
  details.ids = steps.map((step) => { step(); return dialog.querySelector("h3").innerText; });
  probeAll(dialog, "button").find((button) => button.innerText === "Close").click();
  return {...details, closed: !dialog.open};
}

function probePage(height) {
  const addresses = probeAll(document, "[src], [href]").map((element) =>
    element.getAttribute("src") ?? element.getAttribute("href"));
  return {
    ready: document.documentElement.dataset.ready ?? null, errors: document.documentElement.dataset.errors ?? null,
    height, width: innerWidth, contentWidth: document.documentElement.scrollWidth, title: document.title,
    outside: addresses.filter((address) => !/^(data:image\/|#)/.test(address)),
    deadLinks: addresses.filter((address) => address.startsWith("#") && !document.getElementById(address.slice(1))),
    unnamedPictures: probeAll(document, "img:not([alt]), img[alt='']").length,
    totals: Object.fromEntries(probeAll(document, ".totals div").map((entry) =>
      [entry.querySelector("dt").innerText, entry.querySelector("dd").innerText])),
    cards: probeTexts(document, ".stages li"), unusable: probeAll(document, ".unusable tbody tr").map(probeRow),
    stages: probeAll(document, "section.stage").map(probeStage),
    histograms: probeAll(document, ".plots > li").map(probeHistogram),
    quantiles: probeAll(document, ".quantiles tbody tr").map(probeRow)};
}

function probe(height) {
  const page = {...probePage(height), details: probeDetails()};
  if (page.quantiles.length) page.sorted = probeSorted(2);
  document.getElementById("logarithmic")?.click();
  page.logarithmic = probeAll(document, ".plots > li").map(probeHistogram);
  const output = document.createElement("pre");
  output.id = "probe";
  output.textContent = JSON.stringify(page);
  document.body.append(output);
}

// Pictures that are asked for before the page has loaded delay that event: then all are there.
const probeHeight = document.documentElement.scrollHeight;
probeAll(document, ".more").forEach((button) => button.click());
window.addEventListener("load", () => probe(probeHeight));
