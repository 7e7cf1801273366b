// The form by which an item is assigned to a unit (assign_form.html): candidates with their reasons, the unit by its
// name, urgency, copies, a note, and by when the order would be due. A unit stands there only with a reason shown.
import { ask, half } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { $, button, lang, make, told, w } from "./desk_parts.js";

const LOOK_AFTER = 200; // milliseconds: so long what is typed is gathered before the clock is asked for
const nameOf = (unit) => (lang === "en" && unit.en) || unit.zh;
let units = []; // to which something may be assigned
let item = null; // { number, suggestion }
let copies = []; // units
let done = () => {};
let looking = 0;
const words = keepWords($("assign"), () => item && `assign:${item.number}`);
let planned = ""; // the unit for which it is shown by when the order is due

// ------------------------------------------------------------ units by name

const bureauOf = (unit) => units.find((other) => other.id === unit.parent);
/** A station with its bureau: names of stations are not unique. */
const labelOf = (unit) => (unit.kind === "station" && bureauOf(unit) ? `${nameOf(unit)}（${short(nameOf(bureauOf(unit)))}）` : nameOf(unit));
const short = (name) => name.replace("市场监督管理局", "").replace(" Market Regulation Bureau", "");

/** The unit that was meant: by label, id, or a part of the name that fits one alone, bureaus first. */
function unitOf(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return null;
  const exact = units.find((unit) => labelOf(unit).toLowerCase() === wanted || unit.id === wanted);
  if (exact) return exact;
  const fitting = units.filter((unit) => labelOf(unit).toLowerCase().includes(wanted));
  const bureaus = fitting.filter((unit) => unit.kind !== "station" && nameOf(unit).toLowerCase().startsWith(wanted));
  return fitting.length === 1 ? fitting[0] : bureaus.length === 1 ? bureaus[0] : null;
}

export async function readUnits() {
  const { items } = await ask("GET", "units");
  units = items.filter((unit) => unit.active && unit.kind !== "centre");
  $("as-units").replaceChildren(...units.map((unit) => Object.assign(make("option"), { value: labelOf(unit) })));
}

// ------------------------------------------------------------ the item

/** Shows an item; `whenDone(order, unit)` is called after it was assigned. What is typed stays while it is the same
 * item, unless it is to be shown `afresh`. */
export function showAssign(shown, whenDone, afresh = false) {
  const another = afresh || item?.number !== shown.number;
  item = shown;
  done = whenDone;
  if (!another) return;
  const { clear, candidates, ...doubt } = shown.suggestion;
  $("as-doubt").hidden = clear;
  $("as-doubt").textContent = lang === "zh" ? doubt.doubt : doubt.doubt_en;
  $("as-candidates").replaceChildren(...candidates.map(candidateRow));
  $("as-note").value = "";
  $("as-urgency").value = "general";
  copies = [];
  showCopies();
  placeFaults(null);
  choose(clear ? candidates[0].unit : "");
  words.restore();
}

function candidateRow(candidate, place) {
  const row = make("li");
  const label = make("label");
  const radio = Object.assign(make("input"), { type: "radio", name: "as-candidate", value: candidate.unit });
  radio.addEventListener("change", () => choose(candidate.unit));
  const unit = units.find((one) => one.id === candidate.unit);
  const name = make("strong", unit ? labelOf(unit) : candidate[lang]);
  label.append(radio, name, make("kbd", String(place + 1)));
  row.append(label, make("div", candidate.reasons.map((reason) => reason[lang]).join(lang === "zh" ? "；" : "; "), "soft small"));
  return row;
}

function choose(id) {
  const unit = units.find((one) => one.id === id);
  $("as-unit").value = unit ? labelOf(unit) : "";
  look();
}

/** By its place among the candidates, from 0. */
export function pick(place) {
  const row = $("as-candidates").children[place];
  row?.querySelector("input").click();
  return Boolean(row);
}

/** Does a unit stand there, with by when it would be due? */
export const isReady = () => planned !== "" && planned === unitOf($("as-unit").value)?.id;

// ------------------------------------------------------------ copies

