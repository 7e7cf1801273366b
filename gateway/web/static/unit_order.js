// The order that is open on /unit: what it is about, its clocks, files and history. Acts and report are beside it.
import "./file_button.js";
import { ask } from "./desk_server.js";
import { keepWords } from "./kept_words.js";
import { fileRows, isSealed, sendFiles, showPicture, showSound } from "./file_rows.js";
import { $, button, lang, make, path, role, spaced, told, w, when } from "./desk_parts.js";
import { day, isOwed, left } from "./unit_clock.js";
import { rowsOfReport } from "./report_files.js";
import { showActs } from "./unit_acts.js";
import { showReport } from "./unit_report.js";

const { openers } = JSON.parse(document.body.dataset.facts);
const opener = openers.includes(role);
let order = null;
const why = keepWords($("item-sealed"), () => order && `unseal:${order.number}`);
let heard = () => {};

export const isOpen = (id) => order?.id === id;
export const current = () => order;
export const changed = (does) => (heard = does);

export function show(one) {
  const another = order?.id !== one.id;
  order = one;
  $("idle").hidden = true;
  $("whole").hidden = false;
  if (another) {
    $("done").hidden = true;
    $("unseal-why").value = $("sealed-why").value = $("unsealed").textContent = $("files-fault").textContent = "";
    why.restore();
    $("order").scrollTop = 0;
  }
  showHead();
  showNotices();
  showActs(one, another, did);
  showReport(one, another, did);
  showClocks();
  showItem();
  showFiles();
  showReports();
  $("events").replaceChildren(...[...one.events].reverse().map(eventOf));
  if (another) showEarlier();
  document.body.dataset.order = one.id;
  document.body.dataset.state = one.state;
}

// What an act gave back: the order as it is now, or null when it is the unit's no more.
function did(whole, words) {
  if (whole) show(whole);
  $("done").textContent = words;
  $("done").hidden = false;
  $("order").scrollTop = 0;
  $("order-name").focus();
  heard();
}

function showHead() {
  const clock = left(order);
  $("order-kind").textContent = w(`kind.${order.kind}`);
  $("order-urgency").hidden = order.urgency === "general";
  $("order-urgency").textContent = w(`urgency.${order.urgency}`);
  $("order-state").textContent = w(`order.${order.state}`);
  $("order-due").textContent = clock?.words ?? "";
  $("order-due").dataset.level = clock?.level ?? "";
  $("order-name").textContent = order.respondent_name || w("no_respondent");
  $("order-number").textContent = spaced(order.number);
  $("order-unit").textContent = order.unit_name;
  $("print").href = `/unit/orders/${path(order.id)}/print`;
}

// What whoever works on it has to know before anything else: what is missing, who urges, who supervises.
function showNotices() {
  const last = (event) => [...order.events].reverse().find((entry) => entry.event === event);
  const notice = (word, text, level) => make("p", `${w(word)}${text ? (lang === "zh" ? "：" : ": ") + text : ""}`, `notice ${level}`);
  const notices = [];
  if (order.copy_only) notices.push(notice("is_copy", order.unit_name, ""));
  if (order.state === "sent_back") notices.push(notice("was_sent_back", last("send_back")?.text, "bad"));
  if (isOwed(order) && order.supervised_due) notices.push(notice("is_supervised", `${last("supervise")?.text ?? ""}（${day(order.supervised_due)}）`, "bad"));
  if (isOwed(order) && order.urged_at) notices.push(notice("is_urged", last("urge")?.text, "warn"));
  if (order.state === "done_again") notices.push(notice("is_done_again", last("do_again")?.text, "warn"));
  if (order.disputed_on) notices.push(notice("is_disputed", "", "warn"));
  if (order.state === "extension_asked") notices.push(notice("extension_waits", String(order.asked_days), "warn"));
  if (order.note) notices.push(notice("note", order.note, ""));
  $("order-notices").replaceChildren(...notices);
}

function showClocks() {
  const rows = [];
  const signed = order.signed_at ? `${w("signed")} ${when(order.signed_at)} ✓` : isOwed(order) ? w("not_signed") : "";
  if (signed) rows.push(make("li", signed));
  for (const clock of order.clocks) rows.push(clockOf(clock));
  for (const entry of order.suspensions) rows.push(make("li", `${w("suspended")} ${day(entry.from)} — ${entry.on ? day(entry.on) : w("until_now")} · ${entry.reason}（${entry.paper}）`));
  $("clocks").replaceChildren(...rows);
}

function clockOf(clock) {
  const row = make("li");
  const name = clock.clock === "order" ? w("own_clock") : w(`clock.${clock.clock}`);
  const head = `${name} ${day(clock.on)}${clock.provisional ? w("provisional") : ""}`;
  if (!clock.trace?.length) row.append(head);
  else {
    const more = make("details");
    more.append(make("summary", head), ...clock.trace.map((step) => make("p", step, "soft small")));
    row.append(more);
  }
  return row;
}

