// The form as short steps: one part at a time, or in the large view one question at a time. The browser's back
// goes to the step before. The server reads each step when it is left; when it is away, one goes on all the same.

const ASKED_OF = { "complaint-only": ["complaint"], "report-only": ["report"], "not-question": ["complaint", "report"] };
const WHOLE = "whole"; // in sessionStorage: this reader wants all of it on one page
const PATIENCE = 4000; // milliseconds that the look at a step may take

/** Show the form in steps, unless its reader wants the whole or has faults to mend. */
export function stepwise(form) {
  const bar = form.querySelector(".stepper");
  if (!bar || document.getElementById("summary") || sessionStorage.getItem(WHOLE)) return;
  new Steps(form, bar).begin();
}

/** Is there a step to do before the form can be sent? Then it is done now. */
export const goesOn = (form) => steps.get(form)?.next() ?? false;

const steps = new WeakMap();
const kind = (form) => form.elements.kind.value;
const asked = (form, field) =>
  Object.entries(ASKED_OF).every(([name, kinds]) => !field.closest(`.${name}`) || kinds.includes(kind(form)));
const nameIn = (unit) => [...unit.querySelectorAll("[name]")].map((field) => field.name);

class Steps {
  #form;
  #bar;
  #sections;
  #large = document.documentElement.classList.contains("care");

  constructor(form, bar) {
    this.#form = form;
    this.#bar = bar;
    this.#sections = [...form.querySelectorAll(".step")];
    steps.set(form, this);
  }

