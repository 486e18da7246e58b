"use strict";
// Cells of a row, as ecgcli/reports/worklist.py writes them.
const KIND = 0, NAME = 1, ID = 2, AGE = 3, SEX = 4, ACQUIRED = 5, FINDING = 6, REMEDY = 7,
  NUMBERS = 8, THUMBNAIL = 9, PATH = 10, OUTPUT = 11, FORMATS = 12, LOG = 13, IN_PART = 14;
const KINDS = ["critical", "urgent", "abnormal", "not interpreted", "borderline", "normal", "not an ECG"];
const NAMES = { h: ["Report", ".html"], p: ["PDF", ".pdf"], j: ["JSON", ".json"] };
const SEXES = { f: "female", m: "male" };
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LEVEL = new Map([...ALPHABET].map((char, level) => [char, 63 - level]));
const PAGE = 100;

const at = (id) => document.getElementById(id);
const rows = JSON.parse(at("rows").textContent);
const order = rows.map((_, i) => i).sort((a, b) => rows[a][KIND] - rows[b][KIND] || a - b);
const words = rows.map((r) => [r[NAME], r[ID], r[FINDING], r[PATH], r[ACQUIRED], r[LOG]].join("\n").toLowerCase());
let kind = -1, page = 0, found = order;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function drawing(code) {
  const [lead, points] = code.split(":");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 -2 139 68");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "Lead " + lead);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M" + [...points].map((char, x) => x + " " + LEVEL.get(char)).join("L"));
  const title = document.createElementNS("http://www.w3.org/2000/svg", "title");
  title.textContent = "Lead " + lead;
  svg.append(title, path);
  return svg;
}

function line(r) {
  const tr = document.createElement("tr");
  const urgency = element("td");
  urgency.append(element("span", KINDS[r[KIND]], "badge k" + r[KIND]));
  const patient = element("td");
  const facts = [r[ID], r[AGE] && (/^\d+$/.test(r[AGE]) ? r[AGE] + " y" : r[AGE]), SEXES[r[SEX]]].filter(Boolean).join(" · ");
  const name = element("bdi", r[NAME]);
  if (r[NAME]) patient.append(name);
  if (facts) patient.append(element(r[NAME] ? "small" : "span", facts));
  const finding = element("td");
  finding.append(element("b", r[FINDING]));
  if (r[REMEDY]) finding.append(element("small", r[REMEDY]));
  finding.append(element("small", r[PATH] + (r[IN_PART] ? " · usable in part" : "") + (r[LOG] ? " · log " + r[LOG] : "")));
  const numbers = r[NUMBERS].map((value) => element("td", value === null ? "–" : String(value), "n"));
  const strip = element("td");
  if (r[THUMBNAIL]) strip.append(drawing(r[THUMBNAIL]));
  const links = element("td", "", "links nowrap");
  for (const letter of r[FORMATS]) {
    const [text, ending] = NAMES[letter];
    const link = element("a", text);
    link.href = r[OUTPUT] + ending;
    links.append(link);
  }
  tr.append(urgency, patient, element("td", r[ACQUIRED], "nowrap"), finding, ...numbers, strip, links);
  return tr;
}

function show() {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  at("body").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((i) => line(rows[i])));
  at("where").textContent = found.length
    ? `${page * PAGE + 1}–${Math.min((page + 1) * PAGE, found.length)} of ${found.length}` : "";
  at("list").hidden = !found.length;
  at("empty").hidden = !!found.length;
  at("pages").hidden = pages < 2;
  at("back").disabled = page === 0;
  at("next").disabled = page === pages - 1;
}

function filter() {
  const wanted = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  found = order.filter((i) => (kind < 0 || rows[i][KIND] === kind) && wanted.every((word) => words[i].includes(word)));
  page = 0;
  show();
}

function chip(label, count, value) {
  const button = element("button", label, value < 0 ? "" : "k" + value);
  button.type = "button";
  button.append(element("b", String(count)));
  button.setAttribute("aria-pressed", String(value === kind));
  button.addEventListener("click", () => {
    kind = kind === value ? -1 : value;
    for (const [i, other] of [...at("kinds").children].entries()) {
      other.setAttribute("aria-pressed", String(chips[i] === kind));
    }
    filter();
  });
  return button;
}

const counts = KINDS.map(() => 0);
for (const r of rows) counts[r[KIND]]++;
const chips = [-1, ...KINDS.keys()].filter((value) => value < 0 || counts[value]);
at("kinds").append(...chips.map((value) => value < 0 ? chip("all", rows.length, -1) : chip(KINDS[value], counts[value], value)));
at("search").addEventListener("input", filter);
at("back").addEventListener("click", () => { page--; show(); window.scrollTo(0, 0); });
at("next").addEventListener("click", () => { page++; show(); window.scrollTo(0, 0); });
at("filter").hidden = false;
show();
