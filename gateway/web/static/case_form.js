// The fields of a case (case_fields.html) in a form: what stands in them, and as the API takes it. No page here.
const TEXTS = ["name", "phone", "address", "respondent_name", "respondent_address", "respondent_phone", "county", "problem", "subject"];
const LISTS = ["claims", "declined"]; // boxes, of which several may be chosen

export function typed(form) {
  const said = Object.fromEntries([...new FormData(form)].filter(([name]) => !LISTS.includes(name)));
  for (const list of LISTS) said[list] = [...form.querySelectorAll(`[name=${list}]:checked`)].map((box) => box.value);
  return said;
}

export function put(form, said) {
  for (const [name, value] of Object.entries(said)) {
    const field = LISTS.includes(name) ? null : form.elements[name];
    if (!field) continue;
    if (field.type === "checkbox") field.checked = Boolean(value);
    else if (field.value !== value) field.value = value; // the caret stays where it is
  }
  for (const list of LISTS) for (const box of form.querySelectorAll(`[name=${list}]`)) box.checked = (said[list] || []).includes(box.value);
}

// What an item says, as `put` takes it and `typed` gives it back.
export function saidIn({ kind, content, person, respondent, county, occurred_on, amount, claims, subject, problem, declined }) {
  return {
    ...{ kind: kind === "unsorted" ? "" : kind, content, name: person.name, phone: person.phone, address: person.address },
    ...{ respondent_name: respondent.name, respondent_address: respondent.address, respondent_phone: respondent.phone },
    ...{ county, occurred_on: occurred_on || "", amount: amount === null ? "" : String(amount), claims, subject, problem, declined },
  };
}

const plain = (value) => JSON.stringify(Array.isArray(value) ? [...value].sort() : value ?? "");
const differ = (one, other) => plain(one) !== plain(other);
export const isChanged = (before, fresh) => Object.keys(fresh).some((name) => differ(before[name], fresh[name]));

// Somebody else has changed what the form began with: fields that were left alone here are renewed. Gives the names
// of those that say two things now.
export function renew(form, before, fresh) {
  const said = typed(form);
  const changed = Object.keys(fresh).filter((name) => differ(before[name], fresh[name]));
  const both = changed.filter((name) => differ(said[name], before[name]) && differ(said[name], fresh[name]));
  put(form, { ...said, ...Object.fromEntries(changed.filter((name) => !both.includes(name)).map((name) => [name, fresh[name]])) });
  return both;
}

// Each fault beside its field; `items[0].name` of a call is the field name.
export function markFaults(form, faults, lang) {
  for (const old of form.querySelectorAll(".fault.beside")) old.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const fault of faults || []) {
    const named = form.elements[fault.field.replace(/^items\[\d+\]\./, "")];
    const field = named instanceof RadioNodeList ? named[0].closest("[role=radiogroup]") : named;
    if (!(field instanceof HTMLElement)) continue;
    field.setAttribute("aria-invalid", "true");
    field.insertAdjacentElement("afterend", Object.assign(document.createElement("p"), { className: "fault beside", textContent: fault[lang] }));
  }
  const first = form.querySelector("[aria-invalid]");
  (first?.matches("[role=radiogroup]") ? first.querySelector("input") : first)?.focus();
}

// What stood there and was taken out is named: an API that merges would leave it as it is.
export function emptied(before, said) {
  const names = [...TEXTS, "occurred_on", "amount"].filter((name) => before[name] && !said[name]?.trim());
  if (before.claims?.length && !said.claims.length) names.push("claims");
  return names;
}

export function asItem(said) {
  const item = { kind: said.kind, content: (said.content || "").trim(), claims: said.kind === "complaint" ? said.claims : [] };
  for (const name of TEXTS) if (said[name]?.trim()) item[name] = said[name].trim();
  if (said.occurred_on) item.occurred_on = said.occurred_on;
  if (said.amount?.trim()) item.amount = said.amount.trim();
  const untold = (said.declined || []).filter((name) => !item[name]);
  if (untold.length) item.declined = untold;
  return item;
}
