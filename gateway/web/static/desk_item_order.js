// The order of an item at the desk: at which unit it is, by when, what happened, what the centre may do with it; and
// assigning the item from here.
import { ask, half } from "./desk_server.js";
import { readUnits, showAssign } from "./assign_form.js";
import { current, isMine, nameOf, part, show } from "./desk_item.js";
import { tell } from "./desk_now.js";
import { closePaper, openPaper, paperOf } from "./desk_item_paper.js";
import { keepWords } from "./kept_words.js";
import { $, button, lang, make, spaced, told, w, when } from "./desk_parts.js";
import { rowsOfReport } from "./report_files.js";

// Acts of the centre in the order of their buttons; what else stands in `possible` is done on other pages.
const ACTS = ["approve", "send_back", "decide_extension", "uphold", "urge", "supervise", "take_back", "cancel", "sign"];
const NEEDS = ["send_back", "uphold", "urge", "supervise", "cancel"]; // words
const AT_ONCE = ["approve", "sign"];
const ASSIGNABLE = ["received", "in_work", "accepted"];
let order = null; // the latest, whole
const words = keepWords($("order-act"), () => order && $("order-act").dataset.act && `order:${order.id}:${$("order-act").dataset.act}`);
let reading = 0;

const mayAssign = (one) => ASSIGNABLE.includes(one.state) && one.kind !== "unsorted" && (!one.holder || isMine());
const unitOf = (id) => (id === order?.unit ? order.unit_name : id);

part((one, another) => {
  if (another) {
    closeAssign();
    closeAct();
    closePaper();
    order = null;
    $("order").hidden = true;
  }
  $("assign-item").hidden = !mayAssign(one);
  if (!mayAssign(one)) closeAssign();
  read(one.number);
});

async function read(number) {
  const mine = ++reading;
  const page = await ask("GET", `queue/${number}/orders`).catch(() => null);
  const latest = page?.items.at(-1);
  const whole = latest ? await ask("GET", `orders/${latest.id}`).catch(() => null) : null;
  if (mine !== reading || current()?.number !== number) return;
  order = whole;
  $("order").hidden = !whole;
  if (whole) showOrder(whole, page.items.slice(0, -1));
  document.body.dataset.order = whole ? `${whole.id} ${whole.state}` : "none";
}

// ------------------------------------------------------------ what it says

function showOrder(whole, earlier) {
  $("order-state").textContent = w(`order.${whole.state}`);
  $("order-unit").textContent = whole.unit_name + (whole.bureau === whole.unit ? "" : `（${whole.bureau_name}）`);
  showDue(whole);
  $("order-marks").replaceChildren(...marksOf(whole).map((text) => make("span", text, "chip warn")));
  $("order-facts").replaceChildren(...rowsOf(factsOf(whole)));
  showReport(whole.reports.at(-1), whole.reports.length);
  showActs(whole);
  $("order-events").replaceChildren(...[...whole.events].reverse().map(eventRow));
  $("order-earlier-box").hidden = !earlier.length;
  $("order-earlier").replaceChildren(...earlier.map((one) => make("li", [one.unit_name, w(`order.${one.state}`), when(one.assigned_at)].join(" · "))));
}

function showDue(whole) {
  const [clock] = whole.clocks;
  $("order-due").hidden = !whole.due || ["closed", "cancelled"].includes(whole.state);
  $("order-due").textContent = [whole.late && w("overdue"), w("due"), whole.due].filter(Boolean).join(" ");
  $("order-due").dataset.level = whole.late ? "late" : "ok";
  $("order-trace").hidden = !clock?.trace.length;
  $("order-steps").replaceChildren(...(clock?.trace || []).map((step) => make("li", half(step))));
}

const marksOf = (one) => [
  one.urgency !== "general" && w(`urgency.${one.urgency}`), one.late_from_start && w("late_at_start"), one.ever_late && !one.late && !one.late_from_start && w("ever_late"),
  one.suspended && w("suspended"), one.firm && w("first_unit"), one.problem && w("problem_order"),
  one.disputed_on && w("disputed"),
].filter(Boolean);

const factsOf = (one) => [
  ["assigned_at", when(one.assigned_at)],
  ["legal_due", one.legal_due],
  ["signed_at", one.signed_at && when(one.signed_at)],
  ["note", one.note],
  ["copies", one.copies.map(unitOf).join("、")],
  ["asked_days", one.state === "extension_asked" && w("workdays", one.asked_days)],
  ["supervised", one.supervised_at && `${when(one.supervised_at)} ${w("due")} ${one.supervised_due}`],
];

function rowsOf(facts) {
  return facts.filter(([, text]) => text).map(([name, text]) => {
    const row = make("div");
    row.append(make("dt", w(`order_fact.${name}`)), make("dd", text));
    return row;
  });
}

function showReport(report, count) {
  $("order-report").hidden = !report;
  if (!report) return;
  const yuan = (amount) => (amount === null ? "" : `${amount} ${w("yuan")}`);
  $("order-report-facts").replaceChildren(...rowsOf([
    ["which", count > 1 && w("report_no", count)],
    ["result", w(`result.${report.result}`).replace("result.", "")],
    ["report_text", report.text],
    ["answer", report.answer],
    ["in_dispute", yuan(report.amount_in_dispute)],
    ["recovered", yuan(report.amount_recovered)],
    ["signed_by", [report.signed_by, when(report.at)].filter(Boolean).join(" · ")],
    ["on_paper", report.received_on && w("on_paper", report.received_on, nameOf(report.who))],
  ]));
  $("order-report-files").replaceChildren(...rowsOfReport(current(), report.files));
  $("order-report-files-box").hidden = !report.files.length;
}

