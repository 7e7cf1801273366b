// What is being typed stays in this tab, so that a reload, a lost server or going back brings it again. It is
// gone when the form was taken, when a new one is begun, and when the tab is closed.

const KEY = "report";
const LEFT_OUT = ["work", "website", "kept", "lang"];

/** Fill in what was typed before this page was loaded again, and keep what is typed from now on. */
export function draft(form) {
  const again = /reload|back_forward/.test(performance.getEntriesByType("navigation")[0]?.type);
  if (again || /[?&](lang|view)=/.test(location.search)) restore(form);
  else forget();
  form.addEventListener("input", () => keep(form));
  form.addEventListener("change", () => keep(form));
}

export const forget = () => sessionStorage.removeItem(KEY);

function keep(form) {
  const said = [...new FormData(form)].filter(([name, text]) => typeof text === "string" && !LEFT_OUT.includes(name));
  sessionStorage.setItem(KEY, JSON.stringify(said));
}

function restore(form) {
  const said = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  if (!said) return;
  for (const field of form.querySelectorAll("input[type=radio], input[type=checkbox]:not([name=kept])")) {
    field.checked = said.some(([name, text]) => name === field.name && text === field.value);
  }
  for (const [name, text] of said) {
    const field = form.elements[name];
    if (field && "value" in field && !(field instanceof RadioNodeList) && !/^(radio|checkbox|file)$/.test(field.type)) field.value = text;
  }
}