function showCopies() {
  $("as-copies").replaceChildren(
    ...copies.map((unit) => {
      const row = make("li", `${labelOf(unit)} `);
      const away = button("✕", () => {
        copies = copies.filter((other) => other !== unit);
        showCopies();
        $("as-copy").focus();
      }, "plain");
      away.ariaLabel = `${w("no_copy")} ${labelOf(unit)}`;
      row.append(away);
      return row;
    }),
  );
}

function addCopy() {
  const text = $("as-copy").value;
  const unit = unitOf(text);
  $("fault-as-copies").textContent = text.trim() && !unit ? w("which_unit") : "";
  if (!unit) return !text.trim();
  if (!copies.includes(unit)) copies.push(unit);
  $("as-copy").value = "";
  showCopies();
  return true;
}

$("as-copy").addEventListener("change", addCopy);
$("as-copy").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !$("as-copy").value.trim()) return;
  event.preventDefault();
  addCopy();
});

// ------------------------------------------------------------ by when

function look() {
  clearTimeout(looking);
  const unit = unitOf($("as-unit").value);
  for (const radio of $("as-candidates").querySelectorAll("input")) radio.checked = radio.value === unit?.id;
  for (const id of ["as-clock", "as-steps", "as-warnings"]) $(id).replaceChildren();
  $("as-trace").hidden = true;
  planned = "";
  if (unit) looking = setTimeout(() => item && readClock(item.number, unit), LOOK_AFTER);
}

async function readClock(number, unit) {
  const asked = new URLSearchParams({ unit: unit.id, urgency: $("as-urgency").value });
  try {
    const { plan } = await ask("GET", `dispatch/${number}?${asked}`);
    if (item?.number === number && unitOf($("as-unit").value) === unit) showClock(plan);
  } catch (problem) {
    if (item?.number === number) $("as-clock").textContent = told(problem);
  }
}

function showClock(plan) {
  const due = make("strong", `${w("due")} ${plan.due}`, plan.late ? "late" : "");
  $("as-clock").replaceChildren(due);
  if (plan.legal_due) $("as-clock").append(make("span", ` · ${w("legal_due")} ${plan.legal_due}`, "soft"));
  if (plan.late) $("as-clock").append(" · ", make("span", w("late_at_start"), "late"));
  if (plan.provisional) $("as-clock").append(make("span", ` ${w("provisional")}`, "soft"));
  $("as-steps").replaceChildren(...plan.trace.map((step) => make("li", half(step))));
  $("as-trace").hidden = !plan.trace.length;
  $("as-warnings").replaceChildren(...plan.warnings.map((warning) => make("li", warning[lang], "notice bad")));
  planned = plan.unit;
  document.body.dataset.planned = `${item.number} ${planned}`;
}

$("as-unit").addEventListener("input", look);
$("as-urgency").addEventListener("change", look);

// ------------------------------------------------------------ assigning

function placeFaults(problem) {
  const places = { unit: "as-unit", urgency: "as-urgency", copies: "as-copies", note: "as-note" };
  for (const id of Object.values(places)) $(`fault-${id}`).textContent = "";
  const rest = [];
  for (const fault of problem?.faults || []) {
    const id = places[fault.field.replace(/\[.*/, "")];
    if (id) $(`fault-${id}`).textContent = fault[lang];
    else rest.push(fault);
  }
  $("as-fault").textContent = !problem ? "" : rest.length ? told({ faults: rest }) : problem.faults?.length ? "" : problem.message;
}

/** Assigns it as it stands there; false when something is missing or refused. */
export async function assign() {
  const unit = unitOf($("as-unit").value);
  placeFaults(null);
  if (!unit) {
    $("fault-as-unit").textContent = w($("as-unit").value.trim() ? "which_unit" : "no_unit");
    $("as-unit").focus();
    return false;
  }
  if ($("as-do").disabled || !addCopy()) return false;
  const { number } = item;
  const whenDone = done;
  $("as-do").disabled = true;
  try {
    const order = await ask("POST", `queue/${number}/assign`, { unit: unit.id, note: $("as-note").value.trim(), urgency: $("as-urgency").value, copies: copies.map((copy) => copy.id) });
    words.sent();
    item = null;
    await whenDone(order, labelOf(unit));
    return true;
  } catch (problem) {
    placeFaults(problem);
    return false;
  } finally {
    $("as-do").disabled = false;
  }
}

$("assign").addEventListener("submit", (event) => {
  event.preventDefault();
  assign();
});