function showItem() {
  const { item } = order;
  const { person, respondent } = item;
  const known = (kind, id) => id && w(`${kind}.${id}`).replace(`${kind}.`, "");
  const fields = [
    ["person", item.withheld ? w("withheld") : item.anonymous ? w("anonymous") : person.name],
    ["phone", person.phone],
    ["address", person.address],
    ["respondent", respondent.name],
    ["respondent_phone", respondent.phone],
    ["respondent_address", respondent.address],
    ["claims", item.claims.map((id) => known("claim", id)).join("、")],
    ["amount", item.amount === null ? "" : `${item.amount}`],
    ["occurred_on", item.occurred_on && day(item.occurred_on)],
    ["problem", [known("category", item.subject), known("category", item.problem)].filter(Boolean).join(" · ")],
    ["received", when(item.received_at)],
  ];
  $("item-content").textContent = item.content;
  $("item-fields").replaceChildren(...fields.filter(([, text]) => text).map(([name, text]) => fact(w(`field.${name}`), text, name.endsWith("phone"))));
  $("item-sealed").hidden = !item.withheld;
  $("unseal-box").hidden = !opener || order.copy_only;
}

function fact(name, text, phone) {
  const row = make("div");
  const said = make("dd", phone ? "" : text);
  if (phone) said.append(Object.assign(make("a", text), { href: `tel:${text.replace(/[^+\d]/g, "")}` }));
  row.append(make("dt", name), said);
  return row;
}

function showFiles() {
  const { item } = order;
  const reason = $("sealed-why").value.trim();
  const look = (source, name) => showPicture($("item-picture"), source, name);
  $("item-picture").hidden = $("item-sound").hidden = true;
  $("sealed-why-box").hidden = order.copy_only || !(opener && isSealed(item));
  $("item-files").replaceChildren(...fileRows(item, { opener: opener && !order.copy_only, reason, look }));
  $("files-empty").hidden = item.attachments.length > 0;
  $("add-files").hidden = order.copy_only;
  if (item.call_id && !order.copy_only && (opener || item.kind !== "report")) showSound($("peaks"), $("sound"), item.call_id, reason, () => ($("item-sound").hidden = order.item.call_id !== item.call_id));
}

function showReports() {
  $("reports-card").hidden = order.reports.length === 0;
  const last = order.reports.length;
  $("reports").replaceChildren(...[...order.reports].reverse().map((report, place) => reportOf(report, last - place)));
}

function reportOf(report, count) {
  const row = make("li");
  const result = w(`result.${order.kind}.${report.result}`).replace(`result.${order.kind}.`, "");
  const money = [["amount_in_dispute", report.amount_in_dispute], ["amount_recovered", report.amount_recovered]].filter(([, yuan]) => yuan !== null);
  row.append(make("strong", [w("report_no", count), result, ...money.map(([name, yuan]) => `${w(name)} ${yuan}`)].join(" · ")), make("p", report.text));
  if (report.answer) row.append(make("h4", w("answer")), make("p", report.answer));
  if (report.files.length) {
    const files = make("ul", "", "files");
    files.append(...rowsOfReport(order.item, report.files));
    row.append(make("h4", w("report_files")), files);
  }
  if (report.received_on) row.append(make("p", w("on_paper", day(report.received_on), report.who), "small"));
  row.append(make("small", [report.signed_by, report.at && when(report.at)].filter(Boolean).join(" · "), "soft"));
  return row;
}

const unitName = (id) => ({ [order.unit]: order.unit_name, [order.bureau]: order.bureau_name })[id] || id;

function eventOf(entry) {
  const row = make("li");
  row.append(make("strong", entry[`event_${lang}`]), make("small", [when(entry.at), entry.who === "system" ? w("by_system") : entry.who, unitName(entry.unit)].filter(Boolean).join(" · ")));
  if (entry.text) row.append(make("span", entry.text));
  return row;
}

async function showEarlier() {
  const { id } = order;
  const { items } = await ask("GET", `orders/${path(id)}/earlier`).catch(() => ({ items: [] }));
  if (order.id !== id) return;
  $("earlier-card").hidden = items.length === 0;
  $("earlier").replaceChildren(...items.map(earlierOf));
}

function earlierOf(one) {
  const row = make("li");
  const open = button(spaced(one.number), () => (location.hash = one.id), "plain");
  row.append(open, ` ${w(`kind.${one.kind}`)} · ${w(`order.${one.state}`)} · ${when(one.received_at)}`, make("div", one.summary, "soft small"));
  return row;
}

addEventListener("hashchange", async () => {
  const id = location.hash.slice(1);
  if (id && id !== order?.id) show(await ask("GET", `orders/${path(id)}`));
});
$("sealed-why").addEventListener("change", showFiles);
$("item-sealed").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const who = await ask("GET", `queue/${order.number}/identity?${new URLSearchParams({ reason: $("unseal-why").value })}`);
    $("unsealed").textContent = [who.name, who.phone, who.email, who.address].filter(Boolean).join(" · ");
    $("unseal-why").value = "";
    why.sent();
  } catch (problem) {
    $("unsealed").textContent = told(problem);
  }
});
$("new-files").addEventListener("change", async () => {
  const { id, number } = order;
  $("files-fault").textContent = "";
  try {
    await sendFiles(number, $("new-files").files);
    $("new-files").value = "";
    const whole = await ask("GET", `orders/${path(id)}`);
    if (isOpen(id)) show(whole);
  } catch (problem) {
    $("files-fault").textContent = told(problem);
  }
});
