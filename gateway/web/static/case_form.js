// The fields of a case (case_fields.html) in a form: what stands in them, and as the API takes it. No page here.
const TEXTS = ["name", "phone", "address", "respondent_name", "respondent_address", "respondent_phone", "county", "problem", "subject"];

export function typed(form) {
  const said = Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "claims"));
  said.claims = [...form.querySelectorAll("[name=claims]:checked")].map((box) => box.value);
  return said;
}

export function put(form, said) {
  for (const [name, value] of Object.entries(said)) {
    const field = name === "claims" ? null : form.elements[name];
    if (!field) continue;
    if (field.type === "checkbox") field.checked = Boolean(value);
    else if (field.value !== value) field.value = value; // the caret stays where it is
  }
  for (const box of form.querySelectorAll("[name=claims]")) box.checked = (said.claims || []).includes(box.value);
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
  if (said.amount?.trim()) item.amount = Number(said.amount);
  return item;
}
