// Shared by all pages for people who log in: words, elements, clock. Nothing of one page here.
import { forgetAll } from "./kept_words.js";

export const $ = (id) => document.getElementById(id);
export const { agent, seat, role, lang, zone } = document.body.dataset;
const words = JSON.parse(document.body.dataset.words);
export const w = (name, ...values) => values.reduce((text, value) => text.replace("%d", () => value), words[name] ?? name);
export const path = (id) => encodeURIComponent(id);
// Days and hours are the centre's, wherever the browser is; in one form on all pages: 2026-11-29 07:02.
export const dayOf = (moment) => new Date(moment).toLocaleDateString("sv", { timeZone: zone });
export const today = () => dayOf(Date.now());
export const when = (text, seconds = false) => new Date(text).toLocaleString("sv", { timeZone: zone, dateStyle: "short", timeStyle: seconds ? "medium" : "short" });
// How long it is since a time in milliseconds: 3:07, 1:02:07.
export const clock = (since) => {
  const all = Math.max(0, Math.floor((Date.now() - since) / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(all / 3600);
  return (hours ? `${hours}:${two(Math.floor(all / 60) % 60)}` : `${Math.floor(all / 60)}`) + `:${two(all % 60)}`;
};
// As the gateway masks numbers in lists: web/http/masks.py.
export const masked = (number = "") => number && `****${number.length > 7 ? number.slice(-4) : ""}`;
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
  const label = (field) => document.querySelector(`label[for="d-${CSS.escape(field)}"], label[for="${CSS.escape(field)}"]`)?.textContent;
  const plain = (field) => label(field.replace(/^items\[\d+\]\./, "")); // of several items of a call
  const [colon, comma] = lang === "zh" ? ["：", "；"] : [": ", "; "];
  return problem.faults.map((one) => [plain(one.field), one[lang]].filter(Boolean).join(colon)).join(comma);
}

const setLook = (look) => (document.documentElement.dataset.look = look);
const kept = localStorage.getItem("look");
if (kept) setLook(kept); // otherwise the screen's own wish holds: tokens.css
const isDark = () => (document.documentElement.dataset.look || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
$("look")?.addEventListener("click", () => {
  setLook(isDark() ? "light" : "dark");
  localStorage.setItem("look", document.documentElement.dataset.look);
});

for (const form of document.querySelectorAll('form[action="/desk/logout"]')) form.addEventListener("submit", forgetAll);

// An open menu closes by Esc, with the focus back on it, and by a click elsewhere.
const openMenu = () => document.querySelector("details.menu[open]");
document.addEventListener("keydown", (event) => {
  const menu = openMenu();
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.stopImmediatePropagation();
});
document.addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(target)) menu.open = false;
});
