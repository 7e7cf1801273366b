// What an item says: shown field by field, corrected in place with its history, and as it first came.
import { ask } from "./desk_server.js";
import { change, current, isMine, keepTyped, part, placeFaults, reread, sentTyped, typedIn } from "./desk_item.js";
import { keepWords } from "./kept_words.js";
import { $, button, lang, make, role, told, w, when } from "./desk_parts.js";

const { openers } = JSON.parse(document.body.dataset.item);
const CONFLICT = 409;
const FOLDED = 500; // characters of a text that is shown whole
const LONG = ["content"]; // more than one line
const why = keepWords($("item-sealed"), () => current() && `unseal:${current().number}`);

const labelOf = (id) => document.querySelector(`label[for="d-${id}"]`)?.textContent || w(`said.${id}`).replace("said.", "");
const yes = (consent) => (consent === null ? "" : w(consent ? "yes" : "no"));
const named = (kind, id) => id && w(`${kind}.${id}`).replace(`${kind}.`, "");

// What a field says, as it is shown.
const textOf = (name) => (name === "content" ? current().content : fieldsOf(current()).find(([id]) => id === name)[1]);

// Each field: what it is called in the API, what is shown, what is edited.
function fieldsOf(one) {
  const { person, respondent } = one;
  return [
    ["name", one.anonymous ? w("anonymous") : person.name, person.name],
    ["phone", person.phone, person.phone],
    ["email", person.email, person.email],
    ["address", person.address, person.address],
    ["respondent_name", respondent.name, respondent.name],
    ["respondent_phone", respondent.phone, respondent.phone],
    ["respondent_address", respondent.address, respondent.address],
    ["claims", one.claims.map((id) => named("claim", id)).join("、"), one.claims],
    ["amount", one.amount === null ? "" : String(one.amount), one.amount ?? ""],
    ["occurred_on", one.occurred_on || "", one.occurred_on || ""],
    ["county", named("county", one.county), one.county],
    ["subject", named("category", one.subject), one.subject],
    ["problem", named("category", one.problem), one.problem],
    ["publish_consent", yes(one.publish_consent), one.publish_consent],
    ["mediation_consent", yes(one.mediation_consent), one.mediation_consent],
  ];
}

const PERSONAL = ["name", "phone", "email", "address"];
const OPEN_STATES = ["received", "in_work", "waiting", "accepted", "not_accepted", "handed_over", "answered"];
const mayCorrect = (one) => isMine() && one.kind !== "unsorted" && OPEN_STATES.includes(one.state);

part((one, another) => {
  if (!document.querySelector("#item-fields .corrected") || another) showFields(one);
  showContent(one, mayCorrect(one), another);
  $("item-sealed").hidden = !one.withheld;
  $("unseal").hidden = $("unseal-why").hidden = $("unseal-label").hidden = !openers.includes(role);
  if (!another) return;
  $("unsealed").textContent = $("unseal-why").value = "";
  why.restore();
  $("item-revisions").replaceChildren();
  $("item-arrival").hidden = true;
});

// Empty ones too while they may be filled in; of a reporter none, since nobody corrects what he cannot see.
function showFields(one) {
  const may = mayCorrect(one);
  const sealed = (name) => one.withheld && PERSONAL.includes(name);
  const rows = fieldsOf(one).filter(([name, text]) => text || one.declined.includes(name) || (may && !sealed(name)));
  $("item-fields").replaceChildren(...rows.map(([name, text, value]) => factRow(one, name, text, value, may)), ...one.due.map(dueRow));
}

function factRow(one, name, text, value, may) {
  const row = make("div");
  const declined = !text && one.declined.includes(name);
  const said = make("dd", declined ? w("declined") : text || "—", text ? "" : "soft");
  if (may) said.append(" ", pencil(name, () => correct(said, name, value)));
  row.append(make("dt", labelOf(name)), said);
  if (may && begun(name)) correct(said, name, value, false);
  return row;
}

function dueRow(due) {
  const row = make("div");
  row.append(make("dt", w("due")), make("dd", [due.on, due.provisional && w("provisional"), w(`clock.${due.clock}`), due.basis].filter(Boolean).join(" ")));
  return row;
}

function pencil(name, does) {
  const made = button("✎", does, "plain");
  made.ariaLabel = `${w("correct")} ${labelOf(name)}`;
  return made;
}

function showContent(one, may, another) {
  if (!another && $("item-content").querySelector("form")) return;
  $("item-content").textContent = one.content;
  const long = one.content.length > FOLDED || one.content.split("\n").length > 12;
  if (another) $("item-content").classList.toggle("folded", long);
  $("unfold").hidden = !$("item-content").classList.contains("folded");
  $("content-edit")?.remove();
  if (!may) return;
  const edit = pencil("content", () => correct($("item-content"), "content", one.content));
  edit.id = "content-edit";
  $("content-name").append(" ", edit);
  if (begun("content")) correct($("item-content"), "content", one.content, false);
}
$("unfold").addEventListener("click", () => {
  $("item-content").classList.remove("folded");
  $("unfold").hidden = true;
});

// ------------------------------------------------------------ correcting

function editorOf(name, value) {
  if (name === "claims") return claimsOf(value);
  const model = document.getElementById(`d-${name}`);
  const field = model ? model.cloneNode(true) : make(name.endsWith("consent") ? "select" : "input");
  if (name.endsWith("consent")) field.replaceChildren(...[["", "—"], ["true", w("yes")], ["false", w("no")]].map(([v, text]) => Object.assign(make("option", text), { value: v })));
  Object.assign(field, { id: `e-${name}`, value: value ?? "" });
  if (LONG.includes(name)) field.rows = 8;
  return field;
}