  begin() {
    this.#bar.hidden = this.#form.querySelector(".turns").hidden = false;
    this.#bar.querySelector(".whole").addEventListener("click", () => this.#end());
    this.#form.querySelector(".turns .next").addEventListener("click", () => this.next());
    this.#form.querySelector(".turns .back").addEventListener("click", () => (location.hash = `#step-${this.#place() - 1}`));
    addEventListener("hashchange", this.#shown);
    if (!this.#place()) history.replaceState(null, "", `#step-${kind(this.#form) ? 2 : 1}`);
    this.#show(this.#place());
  }

  #shown = () => {
    const place = this.#place();
    if (place) this.#show(place, true);
  };

  #place = () => Number(/^#step-([0-9]{1,2})$/.exec(location.hash)?.[1] ?? 0);

  /** What is shown one after the other: parts, or in the large view their questions. */
  #units() {
    if (!this.#large) return this.#sections;
    const questions = this.#sections.flatMap((section) => {
      const fields = [...section.querySelectorAll(".field")].filter((field) => asked(this.#form, field));
      return section.matches(".check") ? [section] : fields;
    });
    return questions;
  }

  #show(place, focus = false) {
    const units = this.#units();
    const unit = units[Math.min(place, units.length) - 1];
    const last = unit === units.at(-1);
    for (const section of this.#sections) section.hidden = !section.contains(unit);
    if (this.#large) for (const field of this.#form.querySelectorAll(".step:not(.check) .field")) field.classList.toggle("away", field !== unit);
    if (last) this.#answers(units);
    const at = this.#bar.querySelector(".at");
    at.textContent = at.dataset.words.replace("{n}", units.indexOf(unit) + 1).replace("{of}", units.length);
    Object.assign(this.#bar.querySelector("progress"), { max: units.length, value: units.indexOf(unit) + 1 });
    this.#form.querySelector(".turns .next").hidden = last;
    this.#form.querySelector(".turns .back").hidden = unit === units[0];
    if (!focus) return;
    scrollTo(0, 0);
    (unit.closest(".step").querySelector("h2") ?? unit).focus({ preventScroll: true });
  }

  /** One step further; true when there was one. */
  next() {
    const units = this.#units();
    const place = Math.min(this.#place(), units.length);
    if (place >= units.length) return false;
    this.#leave(units[place - 1], place);
    return true;
  }

  async #leave(unit, place) {
    const names = new Set(nameIn(unit));
    const read = await look(this.#form);
    for (const [name, text] of Object.entries(read?.spelled ?? {})) {
      const field = this.#form.elements[name];
      if (names.has(name) && field instanceof HTMLInputElement && /^(text|tel|email)$/.test(field.type)) field.value = text;
    }
    const faults = Object.entries(read?.faults ?? {}).filter(([name]) => names.has(name));
    mark(this.#form, unit, faults);
    if (!faults.length) location.hash = `#step-${place + 1}`;
  }

  /** All that was filled in, to be looked over before it is sent. */
  #answers(units) {
    const list = this.#form.querySelector(".answers");
    const change = list.dataset.change;
    const rows = [];
    for (const field of this.#form.querySelectorAll(".step:not(.check) .field")) {
      const text = asked(this.#form, field) ? given(field) : "";
      if (!text) continue;
      const label = field.querySelector("legend, label:not(.way, .kind)") ?? field.querySelector("label");
      const words = [...label.childNodes].filter((node) => !node.classList?.contains("opt") && node.nodeName !== "INPUT");
      const name = words.map((node) => node.textContent).join("").trim();
      const place = units.findIndex((unit) => unit.contains(field)) + 1;
      rows.push(row(name, text, change, place));
    }
    list.replaceChildren(...rows);
  }

  /** All on one page from now on, in this tab. */
  #end() {
    sessionStorage.setItem(WHOLE, "1");
    steps.delete(this.#form);
    removeEventListener("hashchange", this.#shown);
    for (const section of this.#sections) section.hidden = false;
    for (const field of this.#form.querySelectorAll(".away")) field.classList.remove("away");
    this.#bar.hidden = this.#form.querySelector(".turns").hidden = true;
    this.#form.querySelector(".check").classList.add("plain");
    this.#form.querySelector("h2")?.focus();
  }
}

function row(name, text, change, place) {
  const box = document.createElement("div");
  const term = Object.assign(document.createElement("dt"), { textContent: name });
  const what = Object.assign(document.createElement("dd"), { textContent: `${text} ` });
  const link = Object.assign(document.createElement("a"), { href: `#step-${place}`, textContent: change });
  link.setAttribute("aria-label", `${change} ${name}`);
  what.append(link);
  box.append(term, what);
  return box;
}

/** What a field holds, in words. */
function given(field) {
  const chosen = [...field.querySelectorAll("input:checked")].map((box) => (box.closest("label").querySelector("strong") ?? box.closest("label")).textContent.trim());
  const typed = [...field.querySelectorAll("input:not([type=radio], [type=checkbox], [type=file], .picker), textarea")].map((one) => one.value.trim());
  const picked = [...field.querySelectorAll("select")].filter((one) => one.value).map((one) => one.selectedOptions[0].textContent);
  return [...chosen, ...typed, ...picked].filter(Boolean).join("、");
}

/** How the server reads the form: `{spelled, faults}`; null while it is away. */
async function look(form) {
  const fields = new URLSearchParams([...new FormData(form)].filter(([, text]) => typeof text === "string"));
  try {
    const answer = await fetch("/report/check", { method: "POST", body: fields, signal: AbortSignal.timeout(PATIENCE) });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** Each fault beside its field, and all of them above, where one goes to the field from. */
function mark(form, unit, faults) {
  for (const old of form.querySelectorAll(".here")) old.remove();
  for (const field of unit.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  const box = summary(form);
  for (const [name, text] of faults) {
    const field = document.getElementById(`f-${name}`);
    const told = Object.assign(document.createElement("p"), { className: "fault here", id: `f-${name}-fault`, textContent: `! ${text}` });
    if (field.matches("fieldset")) field.querySelector("legend").after(told);
    else (field.closest(".day") ?? field).before(told);
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${told.id} ${field.getAttribute("aria-describedby") ?? ""}`.trim());
    box.querySelector("ul").append(way(field, text));
  }
  if (!faults.length) return;
  form.querySelector(".stepper").after(box);
  box.focus();
}

function summary(form) {
  const box = Object.assign(document.createElement("section"), { className: "summary here", tabIndex: -1 });
  box.setAttribute("role", "alert");
  box.append(Object.assign(document.createElement("h2"), { textContent: form.querySelector(".stepper").dataset.faults }), document.createElement("ul"));
  return box;
}

function way(field, text) {
  const row = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: `#${field.id}`, textContent: text });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    (field.matches("fieldset") ? field.querySelector("input") : field).focus();
  });
  row.append(link);
  return row;
}
