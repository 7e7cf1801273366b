// What every page of the house is made of: its words, its elements, its clock. Nothing of one page here.
export const $ = (id) => document.getElementById(id);
export const { agent, seat, role, lang } = document.body.dataset;
const words = JSON.parse(document.body.dataset.words);
export const w = (name, ...values) => values.reduce((text, value) => text.replace("%d", value), words[name] ?? name);
export const path = (id) => encodeURIComponent(id);
export const today = () => new Date().toLocaleDateString("sv");
export const when = (text) => new Date(text).toLocaleString(lang === "zh" ? "zh-CN" : "en", { dateStyle: "short", timeStyle: "short" });
export const spaced = (number) => number.replace(/(\d{6})(\d{5})(\d)/, "$1 $2 $3");

// Everything that came from outside is set as text, never as markup.
export function make(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

export function button(text, does, className = "") {
  const made = make("button", text, className);
  made.type = "button";
  made.addEventListener("click", does);
  return made;
}

// Asks once more before it does what is not undone lightly.
export function sure(text, does) {
  const made = button(text, () => {
    if (made.dataset.sure) return does();
    made.dataset.sure = "1";
    made.textContent = `${text}${w("sure")}`;
    return undefined;
  });
  made.addEventListener("blur", () => {
    delete made.dataset.sure;
    made.textContent = text;
  });
  return made;
}

export function alarm(text) {
  $("alarm").hidden = !text;
  $("alarm").textContent = text || "";
}

// What is wrong with what was sent: member by member, by the name that stands beside its field here.
export function told(problem) {
  if (!problem.faults?.length) return problem.message;
  const label = (field) => document.querySelector(`label[for="d-${CSS.escape(field)}"], label[for="${CSS.escape(field)}"]`)?.textContent || field;
  return problem.faults.map((one) => `${label(one.field)}: ${one[lang]}`).join("; ");
}

const setLook = (look) => (document.documentElement.dataset.look = look);
setLook(localStorage.getItem("look") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
$("look")?.addEventListener("click", () => {
  setLook(document.documentElement.dataset.look === "dark" ? "light" : "dark");
  localStorage.setItem("look", document.documentElement.dataset.look);
});
