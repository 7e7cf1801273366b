// What is being typed stays in this tab, so that a reload, a lost server or going back brings it again. It is
// gone when the form was taken, when a new report is begun, and when the tab is closed. What is added to a matter
// is kept under the matter's number, and comes back whenever that matter is opened again in this tab.

import { forget as forgetKept, store, stored } from "./kept_words.js";

const REPORT = "report";
const LEFT_OUT = ["work", "website", "kept", "lang"];
const keyOf = (form) => (form.dataset.adds ? `adds:${form.dataset.adds}` : REPORT);

/** Fill in what was typed before this page was loaded again, and keep what is typed from now on. */
export function draft(form) {
  if (comesAgain(form)) restore(form);
  else forget(keyOf(form));
  form.addEventListener("input", () => keep(form));
  form.addEventListener("change", () => keep(form));
}

function comesAgain(form) {
  if (form.dataset.adds) return form.dataset.taken === undefined;
  const again = /reload|back_forward/.test(performance.getEntriesByType("navigation")[0]?.type);
  return again || /[?&](lang|view)=/.test(location.search);
}

export const forget = (key = REPORT) => forgetKept(key);

function keep(form) {
  const said = [...new FormData(form)].filter(([name, text]) => typeof text === "string" && isKept(form, name));
  store(keyOf(form), said);
}

function isKept(form, name) {
  return !LEFT_OUT.includes(name) && !(form.dataset.adds && form.elements[name]?.type === "hidden");
}

function restore(form) {
  const said = stored(keyOf(form));
  if (!said) return;
  for (const field of form.querySelectorAll("input[type=radio], input[type=checkbox]:not([name=kept])")) {
    field.checked = said.some(([name, text]) => name === field.name && text === field.value);
  }
  for (const [name, text] of said) {
    const field = form.elements[name];
    if (field && "value" in field && !(field instanceof RadioNodeList) && !/^(radio|checkbox|file)$/.test(field.type)) field.value = text;
  }
}