function eventRow(event) {
  const row = make("li", event[`event_${lang}`]);
  if (event.text) row.append(make("div", event.text, "said"));
  row.append(make("small", [nameOf(event.who), when(event.at)].filter(Boolean).join(" · ")));
  return row;
}

// ------------------------------------------------------------ what may be done

function showActs(whole) {
  const acts = ACTS.filter((name) => whole.possible.includes(name.replace("_", "-")));
  $("order-acts").replaceChildren(...acts.map((name) => actButton(name)));
  const typed = whole.possible.includes("report"); // a unit that works on paper
  if (typed) $("order-acts").append(button(w("order_act.type_in"), () => openPaper(whole, () => showAgain(whole.number)), "main"));
  if (paperOf() !== null && !(typed && paperOf() === whole.id)) closePaper();
  if (!$("order-act").hidden && !acts.includes($("order-act").dataset.act)) closeAct();
}

function actButton(name) {
  const does = AT_ONCE.includes(name) ? () => act(name, name === "approve" ? { text: "" } : {}) : () => openAct(name);
  const made = button(w(`order_act.${name}`), does, name === "approve" ? "main" : "");
  made.dataset.act = name;
  return made;
}

function openAct(name) {
  $("order-act").dataset.act = name;
  $("order-act-name").textContent = w(`order_act.${name}`);
  $("order-on-box").hidden = name !== "supervise";
  $("order-word").value = $("order-on").value = "";
  $("order-word-name").textContent = w(NEEDS.includes(name) ? "order_word" : name === "decide_extension" ? "order_word.refusal" : "order_word.optional");
  showFaults(null);
  const choices = name === "decide_extension" ? [[w("grant"), { granted: true }, "main"], [w("refuse"), { granted: false }, ""]] : [[w(`order_act.${name}`), {}, "main"]];
  $("order-do").replaceChildren(...choices.map(([text, more, look]) => button(text, () => say(name, more), look)), button(w("cancel"), closeAct));
  $("order-act").hidden = false;
  words.restore();
  (name === "supervise" ? $("order-on") : $("order-word")).focus();
}

function closeAct() {
  $("order-act").hidden = true;
}

function say(name, more) {
  const text = $("order-word").value.trim();
  const faults = [];
  if (!text && (NEEDS.includes(name) || more.granted === false)) faults.push({ field: "text", [lang]: w("needed.reason") });
  if (name === "supervise" && !$("order-on").value) faults.push({ field: "due", [lang]: w("needed.day") });
  if (faults.length) return showFaults({ faults });
  const words = name === "cancel" ? { reason: text } : { text };
  return act(name, { ...words, ...more, ...(name === "supervise" && { due: $("order-on").value }) });
}

function showFaults(problem) {
  const places = { text: "fault-order-word", reason: "fault-order-word", due: "fault-order-on" };
  for (const id of Object.values(places)) $(id).textContent = "";
  const faults = problem?.faults || [];
  for (const fault of faults) if (places[fault.field]) $(places[fault.field]).textContent = fault[lang];
  const rest = faults.filter((fault) => !places[fault.field]);
  $("order-fault").textContent = !problem ? "" : rest.length ? told({ faults: rest }) : faults.length ? "" : problem.message;
}

async function act(name, body) {
  const { number } = current();
  try {
    await ask("POST", `orders/${order.id}/${name.replace("_", "-")}`, body);
    words.sent();
    closeAct();
    await showAgain(number);
  } catch (problem) {
    if ($("order-act").hidden) $("item-fault").textContent = told(problem);
    else showFaults(problem);
  }
}

async function showAgain(number) {
  const fresh = await ask("GET", `queue/${number}`);
  if (current()?.number === number) show(fresh);
  tell("changed");
}

$("order-act").addEventListener("submit", (event) => {
  event.preventDefault();
  $("order-do").querySelector("button").click();
});

// ------------------------------------------------------------ assigning

export async function openAssign() {
  const { number } = current();
  $("more-acts").open = false;
  try {
    const { item } = await ask("GET", `dispatch/${number}`);
    if (current()?.number !== number) return;
    $("assign-box").hidden = false;
    showAssign(item, (made, unit) => {
      closeAssign();
      $("item-fault").textContent = "";
      $("order-told").textContent = [w("done.assign", spaced(made.number), unit, made.due || ""), ...made.warnings.map((warning) => warning[lang])].join(" ");
      $("order-told").hidden = false;
      return showAgain(number);
    }, true);
    $("as-unit").focus();
  } catch (problem) {
    $("item-fault").textContent = told(problem);
  }
}

/** Closes the form; false when none was open. */
export function closeAssign() {
  const open = !$("assign-box").hidden;
  $("assign-box").hidden = true;
  return open;
}

/** By its key: only when it stands there to be pressed. */
export function pressAssign() {
  if (current() && !$("assign-item").hidden) openAssign();
}

part((one, another) => another && ($("order-told").hidden = true));
$("assign-item").addEventListener("click", openAssign);
$("as-not").addEventListener("click", closeAssign);
readUnits().catch(() => {}); // without units there is nothing to assign to