function claimsOf(value) {
  const group = make("div");
  group.id = "e-claims";
  for (const box of document.querySelectorAll("#draft [name=claims]")) {
    const label = make("label", "", "check");
    label.append(Object.assign(make("input"), { type: "checkbox", value: box.value, checked: value.includes(box.value) }), box.parentElement.textContent.trim());
    group.append(label);
  }
  return group;
}

const begun = (name) => typedIn({ id: `e-${name}`, dataset: {} }); // before a reload, and not saved

function correct(place, name, value, focus = true) {
  if (place.querySelector("form")) return place.querySelector("form input, form textarea, form select").focus();
  const form = make("form", "", "corrected");
  const field = editorOf(name, value);
  const fault = Object.assign(make("p", "", "fault"), { id: `fault-e-${name}` });
  field.setAttribute("aria-describedby", fault.id);
  field.setAttribute("aria-label", labelOf(name));
  const acts = make("div", "", "acts");
  acts.append(Object.assign(make("button", w("save"), "main"), { type: "submit" }), button(w("cancel"), done));
  form.append(field, fault, acts);
  form.noValidate = true;
  if (name !== "claims") {
    field.value = typedIn(field) || field.value;
    keepTyped(field);
  }
  const { number } = current();
  let known = textOf(name);
  // Somebody else has changed this field meanwhile: told once, and then what is typed here counts.
  function isAnother() {
    const said = textOf(name);
    if (said === known) return false;
    known = said;
    fault.textContent = w("changed_meanwhile", said || "—");
    return true;
  }
  function done() {
    sentTyped(field, number);
    if (current()?.number !== number) return;
    form.remove();
    showFields(current());
    showContent(current(), mayCorrect(current()), true);
  }
  // The form stays while the answer is awaited: other changes of the item do not show its fields anew under it.
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.ariaBusy === "true" || isAnother()) return;
    form.ariaBusy = "true";
    const { kind, content, version } = current();
    let refused = 0;
    const saved = await change(`queue/${number}/write-up`, { kind, content, version, ...given(name, field) }, (problem) => {
      refused = problem.status;
      fault.textContent = placeFaults(form, problem, { [name]: field }) || fault.textContent;
    });
    if (refused === CONFLICT && (await reread(number))) isAnother();
    form.ariaBusy = "false";
    if (!saved) return;
    $("item-revisions").replaceChildren();
    done();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    done();
  });
  if (place === $("item-content")) place.replaceChildren(form);
  else place.append(form);
  if (focus) field.focus();
  return undefined;
}

function given(name, field) {
  if (name === "claims") {
    const claims = [...field.querySelectorAll(":checked")].map((box) => box.value);
    return claims.length ? { claims } : { blank: ["claims"] };
  }
  const text = field.value.trim();
  if (!text && name !== "content") return { blank: [name] };
  if (name.endsWith("consent")) return { [name]: text === "true" };
  return { [name]: text };
}

// ------------------------------------------------------------ what it said before; who it is

$("item-sealed").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const who = await ask("GET", `queue/${current().number}/identity?${new URLSearchParams({ reason: $("unseal-why").value })}`);
    $("unsealed").textContent = [who.name, who.phone, who.email, who.address, who.id_type, who.id_number].filter(Boolean).join(" · ");
    $("unseal-why").value = "";
    why.sent();
  } catch (problem) {
    $("unsealed").textContent = told(problem);
  }
});

// Each look stands in the audit log.
$("show-revisions").addEventListener("click", () => looked("revisions", ({ items }) => $("item-revisions").replaceChildren(...(items.length ? items.map(revisionRow) : [make("li", w("no_revisions"))]))));
$("show-arrival").addEventListener("click", () =>
  looked("arrival", ({ fields }) => {
    $("item-arrival").hidden = false;
    $("item-arrival").replaceChildren(...fields.map(({ field, value, withheld }) => saidRow(field, withheld ? w("withheld") : value)));
  }),
);

async function looked(what, does) {
  const { number } = current();
  try {
    const found = await ask("GET", `queue/${number}/${what}`);
    if (current()?.number === number) does(found);
  } catch (problem) {
    $("item-fault").textContent = told(problem);
  }
}

function saidRow(field, value) {
  const row = make("div");
  row.append(make("dt", labelOf(field)), make("dd", valueOf(field, value)));
  return row;
}

// A value as the API keeps it, as people read it.
function valueOf(field, value) {
  if (field === "claims" && value) return JSON.parse(value).map((id) => named("claim", id)).join("、");
  if (["subject", "problem"].includes(field)) return named("category", value);
  if (field === "declined") return value.split(",").filter(Boolean).map(labelOf).join("、");
  if (value === "true" || value === "false") return w(value === "true" ? "yes" : "no");
  return field === "county" || field === "kind" ? named(field, value) : value;
}

function revisionRow(one) {
  const row = make("li", [when(one.at), one[`what_${lang}`], one.who].join(" · "));
  for (const { field, before, after, withheld } of one.fields) {
    const text = withheld ? w("withheld") : `${valueOf(field, before) || "—"} → ${valueOf(field, after) || "—"}`;
    row.append(make("div", `${labelOf(field)}: ${text}`, "soft"));
  }
  return row;
}
